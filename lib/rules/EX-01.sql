/*+++
id = "EX-01"
severity = "major"
in_force = {}
needs = ["institutions", "exit_plans"]
params = {plan_by_on = 2018-09-30}
derive = {delivered = {}}

[title]
zh = "未按期制订退出方案"
en = "Exit plan not made in time"

[logic]
zh = """\
未纳入整改类的 P2P 和网络小额贷款平台, 没有在 {plan_by_on} 以前 (含当日) 提交的退出方案; 退出方案表已提供而其中没有提交记录的, 视为未提交。"""
en = """\
A P2P or online micro-lending platform outside the class to be rectified has no exit plan submitted by {plan_by_on} (that \
day included); where the table of plans was delivered and shows no submission, none was made."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(三)1"
checked = "text"

[[innocent]]
zh = "已由公安机关立案, 不再要求自行退出"
en = "A criminal case was opened, and an exit of its own is no longer asked for"

[[innocent]]
zh = "通知本身晚于该期限, 应以省市通知送达日计算; 或提交日期未录入"
en = "The notice itself is younger than the day: count from the earlier notice of province and city; or the day was not entered"
+++*/
-- facts: one row per platform that is to leave, or may be: when its plan was submitted, as far as the day asked knows
with plans as (
    select
        institution_id,
        min(submitted_on) filter (where submitted_on <= $as_of) as submitted_on,
        -- one that was approved was submitted, if on a day that nobody entered
        min(approved_on) filter (where submitted_on is null and approved_on <= $as_of) as approved_on,
        list(concat_ws('|', institution_id, plan_version) order by plan_version) as plan_ids
    from exit_plans
    group by institution_id
)

select
    scope.case_id,
    institutions.institution_id,
    plans.submitted_on,
    plans.plan_ids,
    case
        when institutions.disposal_class is null then 'no_class'
        when institutions.disposal_class in ('rectify', '整改', '整改类') then 'rectified'
        when institutions.business_types is null then 'no_business_type'
        when not regexp_matches(institutions.business_types, '网络借贷|网贷|(?i:p2p)|网络小额|网络小贷') then 'other_business'
        when not exists (select 1 from delivered where table_name = 'exit_plans') then 'no_plans'
        when plans.submitted_on <= $plan_by_on then 'fine'
        when plans.approved_on <= $plan_by_on then 'fine'
        when $as_of <= $plan_by_on then 'not_due'
        when plans.submitted_on is null and plans.approved_on is not null then 'no_submission_day'
        else 'late'
    end as verdict
from scope
inner join institutions on scope.institution_id = institutions.institution_id
left join plans on scope.institution_id = plans.institution_id;

-- hits: the platform, from the day after the plan was due to the day on which it came
select
    case_id,
    institution_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    $plan_by_on + 1 as first_on,
    submitted_on as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'institutions', 'id': institution_id }],
        list_transform(coalesce(plan_ids, []), lambda plan_id: { 'table': 'exit_plans', 'id': plan_id })
    ) as evidence,
    [
        case
            when submitted_on is not null then { 'code': 'plan_submitted_on', 'v': cast(submitted_on as text) }
            when plan_ids is not null then { 'code': 'plan_never_submitted', 'v': '1' }
            else { 'code': 'plan_missing', 'v': '1' }
        end
    ] as detail
from facts
where verdict = 'late';

-- coverage: one plan per platform that is to leave
select
    scope.case_id,
    count(facts.case_id) filter (where facts.verdict not in ('rectified', 'other_business')) as population,
    count(facts.case_id) filter (where facts.verdict in ('fine', 'late')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_class', 'v': count(*) filter (where facts.verdict = 'no_class') },
        { 'code': 'no_business_type', 'v': count(*) filter (where facts.verdict = 'no_business_type') },
        { 'code': 'rectified', 'v': count(*) filter (where facts.verdict = 'rectified') },
        { 'code': 'no_exit_business', 'v': count(*) filter (where facts.verdict = 'other_business') },
        { 'code': 'not_due', 'v': count(*) filter (where facts.verdict = 'not_due') },
        { 'code': 'no_submission_day', 'v': count(*) filter (where facts.verdict = 'no_submission_day') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
