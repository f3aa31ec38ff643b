/*+++
id = "NM-03"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["licences"]
params = {}
derive = {related = {}}

[title]
zh = "网站可访问而无 ICP 备案、增值电信业务许可或等级保护备案"
en = "A site that answers without ICP filing, telecom licence or security filing"

[logic]
zh = """\
最近一次核查时网站可访问, 而核查日没有有效的 ICP 备案、增值电信业务许可或信息系统等级保护备案; 由关联方持有的也算有。\
只检验许可备案表中有其记录的平台, 该表视为完整; 开户、支付的准入没有数据, 不检验。"""
en = """\
When last looked at, the site answered, and on that day no ICP filing, value-added telecom licence or security-level \
filing was valid; one held by a related party counts. Only platforms that stand in the table of licences are tested, \
which is taken as complete; admission to bank accounts and payment is not tested, for want of data."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(五)3"
checked = "text"

[[basis]]
law = {zh = "网贷机构整改验收自查表", en = "Acceptance form of the rectification of lending platforms"}
article = "1-3"
checked = "text"

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "5, 18"
checked = "memory"

[[innocent]]
zh = "许可由集团公司持有, 而集团关系未提供"
en = "The licence is held by a company of the group, and that tie was not delivered"

[[innocent]]
zh = "许可正在办理或续期, 或许可备案清单不完整"
en = "Applied for or being renewed, or the list of licences is incomplete"
+++*/
-- facts: one row per platform and kind of licence: whether it was held on the day on which the site was last looked at
with kinds as (
    select unnest(['icp', 'telecom', 'security_level']) as kind
),

held as (
    select distinct
        scope.case_id,
        licences.*
    from scope
    inner join licences on licences.institution_id in (scope.institution_id, scope.party_id)
    where scope.institution_id is not null
),

looks as (
    select
        case_id,
        max(site_checked_on) as checked_on,
        arg_max(site_alive, site_checked_on) as alive,
        arg_max(licence_id, site_checked_on) as look_id
    from held
    where site_checked_on <= $as_of and site_alive is not null
    group by case_id
),

of_group as (
    select
        related.case_id,
        licences.*
    from related
    inner join licences on related.party_id = licences.institution_id
    where related.reason <> 'self'
),

papers as (
    select
        case_id,
        list(licence_id order by licence_id) as licence_ids
    from held
    group by case_id
),

everybody as (
    select case_id, licence_id, kind, number, valid_from, valid_to, false as other from held
    union all
    select case_id, licence_id, kind, number, valid_from, valid_to, true as other from of_group
),

valid as (
    select
        looks.case_id,
        everybody.kind,
        bool_or(everybody.number is not null) as numbered,
        bool_and(everybody.other) as of_other,
        list(everybody.licence_id order by everybody.licence_id) as licence_ids
    from looks
    inner join everybody on looks.case_id = everybody.case_id
    where
        coalesce(everybody.valid_from, looks.checked_on) <= looks.checked_on
        and (everybody.valid_to is null or everybody.valid_to > looks.checked_on)
    group by looks.case_id, everybody.kind
)

select
    scope.case_id,
    scope.institution_id,
    kinds.kind,
    looks.checked_on,
    looks.alive,
    looks.look_id,
    valid.numbered,
    valid.of_other,
    papers.licence_ids,
    case
        when papers.case_id is null then 'no_licences'
        when looks.checked_on is null then 'site_not_checked'
        when not looks.alive then 'fine'
        when valid.kind is null then 'lacking'
        when valid.numbered then 'fine'
        else 'licence_without_number'
    end as verdict
from scope
cross join kinds
left join papers on scope.case_id = papers.case_id
left join looks on scope.case_id = looks.case_id
left join valid on scope.case_id = valid.case_id and kinds.kind = valid.kind
where scope.institution_id is not null;

-- hits: the platform and what it lacked on the day on which its site answered
select
    case_id,
    institution_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    any_value(checked_on) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_transform(
        list_sort(list_distinct(list_append(any_value(licence_ids), any_value(look_id)))),
        lambda licence_id: { 'table': 'licences', 'id': licence_id }
    ) as evidence,
    list_concat(
        [{ 'code': 'site_answered_on', 'v': cast(any_value(checked_on) as text) }],
        list({ 'code': 'lacks_' || kind, 'v': '1' } order by kind)
    ) as detail
from facts
where verdict = 'lacking'
group by case_id, institution_id;

-- coverage: the three papers of each platform
select
    scope.case_id,
    count(facts.kind) as population,
    count(facts.kind) filter (where facts.verdict in ('fine', 'lacking')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_licences', 'v': cast(coalesce(bool_or(facts.verdict = 'no_licences'), false) as bigint) },
        { 'code': 'site_not_checked', 'v': cast(coalesce(bool_or(facts.verdict = 'site_not_checked'), false) as bigint) },
        { 'code': 'licence_without_number', 'v': count(*) filter (where facts.verdict = 'licence_without_number') }
    ] as why_not,
    [
        { 'code': 'site_closed', 'v': cast(coalesce(bool_or(not facts.alive), false) as bigint) },
        { 'code': 'licence_of_related', 'v': count(*) filter (where facts.alive and facts.of_other) }
    ] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
