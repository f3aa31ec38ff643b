-- payouts_without_contract: payouts that belong to no loan contract
-- grain:   one row per transfer
-- inputs:  loans, accounts, transfers, money_used(transfer_id): those that pay a loan
-- params:  none
--
-- A payout by its kind; or, where no kind is stated, by a number that no contract bears and a payee who borrows.
-- Where no contract at all is held nothing can be without one.
with borrowing as (
    select accounts.account_id
    from accounts
    where accounts.holder_id in (select borrower_id from loans where borrower_id is not null)
    union
    select disbursement_account as account_id
    from loans
    where disbursement_account is not null
)

select
    transfers.transfer_id,
    transfers.loan_id,
    transfers.payer_account,
    transfers.payee_account,
    transfers.amount_yuan,
    cast(transfers.at as date) as paid_on
from transfers
where
    exists (select 1 from loans)
    and transfers.amount_yuan > 0
    and transfers.reversal_of is null
    and transfers.transfer_id not in (select transfer_id from money_used)
    and not exists (select 1 from transfers as other where other.reversal_of = transfers.transfer_id)
    and (
        transfers.kind = 'disbursement'
        or (
            coalesce(transfers.kind, 'other') in ('transfer', 'other')
            and transfers.loan_id not in (select loan_id from loans where loan_id is not null)
            and transfers.payee_account in (select account_id from borrowing)
        )
    )
order by paid_on, transfers.transfer_id
