-- last_day: the last day that the dated rows of the Store reach
-- grain:   one row
-- inputs:  flows, loans, repayments, holdings, roles, disclosures, complaints
-- params:  none
with days as (
    select max(cast(flows.at as date)) as last_on from flows
    union all
    select max(signed_on) as last_on from loans
    union all
    select max(started_on) as last_on from loans
    union all
    select max(paid_on) as last_on from repayments
    union all
    select max(valid_from) as last_on from holdings
    union all
    select max(valid_from) as last_on from roles
    union all
    select max(published_on) as last_on from disclosures
    union all
    select max(received_on) as last_on from complaints
)

select max(last_on) as last_on
from days
