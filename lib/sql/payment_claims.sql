-- payment_claims: what borrowers are said to have paid, or should have: repayments of the platform's ledger, and instalments
--          of schedules that the ledger does not have
-- grain:   one row per repayment, and per instalment without one; numbered from 0
-- inputs:  repayments, schedules
-- params:  none
with said as (
    select
        loan_id,
        period,
        repayment_id,
        paid_on as on_day,
        case
            when amount_yuan is not null then amount_yuan
            when coalesce(principal_yuan, interest_yuan, fee_yuan) is not null
                then coalesce(principal_yuan, 0) + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0)
        end as amount_yuan,
        flow_id,
        true as in_ledger
    from repayments
    where loan_id is not null and repayment_id is not null
),

due as (
    select
        loan_id,
        period,
        cast(null as text) as repayment_id,
        due_on as on_day,
        coalesce(principal_yuan, 0) + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0) as amount_yuan,
        cast(null as text) as flow_id,
        false as in_ledger
    from schedules
    anti join said on schedules.loan_id = said.loan_id and schedules.period = said.period
    where schedules.loan_id is not null and schedules.period is not null
)

select
    row_number() over (order by loan_id, period, on_day, repayment_id, amount_yuan) - 1 as claim,
    loan_id,
    period,
    repayment_id,
    on_day,
    cast(amount_yuan * 100 as bigint) as fen,
    flow_id,
    in_ledger
from (
    select * from said
    union all
    select * from due
) as claims
order by claim
