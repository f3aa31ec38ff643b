-- identity_numbers: what tells parties apart: sound identity numbers, credit codes and kinds
-- grain:   one row per party or mention and sound number, or one without any
-- inputs:  identity_keys, store.parties, _nodes(node); the macros of check_digits
-- params:  none
select
    k.node,
    case when k."by" = 'identity_number' then k.value end as identity_number,
    case when k."by" = 'uscc' then k.value end as uscc,
    case
        when k.kind = 'person' then 'person'
        when k.kind in ('company', 'partnership', 'fund', 'state') then 'body'
    end as kind
from identity_keys as k
inner join _nodes on k.node = _nodes.node
where k."by" in ('identity_number', 'uscc') and not is_placeholder(k.value)
union
select
    parties.party_id as node,
    null as identity_number,
    null as uscc,
    case
        when parties.kind = 'person' then 'person'
        when parties.kind in ('company', 'partnership', 'fund', 'state') then 'body'
    end as kind
from store.parties
inner join _nodes on parties.party_id = _nodes.node
