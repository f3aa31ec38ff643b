-- account_holder_kinds: whether accounts are held by a natural person
-- grain:   one row per account whose holder's kind is known
-- inputs:  accounts, parties
-- params:  none
--
-- held_by: 1 a person, 2 anybody else
select
    accounts.account_id,
    cast(case when parties.kind = 'person' then 1 else 2 end as bigint) as held_by
from accounts
inner join parties on accounts.holder_id = parties.party_id
where accounts.account_id is not null and parties.kind is not null
order by accounts.account_id
