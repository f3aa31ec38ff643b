-- owed_days: the principal that is owed on each loan, from one change to the next
-- grain:   one row per loan and day on which what is owed on it changes
-- inputs:  loans, repayments
-- params:  none
--
-- What was repaid may be unknown: low_yuan takes as repaid the most that the records allow, high_yuan the least. A record
-- without its principal part may repay all of its amount that is not interest or fee; a record without a day, from the day
-- after the loan; where no repayment of the platform was delivered, every loan may have been repaid the day after.
with lent as (
    select
        loan_id,
        coalesce(institution_id, '') as institution_id,
        principal_yuan,
        coalesce(started_on, signed_on) as start_on
    from loans
    where principal_yuan is not null and coalesce(started_on, signed_on) is not null
),

heard as (
    select distinct coalesce(loans.institution_id, '') as institution_id
    from repayments
    inner join loans on repayments.loan_id = loans.loan_id
),

changes as (
    select
        loan_id,
        start_on as on_day,
        0 as least_yuan,
        0 as most_yuan
    from lent
    union all
    select
        lent.loan_id,
        greatest(repayments.paid_on, lent.start_on) as on_day,
        coalesce(repayments.principal_yuan, repayments.amount_yuan - repayments.interest_yuan - repayments.fee_yuan, 0)
            as least_yuan,
        0 as most_yuan
    from lent
    inner join repayments on lent.loan_id = repayments.loan_id
    where repayments.paid_on is not null
    union all
    select
        lent.loan_id,
        greatest(coalesce(repayments.paid_on, lent.start_on + 1), lent.start_on) as on_day,
        0 as least_yuan,
        coalesce(
            repayments.principal_yuan,
            repayments.amount_yuan - coalesce(repayments.interest_yuan, 0) - coalesce(repayments.fee_yuan, 0),
            lent.principal_yuan
        ) as most_yuan
    from lent
    inner join repayments on lent.loan_id = repayments.loan_id
    union all
    select
        lent.loan_id,
        lent.start_on + 1 as on_day,
        0 as least_yuan,
        lent.principal_yuan as most_yuan
    from lent
    left join heard on lent.institution_id = heard.institution_id
    where heard.institution_id is null
),

daily as (
    select
        loan_id,
        on_day,
        sum(least_yuan) as least_yuan,
        sum(most_yuan) as most_yuan
    from changes
    group by loan_id, on_day
)

select
    lent.loan_id,
    daily.on_day,
    cast(greatest(lent.principal_yuan - sum(daily.most_yuan) over so_far, 0) as decimal(18, 2)) as low_yuan,
    cast(greatest(lent.principal_yuan - sum(daily.least_yuan) over so_far, 0) as decimal(18, 2)) as high_yuan
from lent
inner join daily on lent.loan_id = daily.loan_id
window so_far as (partition by lent.loan_id order by daily.on_day)
order by lent.loan_id, daily.on_day
