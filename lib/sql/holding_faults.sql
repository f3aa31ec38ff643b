-- holding_faults: records of holdings in some parties that cannot be right, or not both
-- grain:   one row per fault and record (per pair of parties and period, where records contradict each other), ordered
-- inputs:  holdings, aliases()
-- params:  $as_of date · $held list of ids of the held parties
--
-- Shares, ranges and pairs are looked at where they are valid on the day; reversed dates wherever they are, as they never are.
with named as (
    select
        holdings.*,
        coalesce(above.party_id, holdings.holder_id) as holder,
        coalesce(below.party_id, holdings.held_id) as held
    from holdings
    left join aliases() as above on holdings.holder_id = above.institution_id
    left join aliases() as below on holdings.held_id = below.institution_id
),

asked as (
    select * from named
    where held in (select unnest(cast($held as text[])))
),

valid as (
    select * from asked
    where (valid_from is null or valid_from <= $as_of) and (valid_to is null or valid_to > $as_of)
),

fractions as (
    select
        holding_id,
        held,
        holder,
        unnest([share, share_low, share_high, voting_share]) as fraction
    from valid
),

faults as (
    select
        'share_out_of_range' as gap,
        held,
        holder,
        fraction as measure,
        [holding_id] as holding_ids
    from fractions
    where fraction is not null and not coalesce(fraction between 0 and 1, false)
    union all
    select
        'range_reversed' as gap,
        held,
        holder,
        share_low as measure,
        [holding_id] as holding_ids
    from valid
    where share_low > share_high or share < share_low or share > share_high
    union all
    select
        'share_missing' as gap,
        held,
        holder,
        null as measure,
        [holding_id] as holding_ids
    from valid
    where share is null and share_low is null
    union all
    select
        'holder_missing' as gap,
        held,
        null as holder,
        share as measure,
        [holding_id] as holding_ids
    from valid
    where nullif(holder_id, '') is null
    union all
    select
        'self_holding' as gap,
        held,
        holder,
        share as measure,
        [holding_id] as holding_ids
    from valid
    where holder = held
    union all
    select
        'dates_reversed' as gap,
        held,
        holder,
        share as measure,
        [holding_id] as holding_ids
    from asked
    where valid_to < valid_from
    union all
    select
        'contradictory' as gap,
        held,
        holder,
        max(share) - min(share) as measure,
        list_sort(list(holding_id)) as holding_ids
    from valid
    where nullif(holder_id, '') is not null
    group by held, holder, valid_from, valid_to
    having min(share) < max(share)
    union all
    select
        'overlapping' as gap,
        held,
        holder,
        sum(share) - max(share) as measure,
        list_sort(list(holding_id)) as holding_ids
    from valid
    where nullif(holder_id, '') is not null
    group by held, holder, coalesce(nominee_for, '')
    having
        count(*) > 1
        and (
            count(distinct share) < count(share)
            or count(distinct coalesce(cast(valid_from as text), '') || '~' || coalesce(cast(valid_to as text), '')) > 1
        )
)

select
    gap,
    held,
    holder,
    cast(measure as double) as measure,
    holding_ids
from faults
order by gap, held, holder, holding_ids
