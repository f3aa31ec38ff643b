-- owed: the principal that each loan still owes at the end of a day
-- grain:   one row per loan that had started by the day, or whose start is unknown; not of one cancelled before its start
-- inputs:  loans, repayments
-- params:  $as_of date
--
-- What was repaid may be unknown: owed_low_yuan takes as repaid the most that the records allow, owed_high_yuan the least; both
-- are null where the principal is. As in LM-01: a record without its principal part may repay all of its amount that is no
-- interest or fee, one without a day may be past, and where no repayment of a platform was delivered all may be repaid.
with repaid as (
    select
        loan_id,
        sum(
            case
                when paid_on <= $as_of
                    then coalesce(principal_yuan, amount_yuan - interest_yuan - fee_yuan, 0)
            end
        ) as least_yuan,
        sum(
            coalesce(
                principal_yuan, amount_yuan - coalesce(interest_yuan, 0) - coalesce(fee_yuan, 0), cast(1e15 as decimal(18, 2))
            )
        ) as most_yuan
    from repayments
    where paid_on is null or paid_on <= $as_of
    group by loan_id
),

heard as (
    select distinct loans.institution_id
    from loans
    inner join repayments on loans.loan_id = repayments.loan_id
)

select
    loans.loan_id,
    loans.institution_id,
    coalesce(loans.started_on, loans.signed_on) as start_on,
    cast(
        case
            when heard.institution_id is not null or coalesce(loans.started_on, loans.signed_on) = $as_of
                then greatest(loans.principal_yuan - coalesce(repaid.most_yuan, 0), 0)
            else loans.principal_yuan * 0
        end as decimal(18, 2)
    ) as owed_low_yuan,
    cast(greatest(loans.principal_yuan - coalesce(repaid.least_yuan, 0), 0) as decimal(18, 2)) as owed_high_yuan
from loans
left join repaid on loans.loan_id = repaid.loan_id
left join heard on loans.institution_id = heard.institution_id
where
    coalesce(loans.started_on, loans.signed_on, $as_of) <= $as_of
    and not (loans.started_on is null and coalesce(regexp_matches(loans.status, '撤销|取消|流标|作废'), false))
order by loans.loan_id
