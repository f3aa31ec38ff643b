-- kin_as_of: close kin of some people on a day
-- grain:   one row per person asked about and kin
-- inputs:  links
-- params:  $as_of date · $people list of ids
with ties as (
    select a_id, b_id, kind, valid_from, valid_to from links
    union all
    select b_id as a_id, a_id as b_id, kind, valid_from, valid_to from links
)

select distinct
    a_id as person_id,
    b_id as kin_id
from ties
where
    kind = 'kin'
    and nullif(b_id, '') is not null
    and a_id <> b_id
    and (valid_from is null or valid_from <= $as_of)
    and (valid_to is null or valid_to > $as_of)
    and a_id in (select unnest(cast($people as text[])))
order by person_id, kin_id
