/*+++
id = "SH-06"
severity = "minor"
in_force = {}
needs = ["roles"]
params = {overlap_days = 90}
derive = {}

[title]
zh = "履历不实"
en = "A career that does not hold"

[logic]
zh = """\
基准日在任的董监高、法定代表人自述的任职: 两家单位的全职任职重叠超过 {overlap_days} 天; 或单位成立晚于自述的开始日; 或单位在自述的结束日之前注销; \
或自述的登记类职务 (法定代表人、董事、监事、高管) 与该单位已提供的任职登记不符。员工等无须登记的职务不与登记比对。"""
en = """\
What officers in office on the day asked claim of their careers: full-time posts in two places overlap by more than \
{overlap_days} days; or a place was founded after its claimed start, or was struck off before its claimed end; or an office \
that registers show (legal representative, director, supervisor, senior manager) is not on record there. Posts that \
no register lists are not compared with it."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号 现场检查 (履历的真实性)", en = "Notice Zheng Jing Guan Ban (2018) 109, on-site inspection: careers"}
article = "二(二)"
checked = "text"

[[innocent]]
zh = "职务未在工商登记, 或登记在集团另一家公司"
en = "An office that was not registered, or registered at another company of the group"

[[innocent]]
zh = "离职手续与入职日期交叉, 或记忆有误"
en = "Leaving and joining crossed, or memory is inexact"
+++*/
-- facts: one row per claimed post of an officer, and what speaks against it
with officers as (
    select distinct
        scope.case_id,
        roles.person_id
    from scope
    inner join roles on roles.entity_id in (scope.party_id, scope.institution_id)
    where
        roles.role in ('director', 'supervisor', 'senior_manager', 'legal_representative')
        and roles.person_id is not null
        and not coalesce(roles.claimed_only, false)
        and coalesce(roles.valid_from, $as_of) <= $as_of
        and (roles.valid_to is null or roles.valid_to > $as_of)
),

claims as (
    select
        officers.case_id,
        roles.*
    from officers
    inner join roles on officers.person_id = roles.person_id
    where roles.claimed_only and roles.entity_id is not null
),

crossed as (
    select
        one.case_id,
        one.role_id,
        max(
            date_diff(
                'day',
                greatest(one.valid_from, other.valid_from),
                least(coalesce(one.valid_to, $as_of), coalesce(other.valid_to, $as_of))
            )
        ) as days
    from claims as one
    inner join claims as other
        on one.case_id = other.case_id and one.person_id = other.person_id and one.entity_id <> other.entity_id
    where
        one.role in ('senior_manager', 'staff')
        and other.role in ('senior_manager', 'staff')
        and one.valid_from is not null
        and other.valid_from is not null
    group by one.case_id, one.role_id
),

registers as (
    select
        claims.case_id,
        claims.role_id,
        bool_or(
            registered.person_id = claims.person_id
            and coalesce(registered.valid_from < coalesce(claims.valid_to, $as_of + 1), true)
            and coalesce(registered.valid_to > claims.valid_from, true)
        ) as supported
    from claims
    inner join roles as registered on claims.entity_id = registered.entity_id
    where
        not coalesce(registered.claimed_only, false)
        and registered.role in ('director', 'supervisor', 'senior_manager', 'legal_representative')
    group by claims.case_id, claims.role_id
),

struck as (
    select
        claims.case_id,
        claims.role_id,
        min(registry_changes.changed_on) as struck_on,
        min(registry_changes.change_id) as change_id
    from claims
    inner join registry_changes on claims.entity_id = registry_changes.entity_id
    where contains(registry_changes.item, '注销') and registry_changes.changed_on < coalesce(claims.valid_to, $as_of)
    group by claims.case_id, claims.role_id
)

select
    claims.case_id,
    claims.role_id,
    claims.person_id,
    claims.entity_id,
    claims.valid_from,
    claims.valid_to,
    crossed.days,
    parties.registered_on,
    struck.struck_on,
    struck.change_id,
    coalesce(crossed.days > $overlap_days, false) as crosses,
    coalesce(parties.registered_on > claims.valid_from, false) as before_founding,
    struck.role_id is not null as after_end,
    claims.role in ('director', 'supervisor', 'senior_manager', 'legal_representative')
    and coalesce(not registers.supported, false) as unsupported,
    claims.valid_from is not null
    and parties.registered_on is not null
    and (
        registers.role_id is not null
        or claims.role not in ('director', 'supervisor', 'senior_manager', 'legal_representative')
    ) as testable
from claims
left join parties on claims.entity_id = parties.party_id
left join crossed on claims.case_id = crossed.case_id and claims.role_id = crossed.role_id
left join registers on claims.case_id = registers.case_id and claims.role_id = registers.role_id
left join struck on claims.case_id = struck.case_id and claims.role_id = struck.role_id;

-- hits: the officer, and the claims that do not hold
select
    case_id,
    person_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    min(valid_from) as first_on,
    max(valid_to) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        list({ 'table': 'roles', 'id': role_id } order by role_id),
        list_sort(list_distinct(list({ 'table': 'parties', 'id': entity_id }) filter (where before_founding))),
        list_sort(list_distinct(list({ 'table': 'registry_changes', 'id': change_id }) filter (where after_end)))
    ) as evidence,
    list_filter(
        [
            { 'code': 'posts_overlap', 'v': cast(max(days) filter (where crosses) as text) },
            { 'code': 'post_before_founding', 'v': nullif(cast(count(*) filter (where before_founding) as text), '0') },
            { 'code': 'post_after_end', 'v': nullif(cast(count(*) filter (where after_end) as text), '0') },
            { 'code': 'post_not_registered', 'v': nullif(cast(count(*) filter (where unsupported) as text), '0') }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where crosses or before_founding or after_end or unsupported
group by case_id, person_id;

-- coverage: claimed posts of officers
select
    scope.case_id,
    count(facts.role_id) as population,
    count(facts.role_id) filter (
        where facts.testable or facts.crosses or facts.before_founding or facts.after_end or facts.unsupported
    ) as tested,
    [
        { 'code': 'no_claims', 'v': cast(count(facts.role_id) = 0 as bigint) },
        {
            'code': 'claims_unverifiable',
            'v': count(facts.role_id) filter (
                where not (facts.testable or facts.crosses or facts.before_founding or facts.after_end or facts.unsupported)
            )
        }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id;
