-- officers_as_of: the legal representatives and senior managers of an entity on a day
-- grain:   one row per role record, ordered
-- inputs:  roles
-- params:  $as_of date · $entities list of the ids under which the entity stands
select
    role_id,
    person_id,
    role
from roles
where
    role in ('legal_representative', 'senior_manager')
    and nullif(person_id, '') is not null
    and not coalesce(claimed_only, false)
    and (valid_from is null or valid_from <= $as_of)
    and (valid_to is null or valid_to > $as_of)
    and entity_id in (select unnest(cast($entities as text[])))
order by person_id, role, role_id
