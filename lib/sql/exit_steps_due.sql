-- exit_steps_due: steps of the exit plan in force that were due before a day
-- grain:   one row per institution and step
-- inputs:  exit_steps, exit_plans, sources
-- params:  $ids list of institutions · $as_of date
--
-- In force is the version submitted last by then. What was paid is what the institution reports.
with in_force as (
    select
        institution_id,
        arg_max(plan_version, (submitted_on, plan_version)) as plan_version
    from exit_plans
    where submitted_on <= $as_of and institution_id in (select unnest(cast($ids as text[])))
    group by institution_id
)

select
    exit_steps.institution_id,
    exit_steps.plan_version,
    exit_steps.step,
    exit_steps.due_on,
    exit_steps.planned_yuan,
    exit_steps.paid_yuan,
    [struct_pack(source := sources.name, line := exit_steps.line)] as place
from exit_steps
inner join in_force
    on exit_steps.institution_id = in_force.institution_id and exit_steps.plan_version = in_force.plan_version
left join sources on exit_steps.source_id = sources.source_id
where exit_steps.due_on < $as_of
order by exit_steps.institution_id, exit_steps.due_on, exit_steps.step
