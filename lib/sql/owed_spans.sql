-- owed_spans: from when to when something is owed on each loan
-- grain:   one row per loan with a principal and a day
-- inputs:  money_owed_days (owed_days)
-- params:  none
select
    loan_id,
    min(on_day) as start_on,
    min(on_day) filter (where low_yuan = 0) as sure_until,
    min(on_day) filter (where high_yuan = 0) as may_until
from money_owed_days
group by loan_id
order by loan_id
