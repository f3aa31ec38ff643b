-- agreements_as_of: the ties by which votes follow somebody else's will on a day: concert, nominees, control by contract
-- grain:   one row per link record and pair of parties, ordered
-- inputs:  links, aliases()
-- params:  $as_of date
--
-- An institution's id stands for its operating company, as in holdings_as_of. Of a `proxy` (代持), b is the principal and a the
-- nominee; of a `vie` (协议控制), a controls b by contract: `lead_id` commands `other_id`. In concert they stand side by side.
with valid as (
    select
        link_id,
        kind,
        if(kind = 'proxy', b_id, a_id) as lead_id,
        if(kind = 'proxy', a_id, b_id) as other_id
    from links
    where
        kind in ('acting_in_concert', 'proxy', 'vie')
        and nullif(a_id, '') is not null
        and nullif(b_id, '') is not null
        and (valid_from is null or valid_from <= $as_of)
        and (valid_to is null or valid_to > $as_of)
),

named as (
    select
        valid.link_id,
        valid.kind,
        coalesce(above.party_id, valid.lead_id) as lead_id,
        coalesce(below.party_id, valid.other_id) as other_id
    from valid
    left join aliases() as above on valid.lead_id = above.institution_id
    left join aliases() as below on valid.other_id = below.institution_id
)

select
    link_id,
    kind,
    lead_id,
    other_id
from named
where lead_id <> other_id
order by lead_id, other_id, kind, link_id
