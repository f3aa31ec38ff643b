/*+++
id = "SH-05"
severity = "major"
in_force = {from = "2014-03-01"}
needs = ["roles", "sanctions"]
params = {crime_years = 5, probation_years = 2, bankrupt_years = 3, revoked_years = 3, law_2023_on = 2024-07-01}
derive = {delivered = {}}

[title]
zh = "董监高存在任职资格障碍"
en = "An officer whom the law bars from office"

[logic]
zh = """\
基准日在任的董事、监事、高级管理人员和法定代表人, 任期与下列期间重叠: 因经济犯罪或被剥夺政治权利判刑之日起 {crime_years} 年 (执行期满不早于判决日; \
判决日当日缴清罚金的恰为该日); {law_2023_on} 起任职而被宣告缓刑的, 起 {probation_years} 年; 任董事、经理的企业破产之日起 {bankrupt_years} 年; \
任法定代表人的企业被吊销执照之日起 {revoked_years} 年; {law_2023_on} 起被列为失信被执行人。此前的失信记录不能说明债务是否较大, 刑期届满日不明的, 不作认定。"""
en = """\
A director, supervisor, senior manager or legal representative in office on the day held it within {crime_years} years of \
a sentence for an economic crime or with loss of political rights (it ends no earlier than it was passed; a fine paid that day \
ends then), {probation_years} years where it was suspended and the office began on or after {law_2023_on}; within \
{bankrupt_years} years of the bankruptcy of a company that they directed or managed; within {revoked_years} years of the \
revocation of one that they represented; or from {law_2023_on} on as a listed judgment defaulter. An earlier listing does not \
tell whether the debt is large; where the end of a sentence is unknown, nothing is said."""

[[basis]]
law = {zh = "公司法 (2018)", en = "Company Law (2018)"}
article = "146"
checked = "text"

[[basis]]
law = {zh = "公司法 (2023, 2024-07-01 施行)", en = "Company Law (2023, in force from 2024-07-01)"}
article = "178"
checked = "text"

[[innocent]]
zh = "同名异人: 须核对证件号码"
en = "Somebody of the same name: compare identity numbers"

[[innocent]]
zh = "对企业破产、被吊销不负个人责任, 或已移出失信名单"
en = "Not to blame for the bankruptcy or revocation, or no longer listed as a defaulter"
+++*/
-- facts: one row per office held on the day and sanction that may bar it (none: one row without)
with offices as (
    select
        scope.case_id,
        roles.role_id,
        roles.person_id,
        roles.role,
        roles.valid_from
    from scope
    inner join roles on roles.entity_id in (scope.party_id, scope.institution_id)
    where
        roles.role in ('director', 'supervisor', 'senior_manager', 'legal_representative')
        and roles.person_id is not null
        and not coalesce(roles.claimed_only, false)
        and coalesce(roles.valid_from, $as_of) <= $as_of
        and (roles.valid_to is null or roles.valid_to > $as_of)
),

of_persons as (
    select
        sanctions.party_id as person_id,
        sanctions.sanction_id,
        cast(null as text) as other_role_id,
        sanctions.decided_on,
        sanctions.kind,
        sanctions.detail,
        coalesce(regexp_matches(sanctions.detail, '缓刑'), false) as suspended,
        coalesce(
            regexp_matches(sanctions.detail, '罚金') and regexp_matches(sanctions.detail, '缴清')
            and not regexp_matches(sanctions.detail, '徒刑|拘役|管制|缓刑'), false
        ) as served_at_once,
        case
            when sanctions.kind = 'judgment_defaulter' then 'defaulter'
            when sanctions.detail is null then 'crime_unknown'
            when
                regexp_matches(
                    sanctions.detail,
                    '贪污|贿赂|侵占|挪用|市场经济秩序|集资|公众存款|传销|洗钱|走私|操纵|内幕交易|非法经营|虚开|逃税|偷税|伪造货币'
                    || '|(合同|贷款|票据|信用证|信用卡|保险|金融)[^,。，]{0,4}诈骗|剥夺政治权利'
                )
                then 'crime'
        end as bar
    from sanctions
    where sanctions.kind in ('criminal', 'judgment_defaulter') and sanctions.decided_on <= $as_of
),

of_companies as (
    select
        roles.person_id,
        sanctions.sanction_id,
        roles.role_id as other_role_id,
        sanctions.decided_on,
        sanctions.kind,
        sanctions.detail,
        false as suspended,
        true as served_at_once,
        case sanctions.kind when 'bankruptcy' then 'bankrupt' else 'revoked' end as bar
    from sanctions
    inner join roles on sanctions.party_id = roles.entity_id
    where
        sanctions.decided_on <= $as_of
        and not coalesce(roles.claimed_only, false)
        and coalesce(roles.valid_from, sanctions.decided_on) <= sanctions.decided_on
        and (roles.valid_to is null or roles.valid_to > sanctions.decided_on)
        and (
            (sanctions.kind = 'bankruptcy' and roles.role in ('director', 'senior_manager'))
            or (sanctions.kind = 'licence_revoked' and roles.role = 'legal_representative')
        )
),

bars as (
    select * from of_persons
    where bar is not null
    union all
    select * from of_companies
),

dated as (
    select
        offices.*,
        bars.sanction_id,
        bars.other_role_id,
        bars.decided_on,
        bars.bar,
        bars.suspended,
        bars.served_at_once,
        -- from when on the office is surely held beside the bar
        greatest(coalesce(offices.valid_from, $as_of), bars.decided_on) as both_on,
        cast(
            bars.decided_on + to_years(
                case
                    when bars.bar = 'bankrupt' then $bankrupt_years
                    when bars.bar = 'revoked' then $revoked_years
                    when bars.suspended and greatest(coalesce(offices.valid_from, $as_of), bars.decided_on) >= $law_2023_on
                        then $probation_years
                    else $crime_years
                end
            ) as date
        ) as free_on
    from offices
    left join bars on offices.person_id = bars.person_id
)

select
    *,
    case
        when bar is null then 'fine'
        when bar = 'defaulter' then case when $as_of >= $law_2023_on then 'barred' else 'debt_unknown' end
        when bar = 'crime_unknown' then 'crime_unknown'
        when both_on < free_on then 'barred'
        when valid_from is null then 'start_unknown'
        when served_at_once then 'fine'
        else 'end_unknown'
    end as verdict
from dated;

-- hits: the officer, from the day on which office and bar met
select
    case_id,
    person_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    min(case when bar = 'defaulter' then greatest(both_on, $law_2023_on) else both_on end) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        list_transform(
            list_sort(list_distinct(list_concat(list(role_id), list(other_role_id) filter (where other_role_id is not null)))),
            lambda one: { 'table': 'roles', 'id': one }
        ),
        list_transform(list_sort(list_distinct(list(sanction_id))), lambda one: { 'table': 'sanctions', 'id': one })
    ) as evidence,
    list_transform(
        list_sort(list_distinct(list(bar || ' ' || cast(decided_on as text)))),
        lambda said: { 'code': 'barred_' || split_part(said, ' ', 1), 'v': split_part(said, ' ', 2) }
    ) as detail
from facts
where verdict = 'barred'
group by case_id, person_id;

-- coverage: officers of the day; tested where sanctions were delivered and all of theirs can be judged
with officers as (
    select
        case_id,
        person_id,
        bool_or(verdict = 'barred') as barred,
        bool_or(verdict in ('debt_unknown')) as debt_unknown,
        bool_or(verdict in ('crime_unknown')) as crime_unknown,
        bool_or(verdict in ('start_unknown')) as start_unknown,
        bool_or(verdict in ('end_unknown')) as end_unknown,
        exists(select 1 from delivered where table_name = 'sanctions') as listed
    from facts
    group by case_id, person_id
)

select
    scope.case_id,
    count(officers.person_id) as population,
    count(officers.person_id) filter (
        where officers.barred
        or (
            officers.listed
            and not (officers.debt_unknown or officers.crime_unknown or officers.start_unknown or officers.end_unknown)
        )
    ) as tested,
    [
        { 'code': 'no_officers_of_day', 'v': cast(count(officers.person_id) = 0 as bigint) },
        { 'code': 'debts_unknown', 'v': count(*) filter (where officers.debt_unknown and not officers.barred) },
        { 'code': 'crimes_unknown', 'v': count(*) filter (where officers.crime_unknown and not officers.barred) },
        { 'code': 'offices_undated', 'v': count(*) filter (where officers.start_unknown and not officers.barred) },
        { 'code': 'sentences_open', 'v': count(*) filter (where officers.end_unknown and not officers.barred) }
    ] as why_not
from scope
left join officers on scope.case_id = officers.case_id
group by scope.case_id;
