-- survey_list: the institutions of a survey list, and the financial licence that takes one off it
-- grain:   one row per institution, in the order of ids
-- inputs:  institutions, licences, sources
-- params:  $as_of date · $institution_id text; null is the whole district
with licensed as (
    select
        institution_id,
        min(coalesce(nullif(number, ''), licence_id)) as licence
    from licences
    where
        kind = 'financial'
        and (valid_from is null or valid_from <= $as_of)
        and (valid_to is null or valid_to > $as_of)
    group by institution_id
)

select
    institutions.institution_id,
    institutions.name,
    nullif(institutions.office, '') as office,
    nullif(institutions.list_origin, '') as list_origin,
    coalesce(own.licence, company.licence) as licence,
    sources.name as source,
    institutions.line
from institutions
left join licensed as own on institutions.institution_id = own.institution_id
left join licensed as company on institutions.party_id = company.institution_id
left join sources on institutions.source_id = sources.source_id
where $institution_id is null or institutions.institution_id = $institution_id
order by institutions.institution_id
