-- cash_transfers: transfers that a statement line calls cash
-- grain:   one row per transfer
-- inputs:  transfers, flows
-- params:  none
select distinct transfers.transfer_id
from transfers, unnest(transfers.flow_ids) as one (flow_id)
inner join flows on one.flow_id = flows.flow_id
where lower(flows.channel) = 'cash' or contains(flows.channel, '现金') or regexp_matches(flows.memo, '^(现金|取现|存现|现存|现取)')
order by transfers.transfer_id
