-- similar_names: up to five names that hold the text asked for, or are held in it; a help for typing, never a match
-- grain:   one row per name
-- inputs:  institutions, parties
-- params:  $asked text
with names as (
    select name, 1 as rank from institutions
    union all
    select name, 2 as rank from parties where kind <> 'person'
)

select distinct
    name,
    rank
from names
where length($asked) >= 2 and (contains(name, $asked) or (length(name) >= 2 and contains($asked, name)))
order by rank, name
limit 5
