-- quarantine_reasons: why rows were set apart
-- grain:   one row per file and reason, the most frequent first
-- inputs:  quarantine, sources
-- params:  none
select
    sources.source_id,
    sources.name,
    quarantine.reason,
    count(*) as n,
    min(quarantine.line) as first_line
from quarantine
inner join sources on quarantine.source_id = sources.source_id
group by sources.source_id, sources.name, quarantine.reason, sources.seq
order by n desc, sources.seq asc, quarantine.reason asc;
