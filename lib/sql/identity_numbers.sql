-- identity_numbers: what tells parties apart: sound identity numbers, credit codes and kinds
-- grain:   one row per party or mention and sound number, or one without any
-- inputs:  identity_keys, store.parties
-- params:  $nodes list
select
    k.node,
    case when k."by" = 'identity_number' then k.value end as identity_number,
    case when k."by" = 'uscc' then k.value end as uscc,
    case
        when k.kind = 'person' then 'person'
        when k.kind in ('company', 'partnership', 'fund', 'state') then 'body'
    end as kind
from identity_keys as k
where list_contains($nodes, k.node)
union
select
    party_id as node,
    null as identity_number,
    null as uscc,
    case
        when kind = 'person' then 'person'
        when kind in ('company', 'partnership', 'fund', 'state') then 'body'
    end as kind
from store.parties
where list_contains($nodes, party_id)
