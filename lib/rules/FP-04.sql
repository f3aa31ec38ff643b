/*+++
id = "FP-04"
severity = "minor"
in_force = {from = "2016-08-24"}
needs = ["projects"]
params = {workdays = 20}
derive = {}

[title]
zh = "募集期缺失或超过 {workdays} 个工作日"
en = "No fund-raising period, or one above {workdays} working days"

[logic]
zh = """\
标的没有募集截止日期 (同平台其他标的有), 或上标次日至满标日 (未满标的至截止日) 的工作日超过 {workdays} 个。工作日历未提供的年份,\
 只把不可能放假或调休的日子 (3月5日至25日、4月10日至21日、5月13日至24日、7月、8月28日以前、10月13日至31日、11月、\
12月25日以前) 按周一至周五计, 其余日子视为未知。"""
en = """\
A listing has no deadline (others of the platform have one), or more than {workdays} working days lie \
between the listing and the day on which it was full (its deadline, if it never was). In years without a \
calendar only days that cannot be moved (5 to 25 March, 10 to 21 April, 13 to 24 May, July, August until the \
28th, from 13 October, November, December until the 25th) are counted as Monday to Friday; of others nothing \
is known."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "19"
checked = "text"

[[basis]]
law = {zh = "没有日历时的推算为设计设定", en = "What is reckoned without a calendar: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "重新上标而沿用旧编号, 或新编号下的续募"
en = "Listed again under the old number, or continued under a new one"
+++*/
-- facts: one row per listing of the platform since the measures: working days at least and at most
with known_years as (
    select distinct year(day_on) as known_year
    from workdays
),

dated as (
    select distinct institution_id
    from projects
    where deadline_on is not null
),

listed as (
    select
        scope.case_id,
        projects.project_id,
        projects.amount_yuan,
        cast(projects.listed_at as date) as listed_on,
        projects.deadline_on,
        coalesce(cast(projects.full_at as date), projects.deadline_on) as end_on,
        dated.institution_id is not null as has_deadlines
    from scope
    inner join projects on scope.institution_id = projects.institution_id
    left join dated on projects.institution_id = dated.institution_id
    where coalesce(cast(projects.listed_at as date), $as_of) between $in_force_from and $as_of
),

spans as (
    select distinct
        listed_on,
        end_on
    from listed
    where listed_on is not null and end_on is not null
),

days as (
    select
        listed_on,
        end_on,
        cast(unnest(generate_series(listed_on + 1, end_on, interval 1 day)) as date) as day_on
    from spans
),

weighed as (
    select
        days.listed_on,
        days.end_on,
        coalesce(workdays.working, isodow(days.day_on) <= 5) as by_calendar,
        known_years.known_year is not null
        or month(days.day_on) in (7, 11)
        or (month(days.day_on) = 3 and day(days.day_on) between 5 and 25)
        or (month(days.day_on) = 4 and day(days.day_on) between 10 and 21)
        or (month(days.day_on) = 5 and day(days.day_on) between 13 and 24)
        or (month(days.day_on) = 10 and day(days.day_on) >= 13)
        or (month(days.day_on) = 8 and day(days.day_on) <= 28)
        or (month(days.day_on) = 12 and day(days.day_on) <= 25) as is_sure
    from days
    left join workdays on days.day_on = workdays.day_on
    left join known_years on year(days.day_on) = known_years.known_year
),

counted as (
    select
        listed_on,
        end_on,
        count(*) filter (where is_sure and by_calendar) as least_days,
        count(*) filter (where by_calendar or not is_sure) as most_days
    from weighed
    group by listed_on, end_on
)

select
    listed.*,
    coalesce(counted.least_days, 0) as least_days,
    coalesce(counted.most_days, 0) as most_days,
    case
        when listed.deadline_on is null and listed.has_deadlines then 'hit'
        when listed.listed_on is null then 'listing_day_unknown'
        when listed.deadline_on is null and listed.end_on is null then 'no_deadlines'
        when counted.least_days > $workdays then 'hit'
        when counted.most_days > $workdays then 'no_calendar'
        when listed.deadline_on is null then 'no_deadlines'
        else 'clear'
    end as verdict
from listed
left join counted on listed.listed_on = counted.listed_on and listed.end_on = counted.end_on;

-- hits: the listing, its amount, the first and last day
select
    case_id,
    project_id as subject_id,
    amount_yuan,
    listed_on as first_on,
    end_on as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'projects', 'id': project_id }] as evidence,
    list_filter(
        [
            { 'code': 'no_deadline', 'v': case when deadline_on is null then '1' end },
            { 'code': 'working_days', 'v': case when least_days > $workdays then cast(least_days as text) end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: listings since the measures; tested: those of which the days are known and counted
select
    scope.case_id,
    count(facts.project_id) as population,
    count(facts.project_id) filter (where facts.verdict in ('hit', 'clear')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_listings',
            'v': cast(
                scope.institution_id is not null
                and exists (select 1 from projects)
                and not exists (select 1 from projects where projects.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'listing_day_unknown', 'v': count(*) filter (where facts.verdict = 'listing_day_unknown') },
        { 'code': 'no_deadlines', 'v': count(*) filter (where facts.verdict = 'no_deadlines') },
        { 'code': 'no_calendar', 'v': count(*) filter (where facts.verdict = 'no_calendar') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
