-- quarantine_left: how many rows of each file are still to be corrected; a failed correction is made again from the original,
--                  so that the rows of sheets of corrections do not count
-- grain:   one row per file that has any, or could not be read (n = 0), in order of import; `reason`: of its first row
-- inputs:  quarantine, sources, corrections
-- params:  $source_id of one source, null: of all
select
    sources.source_id,
    sources.name,
    sources.member,
    sources.sheet,
    count(*) filter (where quarantine.line > 0) as n,
    arg_min(quarantine.reason, quarantine.line) as reason
from quarantine
inner join sources on quarantine.source_id = sources.source_id
left join corrections on quarantine.source_id = corrections.source_id and quarantine.line = corrections.line
where
    corrections.line is null
    and sources.corrects is null
    and ($source_id is null or sources.source_id = $source_id)
group by sources.source_id, sources.name, sources.member, sources.sheet, sources.seq
order by sources.seq
