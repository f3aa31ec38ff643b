-- near_payouts: transfers near the start of loans that have no payout yet, whatever their amount
-- grain:   one row per loan and transfer
-- inputs:  loans, accounts, transfers, money_open_loans(loan_id), money_used(transfer_id): those that pay a loan already
-- params:  $days integer, days before and after the start
--
-- As in loan_payouts, but for the amount: the transfer goes to an account of the borrower or the agreed account, names no loan,
-- and is no reversal nor undone by one.
with open_loans as (
    select loans.loan_id, loans.borrower_id, loans.disbursement_account, coalesce(loans.started_on, loans.signed_on) as start_on
    from loans
    inner join money_open_loans on loans.loan_id = money_open_loans.loan_id
),

payees as (
    select loan_id, start_on, disbursement_account as account_id
    from open_loans
    where disbursement_account is not null
    union
    select open_loans.loan_id, open_loans.start_on, accounts.account_id
    from open_loans
    inner join accounts on open_loans.borrower_id = accounts.holder_id
),

free as (
    select
        transfer_id,
        payer_account,
        payee_account,
        amount_yuan,
        coalesce(kind, 'other') = 'disbursement' as is_disbursement,
        cast(transfers.at as date) as paid_on
    from transfers
    where
        transfers.at is not null
        and amount_yuan > 0
        and loan_id is null
        and coalesce(kind, 'other') in ('disbursement', 'transfer', 'other')
        and reversal_of is null
        and transfer_id not in (select transfer_id from money_used)
        and not exists (select 1 from transfers as other where other.reversal_of = transfers.transfer_id)
)

select
    payees.loan_id,
    free.transfer_id,
    free.payer_account,
    free.amount_yuan,
    free.is_disbursement,
    free.paid_on,
    abs(free.paid_on - payees.start_on) as days_apart
from payees
inner join free on payees.account_id = free.payee_account
where abs(free.paid_on - payees.start_on) <= $days
order by payees.loan_id, free.paid_on, free.transfer_id
