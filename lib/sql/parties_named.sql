-- parties_named: names and kinds of some parties
-- grain:   one row per party id that is known
-- inputs:  parties
-- params:  $ids list of ids
select
    party_id,
    min(coalesce(nullif(name, ''), party_id)) as name,
    min(kind) as kind
from parties
where party_id in (select unnest(cast($ids as text[])))
group by party_id
