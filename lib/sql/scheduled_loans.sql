-- scheduled_loans: whether the schedule of each loan says all that is to be paid
-- grain:   one row per loan
-- inputs:  loans, schedules, money_payouts(loan_id)
-- params:  $tol_fen bigint, difference that still agrees
with due as (
    select
        loan_id,
        bool_or(due_on is null or principal_yuan is null) as part_unknown,
        sum(principal_yuan) as principal_yuan
    from schedules
    group by loan_id
)

select
    loans.loan_id,
    loans.rate as stated_rate,
    case
        when money_payouts.loan_id is null then 'no_payout'
        when due.loan_id is null then 'no_schedule'
        when due.part_unknown or loans.principal_yuan is null then 'amount_unknown'
        when abs(due.principal_yuan - loans.principal_yuan) * 100 > $tol_fen then 'schedule_incomplete'
    end as unknown
from loans
left join due on loans.loan_id = due.loan_id
left join money_payouts on loans.loan_id = money_payouts.loan_id
where loans.loan_id is not null
order by loans.loan_id
