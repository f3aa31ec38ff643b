-- shared_keys: keys that several parties or mentions share; placeholders and those of more names than one party has left out
-- grain:   one row per key, party or mention, and name
-- inputs:  identity_keys; the macros of check_digits
-- params:  $most names of one key
with several as (
    select
        "by",
        value
    from identity_keys
    group by "by", value
    having min(node) <> max(node)
),

shared as (
    select distinct
        k."by",
        k.value,
        k.node,
        k.name
    from identity_keys as k
    inner join several on k."by" = several."by" and k.value = several.value
    where not is_placeholder(k.value)
),

borne as (
    select
        "by",
        value
    from shared
    group by "by", value
    having count(distinct name) <= $most
)

select
    s."by",
    s.value,
    s.node,
    s.name
from shared as s
inner join borne on s."by" = borne."by" and s.value = borne.value
order by s."by", s.value, s.node, s.name
