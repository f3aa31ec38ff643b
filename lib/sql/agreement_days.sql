-- agreement_days: the days on which agreements of some parties about votes began or ended
-- grain:   one row per day, ordered
-- inputs:  links
-- params:  $from_on the day before the first, $to_on last day · $parties list of ids
with days as (
    select unnest([valid_from, valid_to]) as changed_on
    from links
    where
        kind in ('acting_in_concert', 'proxy', 'vie')
        and (a_id in (select unnest(cast($parties as text[]))) or b_id in (select unnest(cast($parties as text[]))))
)

select distinct changed_on
from days
where changed_on > $from_on and changed_on <= $to_on
order by changed_on
