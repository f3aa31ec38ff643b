-- holdings_between: the holdings in some parties that were valid on any day of a period
-- grain:   one row per holding record, ordered
-- inputs:  holdings, aliases()
-- params:  $from_on, $to_on first and last day · $held list of ids of the held parties
--
-- Names and fractions as in holdings_as_of; `share` is null where it is not known. Reversed dates were never valid.
with named as (
    select
        holdings.holding_id,
        coalesce(above.party_id, holdings.holder_id) as holder_id,
        coalesce(below.party_id, holdings.held_id) as held_id,
        if(holdings.share between 0 and 1, holdings.share, null) as share,
        holdings.valid_from,
        holdings.valid_to
    from holdings
    left join aliases() as above on holdings.holder_id = above.institution_id
    left join aliases() as below on holdings.held_id = below.institution_id
    where
        nullif(holdings.holder_id, '') is not null
        and (holdings.valid_from is null or holdings.valid_from <= $to_on)
        and (holdings.valid_to is null or holdings.valid_to > $from_on)
        and (holdings.valid_from is null or holdings.valid_to is null or holdings.valid_to > holdings.valid_from)
)

select *
from named
where held_id in (select unnest(cast($held as text[])))
order by held_id, holder_id, holding_id
