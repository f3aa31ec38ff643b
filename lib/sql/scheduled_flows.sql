-- scheduled_flows: what borrowers received, and what the schedule says that they pay, by loan and day
-- grain:   one row per loan and movement, fen: received positive, paid negative
-- inputs:  money_apr_flows (apr_flows: of its rows those received), schedules
-- params:  none
select
    loan_id,
    on_day,
    fen,
    transfer_id,
    cast(null as text) as repayment_id
from money_apr_flows
where fen > 0
union all
select
    loan_id,
    due_on as on_day,
    -cast(100 * (principal_yuan + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0)) as bigint) as fen,
    cast(null as text) as transfer_id,
    cast(null as text) as repayment_id
from schedules
where due_on is not null and principal_yuan + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0) > 0
order by loan_id, on_day, fen, transfer_id
