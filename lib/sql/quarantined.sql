-- quarantined: the rows that were set apart, and what became of them; a page of them at a time
-- grain:   one row per row of a file that was set apart, or per file that could not be read (line 0)
-- inputs:  quarantine, sources, corrections
-- params:  $source_id of one source, null: of all · $after only lines behind this one · $uncorrected only rows that
--          are not corrected · $most rows, null: all
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
where
    ($source_id is null or quarantine.source_id = $source_id)
    and quarantine.line > $after
    and (not $uncorrected or corrections.line is null)
order by sources.seq, quarantine.line
limit $most
