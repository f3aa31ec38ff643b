-- agreement_days: the days on which agreements of some parties about votes began or ended
-- grain:   one row per day, ordered
-- inputs:  links, aliases()
-- params:  $from_on the day before the first, $to_on last day · $parties list of ids
--
-- An institution's id stands for its operating company, as in holdings_as_of.
with named as (
    select
        coalesce(a.party_id, links.a_id) as a_id,
        coalesce(b.party_id, links.b_id) as b_id,
        links.valid_from,
        links.valid_to
    from links
    left join aliases() as a on links.a_id = a.institution_id
    left join aliases() as b on links.b_id = b.institution_id
    where links.kind in ('acting_in_concert', 'proxy', 'vie')
),

days as (
    select unnest([valid_from, valid_to]) as changed_on
    from named
    where
        a_id in (select unnest(cast($parties as text[])))
        or b_id in (select unnest(cast($parties as text[])))
)

select distinct changed_on
from days
where changed_on > $from_on and changed_on <= $to_on
order by changed_on
