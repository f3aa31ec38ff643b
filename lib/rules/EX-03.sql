/*+++
id = "EX-03"
severity = "minor"
in_force = {}
needs = ["exit_plans"]
derive = {}

[params]
required = "工作组;退出原因;退出时限;还款计划;纠纷调解;存量项目清单;借款人清单;出借人清单;资产负债表;财产清单;业务风险分析;审计报告或三年报表;应急预案;股东及董监高承诺"

[title]
zh = "退出方案要素不全"
en = "Exit plan incomplete"

[logic]
zh = "最近一版退出方案的已有章节中, 缺少下列任何一项 (章节名称包含该词即算有, “或” 表示任取其一): {required}。各清单的逐行完整性不检验。"
en = """\
The sections of the latest exit plan lack one of these (a section whose title contains the words has it, 或 means either): \
{required}. Whether each list is complete row by row is not tested."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(三)2"
checked = "text"

[[basis]]
law = {zh = "北京市网络借贷信息中介机构业务退出规程", en = "Beijing rules on the exit of lending platforms"}
article = "8"
checked = "text"

[[basis]]
law = {zh = "深圳市网络借贷信息中介机构良性退出指引", en = "Shenzhen guide to the orderly exit of lending platforms"}
article = "计划书"
checked = "text"

[[innocent]]
zh = "内容写在另一标题的章节或附件中"
en = "It stands in a section of another title, or in an annex"

[[innocent]]
zh = "北京、深圳的规程在本地只供参照"
en = "The rules of Beijing and Shenzhen are only a guide elsewhere"
+++*/
-- facts: one row per plan, the latest version of each institution, and what it lacks; null where its sections are unknown
with latest as (
    select
        exit_plans.institution_id,
        exit_plans.plan_version,
        exit_plans.submitted_on,
        list_filter(
            list_transform(regexp_split_to_array(exit_plans.sections, '[;；、,，\n]'), lambda s: trim(s)), lambda s: s <> ''
        )
            as present
    from exit_plans
    where coalesce(exit_plans.submitted_on, $as_of) <= $as_of
    qualify row_number() over (
        partition by exit_plans.institution_id
        order by exit_plans.submitted_on desc nulls last, exit_plans.plan_version desc
    ) = 1
)

select
    scope.case_id,
    latest.*,
    list_filter(
        string_split($required, ';'),
        lambda wanted: not list_bool_or(
            list_transform(
                latest.present,
                lambda section: list_bool_or(list_transform(string_split(wanted, '或'), lambda word: contains(section, word)))
            )
        )
    ) as lacking
from scope
inner join latest on scope.institution_id = latest.institution_id;

-- hits: the institution and what its plan lacks
select
    case_id,
    institution_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    submitted_on as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'exit_plans', 'id': concat_ws('|', institution_id, plan_version) }] as evidence,
    [
        { 'code': 'plan_version', 'v': plan_version },
        { 'code': 'plan_lacks', 'v': array_to_string(lacking, '、') }
    ] as detail
from facts
where len(present) > 0 and len(lacking) > 0;

-- coverage: one plan per institution
select
    scope.case_id,
    count(facts.case_id) as population,
    count(facts.case_id) filter (where len(facts.present) > 0) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_exit_plan', 'v': cast(scope.institution_id is not null and count(facts.case_id) = 0 as bigint) },
        { 'code': 'no_sections', 'v': count(facts.case_id) filter (where coalesce(len(facts.present), 0) = 0) }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
