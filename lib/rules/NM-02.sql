/*+++
id = "NM-02"
severity = "prohibited"
in_force = {from = "2017-12-08"}
needs = ["institutions", "parties"]
params = {line_on = 2016-08-24}
derive = {}

[title]
zh = "专项整治期间新设的网络借贷平台"
en = "Lending platform set up during the rectification"

[logic]
zh = """\
业务类型为网络借贷 (P2P), 运营主体登记日或平台上线日在 {line_on} 之后 (当日不算); 上线日未知时, 该日之后经营范围变更新增网络借贷也算。"""
en = """\
The business is online lending (P2P), and its company was registered or it went on line after {line_on} (that day \
itself is allowed); where it is unknown when it went on line, a later change of scope that adds online lending counts."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(五)2"
checked = "text"

[[basis]]
law = {zh = "网贷整治办函〔2017〕57号 (原则上不予备案)", en = "Rectification Office letter (2017) 57 (no filing in principle)"}
article = "2016-08-24后新设"
checked = "text"

[[innocent]]
zh = "吸收合并、迁址后重新登记, 业务在办法公布前已开展"
en = "Registered anew after a merger or a move; the business is older than the measures"

[[innocent]]
zh = "上线日期填的是新版网站或更名后的日期"
en = "The day on line is that of a new website or a new name"
+++*/
-- facts: one row per platform: its days, and the changes by which its scope came to contain online lending
with changes as (
    select
        scope.case_id,
        registry_changes.change_id,
        registry_changes.changed_on
    from scope
    inner join registry_changes on scope.party_id = registry_changes.entity_id
    where
        contains(registry_changes.item, '经营范围')
        and registry_changes.changed_on > $line_on
        and registry_changes.changed_on <= $as_of
        and regexp_matches(
            regexp_replace(
                registry_changes.after_text, '(不得|不准|不可|禁止|严禁|未经|不含|不包括|不从事)[^。;；,，()（）]*', '', 'g'
            ),
            '网络借贷|网贷|(?i:p2p)'
        )
        and not regexp_matches(coalesce(registry_changes.before_text, ''), '网络借贷|网贷|(?i:p2p)')
),

dated as (
    select
        scope.case_id,
        institutions.institution_id,
        institutions.online_on,
        parties.party_id,
        parties.registered_on,
        regexp_matches(institutions.business_types, '网络借贷|网贷|(?i:p2p)') as is_platform,
        (select min(changed_on) from changes where changes.case_id = scope.case_id) as scope_on,
        (select list(change_id order by change_id) from changes where changes.case_id = scope.case_id) as change_ids
    from scope
    inner join institutions on scope.institution_id = institutions.institution_id
    left join parties on scope.party_id = parties.party_id
)

select
    *,
    coalesce(registered_on > $line_on and registered_on <= $as_of, false) as late_registered,
    coalesce(online_on > $line_on and online_on <= $as_of, false) as late_online,
    online_on is null and scope_on is not null as late_scope
from dated;

-- hits: the platform, from the first of its days after the line
select
    case_id,
    institution_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    least(
        case when late_registered then registered_on end,
        case when late_online then online_on end,
        case when late_scope then scope_on end
    ) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'institutions', 'id': institution_id }],
        case when late_registered then [{ 'table': 'parties', 'id': party_id }] else [] end,
        case
            when late_scope then list_transform(change_ids, lambda change_id: { 'table': 'registry_changes', 'id': change_id })
            else []
        end
    ) as evidence,
    list_filter(
        [
            { 'code': 'registered_on', 'v': case when late_registered then cast(registered_on as text) end },
            { 'code': 'online_on', 'v': case when late_online then cast(online_on as text) end },
            { 'code': 'scope_changed_on', 'v': case when late_scope then cast(scope_on as text) end }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where is_platform and (late_registered or late_online or late_scope);

-- coverage: platforms; tested where a day after the line is known, or both days are and neither is
select
    scope.case_id,
    count(facts.case_id) filter (where facts.is_platform is distinct from false) as population,
    count(facts.case_id) filter (
        where facts.is_platform
        and (
            facts.late_registered or facts.late_online or facts.late_scope
            or (facts.registered_on is not null and facts.online_on is not null)
        )
    ) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_business_type', 'v': count(*) filter (where facts.case_id is not null and facts.is_platform is null) },
        { 'code': 'not_p2p', 'v': count(*) filter (where not facts.is_platform) },
        { 'code': 'no_registered_day', 'v': count(*) filter (where facts.is_platform and facts.registered_on is null) },
        { 'code': 'no_online_day', 'v': count(*) filter (where facts.is_platform and facts.online_on is null) }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
