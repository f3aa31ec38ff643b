/*+++
id = "EX-05"
severity = "prohibited"
in_force = {}
needs = ["exit_plans", "loans"]
params = {}
derive = {}

[title]
zh = "退出期新增业务"
en = "New business during the exit"

[logic]
zh = """\
在当日有效的退出方案 (当日以前最近提交的一版) 所载退出开始日当日或其后上标或签订合同; 标的或合同写明是经批准 (同意、批复) 的存量债务重组的, \
不列为疑点而列入备注。"""
en = """\
A listing was opened or a contract signed on or after the day on which the exit began by the plan in force (the last one \
submitted by that day); those that say they restructure existing debt with approval (同意, 批复, 批准) are noted, not listed."""

[[basis]]
law.zh = "皖互金整治办〔2020〕42号 (坚决防止复发新标; 安徽文件, 供参照)"
law.en = "Anhui rectification office (2020) 42: no new listings (a guide elsewhere)"
article = "-"
checked = "text"

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(三)2"
checked = "text"

[[innocent]]
zh = "经批准的存量债务重组, 合同未写明"
en = "An approved restructuring of existing debt that the contract does not name"

[[innocent]]
zh = "退出开始前已满标, 合同补签"
en = "Filled before the exit began, and signed late"
+++*/
-- facts: one row per contract, and per listing without one, of an institution with an exit plan: whether it falls into the exit
with plans as (
    select
        institution_id,
        plan_version,
        starts_on,
        coalesce(submitted_on, approved_on, starts_on) as known_on
    from exit_plans
),

planned as (
    select
        scope.case_id,
        scope.institution_id
    from scope
    where scope.institution_id in (select plans.institution_id from plans where coalesce(plans.known_on, $as_of) <= $as_of)
),

acts as (
    select
        planned.case_id,
        planned.institution_id,
        'loans' as table_name,
        loans.loan_id as act_id,
        projects.project_id,
        coalesce(loans.signed_on, loans.started_on, cast(projects.listed_at as date)) as on_day,
        loans.principal_yuan as amount_yuan,
        concat_ws(' ', loans.purpose, loans.status) as said
    from planned
    inner join loans on planned.institution_id = loans.institution_id
    left join projects on loans.project_id = projects.project_id
    where coalesce(loans.signed_on, loans.started_on, cast(projects.listed_at as date), $as_of) <= $as_of
    union all
    select
        planned.case_id,
        planned.institution_id,
        'projects' as table_name,
        projects.project_id as act_id,
        projects.project_id,
        cast(projects.listed_at as date) as on_day,
        projects.amount_yuan,
        concat_ws(' ', projects.title, projects.purpose) as said
    from planned
    inner join projects on planned.institution_id = projects.institution_id
    anti join loans on projects.project_id = loans.project_id
    where coalesce(cast(projects.listed_at as date), $as_of) <= $as_of
),

in_force as (
    select
        acts.case_id,
        acts.table_name,
        acts.act_id,
        plans.plan_version,
        plans.starts_on
    from acts
    inner join plans on acts.institution_id = plans.institution_id and acts.on_day >= plans.known_on
    qualify row_number() over (
        partition by acts.case_id, acts.table_name, acts.act_id order by plans.known_on desc, plans.plan_version desc
    ) = 1
),

open_plans as (
    -- a plan of which nobody knows when it came or when the exit began
    select distinct institution_id
    from plans
    where known_on is null or starts_on is null
)

select
    acts.*,
    in_force.plan_version,
    in_force.starts_on,
    acts.on_day >= in_force.starts_on as in_exit,
    contains(acts.said, '重组') and regexp_matches(acts.said, '批复|批准|同意') as restructured,
    acts.on_day is not null
    and case
        when in_force.act_id is not null then in_force.starts_on is not null
        else open_plans.institution_id is null
    end as tested
from acts
left join in_force
    on acts.case_id = in_force.case_id and acts.table_name = in_force.table_name and acts.act_id = in_force.act_id
left join open_plans on acts.institution_id = open_plans.institution_id;

-- hits: the contract or the listing
select
    case_id,
    act_id as subject_id,
    amount_yuan,
    on_day as first_on,
    on_day as last_on,
    cast(1 as double) as confidence,
    list_filter(
        [
            { 'table': table_name, 'id': act_id },
            { 'table': 'projects', 'id': case when table_name = 'loans' then project_id end },
            { 'table': 'exit_plans', 'id': concat_ws('|', institution_id, plan_version) }
        ],
        lambda item: item.id is not null
    ) as evidence,
    [{ 'code': 'exit_began_on', 'v': cast(starts_on as text) }] as detail
from facts
where in_exit and not restructured;

-- coverage: contracts, and listings without one, of institutions with an exit plan
select
    scope.case_id,
    count(facts.act_id)
    + cast(
        count(facts.act_id) > 0
        and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
    ) as population,
    count(facts.act_id) filter (where facts.tested) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_exit_plan',
            'v': cast(
                scope.institution_id is not null
                and not exists (
                    select 1 from exit_plans
                    where
                        exit_plans.institution_id = scope.institution_id
                        and coalesce(exit_plans.submitted_on, exit_plans.approved_on, exit_plans.starts_on, $as_of) <= $as_of
                ) as bigint
            )
        },
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null
                and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'unknown_day_of_act', 'v': count(facts.act_id) filter (where facts.on_day is null) },
        {
            'code': 'no_exit_start',
            'v': cast(count(facts.act_id) filter (where facts.on_day is not null and not facts.tested) > 0 as bigint)
        }
    ] as why_not,
    [{ 'code': 'restructured', 'v': count(facts.act_id) filter (where facts.in_exit and facts.restructured) }] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
