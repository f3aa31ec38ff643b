-- client_moves: transfers as what they are to the clients of a case's institution: paid in by a lender, repaid, lent, ...
-- grain:   one row per transfer with a time and an amount, in order of time and then of the files
-- inputs:  client_roles, client_ties(transfer_id, loan_id, how: payout or payment), money_loans(case_id, loan_id), transfers,
--          loans, assignments
-- params:  none
--
-- A transfer is tied to a loan of the case that it names, or that `reconcile` or `instalments` found for it. `came`: what it is
-- to an account that is paid; `went`: to one that pays. What a reversal undid, and the reversal, are neither.
-- Where a loan states no lender (`many` lend), a known party that is nothing else to it and pays for it, or is paid, lends.
with ties as (
    select client_ties.*
    from client_ties
    where client_ties.loan_id in (select loan_id from money_loans)
),

tied as (
    select
        transfers.transfer_id,
        transfers.payer_account,
        transfers.payee_account,
        transfers.at as moved_at,
        transfers.amount_yuan,
        transfers.kind,
        transfers.file_order,
        coalesce(own.loan_id, ties.loan_id) as loan_id,
        coalesce(ties.how, '') as how
    from transfers
    left join ties on transfers.transfer_id = ties.transfer_id
    left join loans as own on transfers.loan_id = own.loan_id and own.loan_id in (select loan_id from money_loans)
    where
        transfers.at is not null
        and transfers.amount_yuan > 0
        and transfers.reversal_of is null
        and not exists (select 1 from transfers as other where other.reversal_of = transfers.transfer_id)
),

sales as (
    select tied.transfer_id
    from tied
    inner join client_roles on tied.payee_account = client_roles.account_id
    inner join assignments on tied.loan_id = assignments.loan_id and client_roles.holder_id = assignments.from_lender_id
    where
        abs(assignments.assigned_on - cast(tied.moved_at as date)) <= 7
        and coalesce(assignments.price_yuan, assignments.principal_yuan) = tied.amount_yuan
),

sided as (
    select
        tied.*,
        coalesce(payers.role, 'unknown') as payer_role,
        coalesce(payees.role, 'unknown') as payee_role,
        payers.holder_id as payer_id,
        payees.holder_id as payee_id,
        coalesce(tied.kind, 'other') as said,
        coalesce(payers.holder_id = loans.borrower_id, false) as by_borrower,
        coalesce(payees.holder_id = loans.borrower_id or tied.payee_account = loans.disbursement_account, false) as to_borrower,
        coalesce(payers.holder_id = loans.lender_id, false) as by_lender,
        coalesce(payees.holder_id = loans.lender_id, false) as to_lender,
        loans.loan_id is not null and loans.lender_id is null and coalesce(tied.kind, 'other') in ('transfer', 'other') as many,
        tied.transfer_id in (select transfer_id from sales) as is_sale
    from tied
    left join client_roles as payers on tied.payer_account = payers.account_id
    left join client_roles as payees on tied.payee_account = payees.account_id
    left join loans on tied.loan_id = loans.loan_id
)

select
    transfer_id,
    payer_account,
    payee_account,
    moved_at as "at",
    amount_yuan,
    cast(amount_yuan * 100 as bigint) as fen,
    said as kind,
    loan_id,
    how,
    payer_role,
    payee_role,
    payer_id,
    payee_id,
    case
        when payer_account is null or contains(payer_account, '*') then 'unknown'
        when loan_id is not null and by_lender and not by_borrower and said not in ('repayment', 'interest', 'fee')
            then 'lender'
        when payer_role in ('own', 'related') and not (loan_id is not null and by_borrower) then 'own'
        when loan_id is not null and by_borrower and not by_lender then 'borrower'
        when how = 'payment' and payer_role = 'guarantor' then 'other'
        when said in ('repayment', 'interest') and loan_id is not null and payer_role in ('guarantor', 'other', 'lender')
            then 'other'
        when said = 'repayment' and payer_role <> 'lender' then 'borrower'
        when how = 'payment' then 'borrower'
        when said = 'fee' and payer_role in ('lender', 'both') then 'other'
        when loan_id is not null and payer_role in ('lender', 'both', 'hub') then 'lender'
        when many and payer_role = 'other' then 'lender'
        when payer_role = 'lender' and said <> 'repayment' then 'lender'
        when payer_role = 'borrower' then 'borrower'
        when payer_role in ('other', 'guarantor') then 'other'
        when payer_role = 'hub' and said = 'interest' then 'other'
        else 'unknown'
    end as came,
    case
        when how = 'payout' or said = 'disbursement' then 'loan'
        when payee_account is null or contains(payee_account, '*') then 'unknown'
        when is_sale then 'sale'
        when said = 'refund' and payee_role in ('lender', 'both') then 'refund'
        when loan_id is not null and to_lender and said <> 'fee' then 'lender'
        when payee_role in ('own', 'related') then 'own'
        when loan_id is not null and to_borrower then 'other'
        when loan_id is not null and payee_role in ('lender', 'both', 'hub') and said <> 'fee' then 'lender'
        when payee_role = 'lender' and said <> 'fee' then 'lender'
        when many and payee_role = 'other' then 'lender'
        when payee_role in ('borrower', 'other', 'guarantor') then 'other'
        when payee_role = 'hub' and loan_id is null then 'other'
        else 'unknown'
    end as went
from sided
order by moved_at, file_order, transfer_id
