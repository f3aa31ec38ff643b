-- register_parties_once: the same with several rows of a party made one, by what does not depend on their order
-- grain:   one row per party id, in order of ids
-- inputs:  register_parties
-- params:  none
select
    party_id,
    min(kind) as kind,
    min(name) as name,
    bool_or(listed) as listed
from register_parties
group by party_id
order by party_id
