-- institutions_listed: the institutions of a case, as lists that were handed over have them
-- grain:   one row per institution, in the order of ids
-- inputs:  institutions, exit_plans
-- params:  $as_of date · $institution_id text; null is the whole district
--
-- The end of an exit is that of the version of the plan that was submitted last.
with planned as (
    select
        institution_id,
        arg_max(ends_on, (coalesce(submitted_on, date '0001-01-01'), plan_version)) as ends_on
    from exit_plans
    where coalesce(submitted_on, $as_of) <= $as_of
    group by institution_id
)

select
    institutions.institution_id,
    institutions.name,
    coalesce(nullif(institutions.party_id, ''), institutions.institution_id) as party_id,
    nullif(institutions.business_types, '') as business_types,
    nullif(institutions.office, '') as office,
    nullif(institutions.website, '') as website,
    nullif(institutions.disposal_class, '') as disposal_class,
    nullif(institutions.responsible_unit, '') as responsible_unit,
    planned.ends_on
from institutions
left join planned on institutions.institution_id = planned.institution_id
where $institution_id is null or institutions.institution_id = $institution_id
order by institutions.institution_id
