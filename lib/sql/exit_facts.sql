-- exit_facts: what is known on a day of the exit of each institution: its plans, and the looks at its website
-- grain:   one row per institution asked
-- inputs:  exit_plans, licences, sources
-- params:  $ids list of institutions · $as_of date
--
-- first_…: the plan submitted first; last_…: the version submitted last; alive_on, closed_on: the last look at which the site
-- answered, and the first one after that at which it did not. Lists hold file and line.
with asked as (
    select unnest(cast($ids as text[])) as institution_id
),

submitted as (
    select
        exit_plans.institution_id,
        exit_plans.submitted_on,
        exit_plans.ends_on,
        [struct_pack(source := sources.name, line := exit_plans.line)] as place,
        row_number() over (
            partition by exit_plans.institution_id order by exit_plans.submitted_on, exit_plans.plan_version, exit_plans.line
        ) as version,
        count(*) over (partition by exit_plans.institution_id) as versions
    from exit_plans
    left join sources on exit_plans.source_id = sources.source_id
    where exit_plans.submitted_on <= $as_of
),

plans as (
    select
        institution_id,
        min(submitted_on) as first_on,
        any_value(place) filter (where version = 1) as first_place,
        any_value(ends_on) filter (where version = versions) as ends_on,
        any_value(place) filter (where version = versions) as last_place
    from submitted
    group by institution_id
),

undated as (
    select
        institution_id,
        count(*) as n
    from exit_plans
    where submitted_on is null
    group by institution_id
),

looks as (
    select
        licences.institution_id,
        licences.site_checked_on,
        licences.site_alive,
        [struct_pack(source := sources.name, line := licences.line)] as place,
        max(licences.site_checked_on) filter (where licences.site_alive) over (
            partition by licences.institution_id
        ) as alive_on
    from licences
    left join sources on licences.source_id = sources.source_id
    where licences.site_checked_on <= $as_of and licences.site_alive is not null
),

sites as (
    select
        institution_id,
        max(alive_on) as alive_on,
        any_value(place) filter (where site_alive and site_checked_on = alive_on) as alive_place,
        min(site_checked_on) filter (where alive_on is null or site_checked_on > alive_on) as closed_on,
        arg_min(place, site_checked_on) filter (where alive_on is null or site_checked_on > alive_on) as closed_place
    from looks
    group by institution_id
)

select
    asked.institution_id,
    plans.first_on,
    plans.first_place,
    plans.ends_on,
    plans.last_place,
    coalesce(undated.n, 0) as undated,
    sites.alive_on,
    sites.alive_place,
    sites.closed_on,
    sites.closed_place
from asked
left join plans on asked.institution_id = plans.institution_id
left join undated on asked.institution_id = undated.institution_id
left join sites on asked.institution_id = sites.institution_id
order by asked.institution_id
