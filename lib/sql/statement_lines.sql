-- statement_lines: lines of statements with what the running balance needs
-- grain:   one row per flow with a time, a direction and an amount, by account and in file order
-- inputs:  flows, sources, corrections (a corrected line stands where the original has it)
-- params:  none
select
    flows.flow_id,
    flows.account_id,
    flows.seq,
    coalesce(flows.day_only, false) as day_only,
    cast(flows.amount_yuan * 100 as bigint) * case flows.direction when 'in' then 1 else -1 end as signed_fen,
    cast(flows.balance_yuan * 100 as bigint) as balance_fen,
    flows.at as "at"
from flows
left join corrections on flows.source_id = corrections.corrected_source_id and flows.line = corrections.corrected_line
left join sources on coalesce(corrections.source_id, flows.source_id) = sources.source_id
where
    flows.at is not null
    and flows.amount_yuan is not null
    and flows.direction in ('in', 'out')
    and flows.account_id is not null
order by flows.account_id, sources.seq nulls first, coalesce(corrections.line, flows.line) nulls first, flows.flow_id
