-- client_payments: transfers into and out of the accounts of an institution and its circle, as what they are to its clients
-- grain:   one row per transfer and account of client_kept that it touches
-- inputs:  client_moves, client_kept(account_id, holder_id, is_custody), loans
-- params:  none
--
-- `what`: to an account that is paid, client_moves.came; to one that pays, client_moves.went. `has_contract`: the transfer is
-- tied to a loan of which the account's holder is borrower, lender or guarantor; of any loan of the case, on one of custody.
with sides as (
    select
        payee_account as account_id,
        true as comes,
        came as what,
        payer_account as other_account,
        payer_id as other_id,
        client_moves.*
    from client_moves
    union all
    select
        payer_account as account_id,
        false as comes,
        went as what,
        payee_account as other_account,
        payee_id as other_id,
        client_moves.*
    from client_moves
)

select
    sides.account_id,
    sides.transfer_id,
    sides.other_account,
    sides.other_id,
    sides.loan_id,
    sides.what,
    sides.kind,
    sides.amount_yuan,
    sides.comes,
    sides.loan_id is not null
    and (
        client_kept.is_custody
        or coalesce(client_kept.holder_id in (loans.borrower_id, loans.lender_id, loans.guarantor_id), false)
    ) as has_contract,
    sides.at
from sides
inner join client_kept on sides.account_id = client_kept.account_id
left join loans on sides.loan_id = loans.loan_id
order by sides.at, sides.transfer_id, sides.comes
