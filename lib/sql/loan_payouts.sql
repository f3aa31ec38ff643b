-- loan_payouts: transfers that may be the payout of a loan
-- grain:   one row per loan and transfer; how = contract_id for those that name the loan, else amount for those that fit it
-- inputs:  loans, accounts, transfers
-- params:  $tol_yuan decimal, difference of amounts that still fits · $days integer, days before and after the start
--
-- A transfer that names the loan is a payout by its kind, or, where no kind is stated, by its payee. One that fits goes to an
-- account of the borrower or the agreed account, names no loan, and is the principal or the principal less the upfront fee.
-- Where lender and borrower are one, what has no kind is a payout only if nothing is marked as one: it may be a return.
-- A payout that came back by a reversal paid nobody, and what undoes a transfer is no payout.
with payees as (
    select loan_id, disbursement_account as account_id
    from loans
    where disbursement_account is not null
    union
    select loans.loan_id, accounts.account_id
    from loans
    inner join accounts on loans.borrower_id = accounts.holder_id
),

payments as (
    select
        *,
        cast(transfers.at as date) as paid_on,
        coalesce(kind, 'other') in ('transfer', 'other') as unnamed_kind
    from transfers
    where
        transfers.at is not null
        and amount_yuan > 0
        and reversal_of is null
        and not exists (select 1 from transfers as other where other.reversal_of = transfers.transfer_id)
),

marked as (
    select loan_id
    from payments
    where kind = 'disbursement' and loan_id is not null
),

named as (
    select payments.loan_id, payments.transfer_id, 'contract_id' as how, payments.amount_yuan, payments.paid_on, 0 as days_apart
    from payments
    inner join loans on payments.loan_id = loans.loan_id
    left join payees on payments.loan_id = payees.loan_id and payments.payee_account = payees.account_id
    where
        payments.kind = 'disbursement'
        or (
            payments.unnamed_kind
            and payees.account_id is not null
            and not (coalesce(loans.borrower_id = loans.lender_id, false) and loans.loan_id in (select loan_id from marked))
        )
),

fitting as (
    select
        loans.loan_id,
        payments.transfer_id,
        'amount' as how,
        payments.amount_yuan,
        payments.paid_on,
        abs(payments.paid_on - coalesce(loans.started_on, loans.signed_on)) as days_apart
    from loans
    inner join payees on loans.loan_id = payees.loan_id
    inner join payments on payees.account_id = payments.payee_account
    where
        payments.loan_id is null
        and (payments.kind = 'disbursement' or payments.unnamed_kind)
        and abs(payments.paid_on - coalesce(loans.started_on, loans.signed_on)) <= $days
        and least(
            abs(payments.amount_yuan - loans.principal_yuan),
            abs(payments.amount_yuan - (loans.principal_yuan - coalesce(loans.upfront_fee_yuan, 0)))
        ) <= $tol_yuan
        and loans.loan_id not in (select loan_id from named)
)

select * from named
union all
select * from fitting
order by loan_id, paid_on, transfer_id
