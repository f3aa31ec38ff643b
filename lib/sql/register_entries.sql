-- register_entries: entries of the register that were delivered, with the file and line of each
-- grain:   one row per entry, in order of days, then of files and lines
-- inputs:  register_entries, sources
-- params:  none
select
    register_entries.institution_id,
    register_entries.entered_on,
    register_entries.action,
    register_entries.category,
    register_entries.measure,
    register_entries.exit_on,
    register_entries.responsible,
    register_entries.who,
    register_entries.why,
    coalesce(sources.name, 'register_entries') as source,
    register_entries.line,
    institutions.name
from register_entries
left join sources on register_entries.source_id = sources.source_id
left join institutions on register_entries.institution_id = institutions.institution_id
where register_entries.institution_id is not null and register_entries.entered_on is not null
order by register_entries.entered_on, sources.seq, register_entries.line, register_entries.entry_id
