/*+++
id = "SH-02"
severity = "major"
in_force = {}
needs = ["holdings", "disclosures"]
params = {}
derive = {declared = {}}

[title]
zh = "实际控制人或受益所有人与披露不符"
en = "Controller or beneficial owner other than declared"

[logic]
zh = """\
各渠道最近一次披露的实际控制人、受益所有人, 与披露统计日当日按持股、代持、一致行动和协议控制记录认定的不一致 (受益所有人按当日施行的定义); \
名称是否同一有疑问的、控制链止于股东不详企业的、按记录无法认定的, 不作比较。"""
en = """\
The controller or beneficial owner last declared in each channel is not the one that holdings, nominees, agreements and \
contracts show for the very day it was declared of (beneficial owners by the definition in force then); nothing is compared \
where names are in doubt, the chain ends in a company whose holders are unknown, or the records name nobody."""

[[basis]]
law = {zh = "公司法 (2018: 216(3); 2023: 265(3))", en = "Company Law (2018: 216(3); 2023: 265(3))"}
article = "216(3); 265(3)"
checked = "text"

[[basis]]
law = {zh = "受益所有人信息管理办法 (2024-11-01 起, ≥25%)", en = "Measures on beneficial owner information (from 2024-11-01, 25 % or more)"}
article = "6"
checked = "text"

[[basis]]
law = {zh = "银发〔2017〕235号 (2017-10-20 起, 超过25%)", en = "PBoC notice Yinfa (2017) 235 (from 2017-10-20, more than 25 %)"}
article = "-"
checked = "memory"

[[innocent]]
zh = "控制权在统计日前后变更, 工商登记滞后"
en = "Control changed about that day, and the register lags behind"

[[innocent]]
zh = "以协议、亲属或人事安排形成的实际控制未提供资料"
en = "Control by agreement, family or appointment, of which no record was delivered"
+++*/
-- facts: one row per disclosure of controller or beneficial owner
select
    declared.*,
    scope.party_id as subject_id,
    disclosures.as_of_on
from declared
inner join scope on declared.case_id = scope.case_id
inner join disclosures on declared.disclosure_id = disclosures.disclosure_id;

-- hits: the company, and what its institution declared
select
    case_id,
    subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    as_of_on as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'disclosures', 'id': disclosure_id }],
        list_transform(holding_ids, lambda holding_id: { 'table': 'holdings', 'id': holding_id })
    ) as evidence,
    list_filter(
        [
            {
                'code': case when what = 'controller' then 'said_of_controller' else 'said_of_owner' end,
                'v': array_to_string(found, '、')
            },
            { 'code': 'declared_lacking', 'v': nullif(array_to_string(lacking, '、'), '') },
            { 'code': 'declared_added', 'v': nullif(array_to_string(added, '、'), '') }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where verdict = 'different';

-- coverage: the last disclosures of controller and beneficial owner
select
    scope.case_id,
    count(facts.verdict) filter (where facts.verdict <> 'no_law') as population,
    count(facts.verdict) filter (where facts.verdict in ('same', 'different')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_declared', 'v': cast(scope.institution_id is not null and count(facts.verdict) = 0 as bigint) },
        { 'code': 'declared_unclear', 'v': count(*) filter (where facts.verdict = 'unclear') },
        { 'code': 'declared_nobody', 'v': count(*) filter (where facts.verdict = 'nobody') },
        { 'code': 'declared_open', 'v': count(*) filter (where facts.verdict = 'open') }
    ] as why_not,
    [{ 'code': 'no_owner_law', 'v': count(*) filter (where facts.verdict = 'no_law') }] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
