-- ended_holdings: the last holding of each holder in some parties that had ended by a day
-- grain:   one row per holder and held party, by held party, then holder
-- inputs:  holdings, aliases()
-- params:  $as_of date · $held list of party ids
--
-- An institution's id stands for its operating company, unless a party has that id. A fraction outside 0 to 1 is unknown.
with ended as (
    select
        coalesce(above.party_id, holdings.holder_id) as holder_id,
        coalesce(below.party_id, holdings.held_id) as held_id,
        if(holdings.share between 0 and 1, holdings.share, null) as share,
        holdings.valid_from,
        holdings.valid_to
    from holdings
    left join aliases() as above on holdings.holder_id = above.institution_id
    left join aliases() as below on holdings.held_id = below.institution_id
    where holdings.valid_to <= $as_of and nullif(holdings.holder_id, '') is not null
),

last_day as (
    select
        holder_id,
        held_id,
        max(valid_to) as until
    from ended
    where held_id in (select unnest(cast($held as text[])))
    group by holder_id, held_id
)

select
    last_day.holder_id,
    last_day.held_id,
    last_day.until,
    if(count(ended.share) = count(*), sum(ended.share), null) as share,
    if(count(ended.valid_from) = count(*), min(ended.valid_from), null) as since
from last_day
inner join ended
    on
        last_day.holder_id = ended.holder_id
        and last_day.held_id = ended.held_id
        and last_day.until = ended.valid_to
group by last_day.holder_id, last_day.held_id, last_day.until
order by last_day.held_id, last_day.holder_id
