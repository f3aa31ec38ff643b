/*+++
id = "SP-03"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "assignments"]
params = {lent_share = 0.1, passed_share = 0.8, days = 30}
derive = {related = {}}

[title]
zh = "超级放款人债权转让"
en = "Super-lender who assigns claims"

[logic]
zh = """\
一名出借人出借的本金达到本平台施行后成交额的 {lent_share} 以上 (含), 并在起息后 {days} 天内把其中 {passed_share} \
以上 (含) 转让给他人。"""
en = """\
One lender lends {lent_share} or more of what the platform has lent under the measures, and passes \
{passed_share} of it or more on to others within {days} days of each start."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(8)"
checked = "memory"

[[basis]]
law.zh = "关于做好P2P网络借贷风险专项整治整改验收工作的通知 (网贷整治办函〔2017〕57号)"
law.en = "Notice on Acceptance of the Rectification of P2P Lending (2017) 57"
article = "个人名义集中放款后转让"
checked = "memory"

[[basis]]
law = {zh = "比例与天数为设计设定", en = "Shares and days: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "已披露的机构资金方"
en = "An institutional funder that is disclosed"

[[innocent]]
zh = "出借人只有少数几人的小平台"
en = "A small platform with few lenders"
+++*/
-- facts: one row per loan of the platform signed under the measures, with what its lender soon passed on
with passed as (
    select
        loans.loan_id,
        sum(assignments.principal_yuan) as passed_yuan,
        bool_or(assignments.principal_yuan is null or assignments.assigned_on is null) as part_unknown,
        list(assignments.assignment_id order by assignments.assignment_id) as assignment_ids,
        max(assignments.assigned_on) as passed_on
    from loans
    inner join assignments on loans.loan_id = assignments.loan_id and loans.lender_id = assignments.from_lender_id
    where
        assignments.to_lender_id is distinct from loans.lender_id
        and (
            assignments.assigned_on is null
            or assignments.assigned_on between coalesce(loans.started_on, loans.signed_on)
            and coalesce(loans.started_on, loans.signed_on) + $days
        )
    group by loans.loan_id
)

select
    scope.case_id,
    loans.loan_id,
    loans.lender_id,
    loans.principal_yuan,
    coalesce(loans.started_on, loans.signed_on) as start_on,
    least(coalesce(passed.passed_yuan, 0), loans.principal_yuan) as passed_yuan,
    coalesce(passed.part_unknown, false) as part_unknown,
    coalesce(passed.assignment_ids, []) as assignment_ids,
    passed.passed_on,
    related.party_id is not null as is_related
from scope
inner join loans on scope.institution_id = loans.institution_id
left join passed on loans.loan_id = passed.loan_id
left join related on scope.case_id = related.case_id and loans.lender_id = related.party_id
where
    coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
    and not coalesce(loans.status ~ '撤销|流标|取消|作废|[Cc]ancel', false);

-- hits: the lender, what was lent, the first and last day, all contracts and assignments
with lenders as (
    select
        case_id,
        lender_id,
        sum(principal_yuan) as lent_yuan,
        sum(passed_yuan) as passed_yuan,
        min(start_on) as first_on,
        max(coalesce(passed_on, start_on)) as last_on,
        bool_or(is_related) as is_related,
        list(loan_id order by start_on, loan_id) as loan_ids,
        flatten(list(assignment_ids order by start_on, loan_id)) as assignment_ids
    from facts
    where lender_id is not null
    group by case_id, lender_id
),

totals as (
    select
        case_id,
        sum(principal_yuan) as total_yuan
    from facts
    group by case_id
)

select
    lenders.case_id,
    lenders.lender_id as subject_id,
    cast(lenders.lent_yuan as decimal(18, 2)) as amount_yuan,
    lenders.first_on,
    lenders.last_on,
    cast(1 as double) as confidence,
    list_concat(
        list_transform(lenders.loan_ids, lambda loan_id: { 'table': 'loans', 'id': loan_id }),
        list_transform(lenders.assignment_ids, lambda passed: { 'table': 'assignments', 'id': passed })
    ) as evidence,
    list_concat(
        [
            { 'code': 'of_all_lent', 'v': format('{:.2f}%', 100 * cast(lenders.lent_yuan as double) / totals.total_yuan) },
            { 'code': 'passed_on', 'v': format('{:.2f}%', 100 * cast(lenders.passed_yuan as double) / lenders.lent_yuan) }
        ],
        case when lenders.is_related then [{ 'code': 'lender_related', 'v': '1' }] else [] end
    ) as detail
from lenders
inner join totals on lenders.case_id = totals.case_id
where
    lenders.passed_yuan > 0
    -- in 38 digits: a double would miss a share that is met exactly
    and cast(lenders.lent_yuan as decimal(38, 2)) >= cast(totals.total_yuan as decimal(30, 2)) * $lent_share
    and cast(lenders.passed_yuan as decimal(38, 2)) >= cast(lenders.lent_yuan as decimal(30, 2)) * $passed_share;

-- coverage: contracts signed under the measures; tested: those whose lender, amount and assignments are known
with judged as (
    select
        case_id,
        loan_id,
        case
            when lender_id is null then 'unknown_lender'
            when principal_yuan is null then 'unknown_principal'
            when start_on is null then 'unknown_day'
            when not exists (select 1 from assignments) then 'no_assignments'
            when part_unknown then 'assignment_unknown'
            else 'tested'
        end as verdict
    from facts
)

select
    scope.case_id,
    count(judged.loan_id) as population,
    count(judged.loan_id) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null
                and exists (select 1 from loans)
                and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'unknown_lender', 'v': count(*) filter (where judged.verdict = 'unknown_lender') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where judged.verdict = 'unknown_principal') },
        { 'code': 'unknown_day', 'v': count(*) filter (where judged.verdict = 'unknown_day') },
        { 'code': 'no_assignments', 'v': count(*) filter (where judged.verdict = 'no_assignments') },
        { 'code': 'assignment_unknown', 'v': count(*) filter (where judged.verdict = 'assignment_unknown') }
    ] as why_not,
    [
        {
            'code': 'legacy_loans',
            'v': (
                select count(*) from loans
                where
                    loans.institution_id = scope.institution_id
                    and coalesce(loans.signed_on, loans.started_on) < $in_force_from
            )
        }
    ] as note
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
