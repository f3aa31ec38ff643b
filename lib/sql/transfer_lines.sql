-- transfer_lines: transfers with the statement lines that show them
-- grain:   one row per transfer and line, by transfer; a transfer without a line has one row
-- inputs:  transfers, flows, sources
-- params:  $ids list of transfer ids
with asked as (
    select
        transfer_id,
        "at",
        day_only,
        amount_yuan,
        flow_ids
    from transfers
    where list_contains($ids, transfer_id)
),

shown as (
    select
        transfer_id,
        unnest(flow_ids) as flow_id
    from asked
)

select
    asked.transfer_id,
    asked."at",
    asked.day_only,
    asked.amount_yuan,
    sources.name,
    sources.member,
    sources.sheet,
    flows.line
from asked
left join shown on asked.transfer_id = shown.transfer_id
left join flows on shown.flow_id = flows.flow_id
left join sources on flows.source_id = sources.source_id
order by asked.transfer_id, sources.name, sources.member, sources.sheet, flows.line
