-- parties_known: what the register says of each party
-- grain:   one row per party id
-- inputs:  parties
-- params:  none
select
    party_id,
    min(kind) as kind,
    min(coalesce(nullif(name, ''), party_id)) as name,
    coalesce(bool_or(listed), false) as listed
from parties
where party_id is not null
group by party_id
order by party_id
