-- institution_parties: the operating companies of institutions that no file of parties names
-- grain:   one row per operating company
-- inputs:  institutions, parties
-- params:  none
--
-- Such a row has the source and line of its institution: by that it is known, and made anew at each import.
select
    coalesce(institutions.party_id, institutions.institution_id) as party_id,
    'company' as kind,
    arg_min(institutions.name, (institutions.source_id, institutions.line)) as name,
    arg_min(institutions.source_id, (institutions.source_id, institutions.line)) as source_id,
    arg_min(institutions.line, (institutions.source_id, institutions.line)) as line
from institutions
anti join parties on coalesce(institutions.party_id, institutions.institution_id) = parties.party_id
group by coalesce(institutions.party_id, institutions.institution_id)
order by party_id
