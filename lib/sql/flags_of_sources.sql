-- flags_of_sources: how many numbers fail their check in the rows that some files show, alone or with others
-- grain:   one row
-- inputs:  flags, origins
-- params:  $source_ids list of sources
select count(*) as n
from flags
where
    list_contains($source_ids, flags.source_id)
    or (flags.table_name, flags.row_id) in (
        select
            origins.table_name,
            origins.row_id
        from origins
        where list_contains($source_ids, origins.source_id)
    );
