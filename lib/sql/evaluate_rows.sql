-- evaluate_rows: the curated rows that lines of an answer key became
-- grain:   one row per line asked for that is found: by its file and line, else by its id
-- inputs:  evaluate_wanted(n, source_id, line, id), evaluate_table(row_id, source_id, line), origins
-- params:  $table name of the table that evaluate_table shows
with places as (
    select row_id, source_id, line from evaluate_table
    union all
    select row_id, source_id, line from origins where table_name = $table
),

by_line as (
    select
        wanted.n,
        min(places.row_id) as row_id
    from evaluate_wanted as wanted
    inner join places on wanted.source_id = places.source_id and wanted.line = places.line
    group by wanted.n
),

by_id as (
    select distinct
        wanted.n,
        evaluate_table.row_id
    from evaluate_wanted as wanted
    inner join evaluate_table on wanted.id = evaluate_table.row_id
)

select
    coalesce(by_line.n, by_id.n) as n,
    coalesce(by_line.row_id, by_id.row_id) as row_id
from by_line
full join by_id on by_line.n = by_id.n
