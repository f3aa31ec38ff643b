-- register_parties: who holds or is held on a day or is asked for, and what is known of them; a number is that of a row
-- grain:   one row per party id, in order of ids
-- inputs:  holdings_on_day, parties
-- params:  $others list of ids of parties that need not hold nor be held
with parties_of_day as (
    select holder_id as party_id from holdings_on_day
    union
    select held_id as party_id from holdings_on_day
    union
    select unnest(cast($others as text[])) as party_id
),

known as (
    select
        party_id,
        min(kind) as kind,
        min(nullif(name, '')) as name,
        bool_or(listed) as listed
    from parties
    where party_id is not null
    group by party_id
)

select
    parties_of_day.party_id,
    known.kind,
    coalesce(known.name, parties_of_day.party_id) as name,
    coalesce(known.listed, false) as listed
from parties_of_day
left join known on parties_of_day.party_id = known.party_id
order by parties_of_day.party_id
