-- find_party: institutions and parties with this id or exact name
-- grain:   one row per party and way in which it was found; rank 1 is an institution's id, 2 a party's, 3 and 4 the names
-- inputs:  institutions, parties, party_ids, party_records
-- params:  $asked text, an id or a name
with known as (
    select
        institution_id,
        coalesce(nullif(party_id, ''), institution_id) as party_id,
        name
    from institutions
),

named as (
    select
        parties.party_id,
        coalesce(parties.name, parties.party_id) as name,
        known.institution_id
    from parties
    left join known on parties.party_id = known.party_id
),

found as (
    select 1 as rank, institution_id, party_id, name from known where institution_id = $asked
    union all
    select 2 as rank, institution_id, party_id, name from named where party_id = $asked
    union all
    select
        2 as rank,
        named.institution_id,
        named.party_id,
        named.name
    from party_ids
    inner join named on party_ids.resolved_id = named.party_id
    where party_ids.party_id = $asked
    union all
    select 3 as rank, institution_id, party_id, name from known where name = $asked
    union all
    select 4 as rank, institution_id, party_id, name from named where name = $asked
    union all
    select
        4 as rank,
        named.institution_id,
        named.party_id,
        named.name
    from party_records as r
    inner join named on r.party_id = named.party_id
    where r.written_name = $asked and r.seen_in = 'parties' and r.written_id <> r.party_id
)

select distinct
    rank,
    institution_id,
    party_id,
    name
from found
order by rank, party_id
