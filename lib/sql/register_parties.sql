-- register_parties: who holds or is held on a day or is asked for, and what is known of them; a number is that of a row
-- grain:   one row per party id and row of it in `parties`: one, unless something is wrong; in order of ids
-- inputs:  holdings_on_day, parties
-- params:  $others list of ids of parties that need not hold nor be held
with mentioned as (
    select holder_id as party_id from holdings_on_day
    union all
    select held_id as party_id from holdings_on_day
    union all
    select unnest(cast($others as text[])) as party_id
),

parties_of_day as (
    select party_id from mentioned
    group by party_id
)

select
    parties_of_day.party_id,
    parties.kind,
    nullif(parties.name, '') as name,
    coalesce(parties.listed, false) as listed
from parties_of_day
left join parties on parties_of_day.party_id = parties.party_id
order by parties_of_day.party_id
