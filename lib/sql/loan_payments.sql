-- loan_payments: transfers that are, or may be, payments for a loan
-- grain:   one row per transfer; numbered from 0
-- inputs:  loans, accounts, transfers, money_claims(claim, loan_id, flow_id), money_used(transfer_id): payouts
-- params:  none
--
-- Named: it names a loan, and is a repayment, interest or a fee by its kind, or of no stated kind and paid by the borrower or
-- by an account from which the ledger says that the loan was paid. What custody accounts pay goes to lenders and is none,
-- nor is what the lender pays without a kind: it may be the money that is lent, also where lender and borrower are one.
-- Unnamed: it names no loan and one of these accounts paid it. Reversals and what they undo have paid nobody.
with payers as (
    select loans.loan_id, accounts.account_id
    from loans
    inner join accounts on loans.borrower_id = accounts.holder_id
    union
    select loan_id, payer_account as account_id
    from repayments
    where payer_account is not null
),

custody as (
    select account_id
    from accounts
    where starts_with(purpose, 'custody_')
),

usable as (
    select
        *,
        coalesce(kind, 'other') in ('transfer', 'other') as unnamed_kind
    from transfers
    where
        transfers.at is not null
        and amount_yuan > 0
        and reversal_of is null
        and transfer_id not in (select transfer_id from money_used)
        and coalesce(payer_account, '') not in (select account_id from custody)
        and not exists (select 1 from transfers as other where other.reversal_of = transfers.transfer_id)
),

lines as (
    select transfer_id, unnest(flow_ids) as flow_id
    from usable
),

found as (
    select lines.transfer_id, 1 as rank
    from money_claims
    inner join lines on money_claims.flow_id = lines.flow_id
    union all
    select usable.transfer_id, 2 as rank
    from usable
    inner join loans on usable.loan_id = loans.loan_id
    left join payers on usable.loan_id = payers.loan_id and usable.payer_account = payers.account_id
    left join accounts on usable.payer_account = accounts.account_id
    where
        usable.kind in ('repayment', 'interest', 'fee')
        or (
            usable.unnamed_kind
            and payers.account_id is not null
            and coalesce(accounts.holder_id <> loans.lender_id, true)
        )
    union all
    select usable.transfer_id, 3 as rank
    from usable
    where
        usable.loan_id is null
        and (usable.kind = 'repayment' or usable.unnamed_kind)
        and usable.payer_account in (select account_id from payers)
),

best as (
    select transfer_id, min(rank) as rank
    from found
    group by transfer_id
)

select
    row_number() over (order by cast(usable.at as date), usable.transfer_id) - 1 as move,
    usable.transfer_id,
    usable.flow_ids,
    usable.loan_id,
    usable.payer_account,
    dense_rank() over (order by usable.payee_account) - 1 as payee,
    cast(usable.amount_yuan * 100 as bigint) as fen,
    cast(usable.at as date) as paid_on,
    usable.loan_id is not null and best.rank <= 2 as named
from usable
inner join best on usable.transfer_id = best.transfer_id
order by move
