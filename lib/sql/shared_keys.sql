-- shared_keys: keys that several parties or mentions share; those that more names share than one party has join nothing
-- grain:   one row per key and party or mention
-- inputs:  identity_keys
-- params:  $most names of one key
with counted as (
    select
        "by",
        value
    from identity_keys
    group by "by", value
    having count(distinct node) > 1 and count(distinct name) <= $most
)

select
    k."by",
    k.value,
    k.node,
    k.name
from identity_keys as k
inner join counted on k."by" = counted."by" and k.value = counted.value
order by k."by", k.value, k.node, k.name
