-- agreed_with: who has an agreement about votes with some parties on any day of a period, or has holdings in them held for him
-- grain:   one row per party, ordered
-- inputs:  links, holdings, aliases()
-- params:  $from_on, $to_on first and last day · $parties list of ids
--
-- An institution's id stands for its operating company, as in holdings_as_of.
with ties as (
    select
        a_id as one_id,
        b_id as other_id
    from links
    where
        kind in ('acting_in_concert', 'proxy', 'vie')
        and (valid_from is null or valid_from <= $to_on)
        and (valid_to is null or valid_to > $from_on)
    union all
    select
        holder_id as one_id,
        nominee_for as other_id
    from holdings
    where
        nullif(nominee_for, '') is not null
        and (valid_from is null or valid_from <= $to_on)
        and (valid_to is null or valid_to > $from_on)
),

named as (
    select
        coalesce(ones.party_id, ties.one_id) as one_id,
        coalesce(others.party_id, ties.other_id) as other_id
    from ties
    left join aliases() as ones on ties.one_id = ones.institution_id
    left join aliases() as others on ties.other_id = others.institution_id
),

both_ways as (
    select one_id as party_id, other_id as with_id from named
    union all
    select other_id as party_id, one_id as with_id from named
)

select distinct with_id as party_id
from both_ways
where party_id in (select unnest(cast($parties as text[]))) and nullif(with_id, '') is not null
order by party_id
