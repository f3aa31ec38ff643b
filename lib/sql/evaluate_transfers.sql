-- evaluate_transfers: the movement of money that a line of a statement shows
-- grain:   one row per line asked for that is part of a transfer
-- inputs:  evaluate_flows(flow_id), transfers
-- params:  none
with shown as (
    select
        unnest(flow_ids) as flow_id,
        transfer_id
    from transfers
)

select
    shown.flow_id,
    shown.transfer_id
from shown
inner join evaluate_flows on shown.flow_id = evaluate_flows.flow_id
