-- grade_inputs: what institutions still owe and to how many, and how much of that is known
-- grain:   one row per institution asked, in the order of ids
-- inputs:  loans, repayments
-- params:  $ids list of institutions · $as_of date
--
-- What a contract is owed is its principal less the principal repaid; a repayment that does not state its principal part, or
-- its day, leaves it unknown. Where the platform delivered no repayments at all, every balance is unknown.
with asked as (
    select unnest(cast($ids as text[])) as institution_id
),

own as (
    select
        institution_id,
        loan_id,
        principal_yuan,
        nullif(lender_id, '') as lender_id
    from loans
    where
        institution_id in (select asked.institution_id from asked)
        and coalesce(started_on, signed_on, $as_of) <= $as_of
),

repaid as (
    select
        own.institution_id,
        repayments.loan_id,
        sum(repayments.principal_yuan) filter (where repayments.paid_on <= $as_of) as principal_yuan,
        bool_or(repayments.principal_yuan is null or repayments.paid_on is null) as unclear
    from repayments
    inner join own on repayments.loan_id = own.loan_id
    group by own.institution_id, repayments.loan_id
),

delivered as (
    select distinct institution_id
    from repaid
),

balances as (
    select
        own.institution_id,
        own.lender_id,
        greatest(own.principal_yuan - coalesce(repaid.principal_yuan, 0), 0) as owed_yuan,
        own.principal_yuan is not null and not coalesce(repaid.unclear, false) and delivered.institution_id is not null as known
    from own
    left join delivered on own.institution_id = delivered.institution_id
    left join repaid on own.institution_id = repaid.institution_id and own.loan_id = repaid.loan_id
)

select
    asked.institution_id,
    count(balances.institution_id) as loans,
    count(*) filter (where balances.known) as balances_known,
    cast(coalesce(sum(balances.owed_yuan) filter (where balances.known), 0) as decimal(38, 2)) as owed_yuan,
    count(balances.lender_id) as lenders_known,
    count(distinct balances.lender_id) as lenders
from asked
left join balances on asked.institution_id = balances.institution_id
group by asked.institution_id
order by asked.institution_id
