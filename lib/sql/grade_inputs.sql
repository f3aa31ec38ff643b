-- grade_inputs: what an institution still owes and to how many, and how much of that is known
-- grain:   one row
-- inputs:  loans, repayments
-- params:  $institution_id text · $as_of date
--
-- What a contract is owed is its principal less the principal repaid; a repayment that does not state its principal part, or
-- its day, leaves it unknown. Where the platform delivered no repayments at all, every balance is unknown.
with own as (
    select
        loan_id,
        principal_yuan,
        nullif(lender_id, '') as lender_id
    from loans
    where
        institution_id = $institution_id
        and coalesce(started_on, signed_on, $as_of) <= $as_of
),

repaid as (
    select
        repayments.loan_id,
        sum(repayments.principal_yuan) filter (where repayments.paid_on <= $as_of) as principal_yuan,
        bool_or(repayments.principal_yuan is null or repayments.paid_on is null) as unclear
    from repayments
    inner join own on repayments.loan_id = own.loan_id
    group by repayments.loan_id
),

delivered as (
    select count(*) > 0 as any_repayment
    from repaid
),

balances as (
    select
        own.lender_id,
        greatest(own.principal_yuan - coalesce(repaid.principal_yuan, 0), 0) as owed_yuan,
        own.principal_yuan is not null and not coalesce(repaid.unclear, false) and delivered.any_repayment as known
    from own
    cross join delivered
    left join repaid on own.loan_id = repaid.loan_id
)

select
    count(*) as loans,
    count(*) filter (where known) as balances_known,
    cast(coalesce(sum(owed_yuan) filter (where known), 0) as decimal(38, 2)) as owed_yuan,
    count(lender_id) as lenders_known,
    count(distinct lender_id) as lenders
from balances
