-- quarantined: the rows that were set apart, and what became of them
-- grain:   one row per row of a file that was set apart, or per file that could not be read (line 0)
-- inputs:  quarantine, sources, corrections
-- params:  none
select
    sources.source_id,
    sources.name,
    sources.member,
    sources.sheet,
    sources.corrects,
    quarantine.line,
    quarantine.reason,
    quarantine.original_text,
    corrections.corrected_source_id,
    corrections.corrected_line,
    corrections.corrected_by,
    corrections.note
from quarantine
inner join sources on quarantine.source_id = sources.source_id
left join corrections on quarantine.source_id = corrections.source_id and quarantine.line = corrections.line
order by sources.seq, quarantine.line
