-- grades_given: grades that were delivered, with the file and line of each
-- grain:   one row per institution and day of grading
-- inputs:  grades, sources
-- params:  none
select
    grades.institution_id,
    grades.graded_on,
    grades.grade,
    grades.who,
    grades.why,
    coalesce(sources.name, 'grades') as source,
    grades.line
from grades
left join sources on grades.source_id = sources.source_id
where grades.institution_id is not null and grades.grade is not null and grades.graded_on is not null
order by grades.graded_on, sources.seq, grades.line, grades.institution_id
