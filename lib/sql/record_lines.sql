-- record_lines: the lines of files from which records about ownership were read
-- grain:   one row per record and line, ordered by place of the line
-- inputs:  holdings, links, roles, parties, devices, sanctions, origins, sources
-- params:  $tables, $ids lists side by side: table and key of each record
with asked as (
    select distinct
        unnest(cast($tables as text[])) as table_name,
        unnest(cast($ids as text[])) as record_id
),

records as (
    select 'holdings' as table_name, holding_id as record_id, source_id, line from holdings
    union all
    select 'links' as table_name, link_id as record_id, source_id, line from links
    union all
    select 'roles' as table_name, role_id as record_id, source_id, line from roles
    union all
    select 'parties' as table_name, party_id as record_id, source_id, line from parties
    union all
    select 'devices' as table_name, sign_in_id as record_id, source_id, line from devices
    union all
    select 'sanctions' as table_name, sanction_id as record_id, source_id, line from sanctions
    union all
    select table_name, row_id as record_id, source_id, line from origins
)

select distinct
    records.table_name,
    records.record_id,
    sources.name,
    sources.member,
    sources.sheet,
    records.line
from records
inner join asked on records.table_name = asked.table_name and records.record_id = asked.record_id
inner join sources on records.source_id = sources.source_id
order by records.table_name, records.record_id, sources.name, sources.member, sources.sheet, records.line
