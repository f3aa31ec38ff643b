-- roles_between: the offices in some entities that were held on any day of a period
-- grain:   one row per role record, ordered
-- inputs:  roles, aliases()
-- params:  $from_on, $to_on first and last day · $entities list of ids
--
-- Names and offices as in offices_as_of.
with named as (
    select
        roles.role_id,
        roles.person_id,
        coalesce(aliases.party_id, roles.entity_id) as entity_id,
        roles.role,
        roles.valid_from,
        roles.valid_to
    from roles
    left join aliases() as aliases on roles.entity_id = aliases.institution_id
    where
        roles.role in ('legal_representative', 'director', 'supervisor', 'senior_manager')
        and nullif(roles.person_id, '') is not null
        and not coalesce(roles.claimed_only, false)
        and (roles.valid_from is null or roles.valid_from <= $to_on)
        and (roles.valid_to is null or roles.valid_to > $from_on)
        and (roles.valid_from is null or roles.valid_to is null or roles.valid_to > roles.valid_from)
)

select *
from named
where entity_id in (select unnest(cast($entities as text[])))
order by entity_id, person_id, role, role_id
