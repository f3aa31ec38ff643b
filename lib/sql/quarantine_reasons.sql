-- quarantine_reasons: why rows were set apart, and how many of them are corrected; `name` is the file, and in it the member and
--                     the sheet; line 0: all of it
-- grain:   one row per file and reason, the most frequent first
-- inputs:  quarantine, sources, corrections
-- params:  none
select
    sources.source_id,
    concat_ws(' » ', sources.name, nullif(sources.member, ''), nullif(sources.sheet, '')) as name,
    quarantine.reason,
    count(*) as n,
    count(corrections.line) as n_corrected,
    min(quarantine.line) as first_line
from quarantine
inner join sources on quarantine.source_id = sources.source_id
left join corrections on quarantine.source_id = corrections.source_id and quarantine.line = corrections.line
group by sources.source_id, sources.name, sources.member, sources.sheet, quarantine.reason, sources.seq
order by n desc, sources.seq asc, quarantine.reason asc;
