-- offices_as_of: offices held on a day in some entities, or by some people
-- grain:   one row per person, entity and role
-- inputs:  roles, aliases()
-- params:  $as_of date · $entities, $people lists of ids
--
-- An institution's id stands for its operating company, as in holdings_as_of. Offices that are only claimed in a CV, in no
-- register, are not counted.
with valid as (
    select
        person_id,
        entity_id,
        role
    from roles
    where
        role in ('legal_representative', 'director', 'supervisor', 'senior_manager')
        and nullif(person_id, '') is not null
        and nullif(entity_id, '') is not null
        and not coalesce(claimed_only, false)
        and (valid_from is null or valid_from <= $as_of)
        and (valid_to is null or valid_to > $as_of)
),

named as (
    select
        valid.person_id,
        coalesce(aliases.party_id, valid.entity_id) as entity_id,
        valid.entity_id as written_entity_id,
        valid.role
    from valid
    left join aliases() as aliases on valid.entity_id = aliases.institution_id
)

select distinct
    person_id,
    entity_id,
    written_entity_id,
    role
from named
where
    entity_id in (select unnest(cast($entities as text[])))
    or written_entity_id in (select unnest(cast($entities as text[])))
    or person_id in (select unnest(cast($people as text[])))
order by person_id, entity_id, written_entity_id, role
