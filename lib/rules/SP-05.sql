/*+++
id = "SP-05"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "projects"]
params = {tol_yuan = 1.0}
derive = {}

[title]
zh = "超募或一标多卖"
en = "Over-subscribed listing, or a claim sold twice"

[logic]
zh = """\
同一标的的合同本金合计 (已撤销、流标的除外) 超过标的金额 {tol_yuan} 元以上; 或出借人对同一合同转让的本金合计, 超过其出借和受让的本金合计 \
{tol_yuan} 元以上。"""
en = """\
The contracts of a listing (cancelled ones apart) add up to more than {tol_yuan} yuan above its amount; or a \
lender assigns of one contract more than {tol_yuan} yuan above what was lent or taken over."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(10)"
checked = "text"

[[basis]]
law = {zh = "容差为设计设定", en = "Tolerance: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "已撤销的合同没有标明状态"
en = "Cancelled contracts that are not marked"

[[innocent]]
zh = "标的金额后来调整"
en = "The amount of the listing was changed later"
+++*/
-- facts: one row per contract of the platform that was not cancelled
select
    scope.case_id,
    loans.loan_id,
    loans.lender_id,
    loans.principal_yuan,
    coalesce(loans.signed_on, loans.started_on) as signed_on,
    nullif(loans.project_id, '') as listing,
    projects.project_id,
    projects.amount_yuan as listed_yuan
from scope
inner join loans on scope.institution_id = loans.institution_id
left join projects on loans.project_id = projects.project_id
where
    coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
    and not coalesce(loans.status ~ '撤销|流标|取消|作废|[Cc]ancel', false);

-- hits: the listing and what is too much; the contract and what was sold twice
with sold as (
    select
        assignments.loan_id,
        assignments.from_lender_id as lender_id,
        sum(assignments.principal_yuan) as sold_yuan,
        min(assignments.assigned_on) as first_on,
        max(assignments.assigned_on) as last_on,
        list(assignments.assignment_id order by assignments.assignment_id) as assignment_ids
    from assignments
    where assignments.from_lender_id is not null and coalesce(assignments.assigned_on, $as_of) <= $as_of
    group by assignments.loan_id, assignments.from_lender_id
),

bought as (
    select
        loan_id,
        to_lender_id as lender_id,
        sum(principal_yuan) as bought_yuan
    from assignments
    where to_lender_id is not null and coalesce(assigned_on, $as_of) <= $as_of
    group by loan_id, to_lender_id
),

twice as (
    select
        facts.case_id,
        facts.loan_id,
        sold.sold_yuan - coalesce(bought.bought_yuan, 0)
        - case when facts.lender_id = sold.lender_id then facts.principal_yuan else 0 end as over_yuan,
        sold.first_on,
        sold.last_on,
        sold.assignment_ids
    from facts
    inner join sold on facts.loan_id = sold.loan_id
    left join bought on sold.loan_id = bought.loan_id and sold.lender_id = bought.lender_id
    where facts.lender_id is not null and facts.principal_yuan is not null
)

select
    case_id,
    project_id as subject_id,
    cast(sum(principal_yuan) - listed_yuan as decimal(18, 2)) as amount_yuan,
    min(signed_on) as first_on,
    max(signed_on) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'projects', 'id': project_id }], list({ 'table': 'loans', 'id': loan_id } order by signed_on, loan_id)
    ) as evidence,
    [{ 'code': 'listed_amount', 'v': cast(listed_yuan as text) }] as detail
from facts
where project_id is not null and listed_yuan is not null
group by case_id, project_id, listed_yuan
having sum(principal_yuan) > listed_yuan + $tol_yuan
union all
select
    case_id,
    loan_id as subject_id,
    cast(sum(over_yuan) as decimal(18, 2)) as amount_yuan,
    min(first_on) as first_on,
    max(last_on) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(flatten(list(assignment_ids)), lambda passed: { 'table': 'assignments', 'id': passed })
    ) as evidence,
    [{ 'code': 'sold_twice', 'v': '1' }] as detail
from twice
where over_yuan > $tol_yuan
group by case_id, loan_id;

-- coverage: contracts that were not cancelled; tested: those of a listing of which all amounts are known
with judged as (
    select
        case_id,
        loan_id,
        case
            when listing is null then 'no_listing'
            when project_id is null then 'listing_not_delivered'
            when listed_yuan is null then 'listed_amount_unknown'
            when bool_or(principal_yuan is null) over (partition by case_id, listing) then 'unknown_principal'
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
        { 'code': 'no_listing', 'v': count(*) filter (where judged.verdict = 'no_listing') },
        { 'code': 'listing_not_delivered', 'v': count(*) filter (where judged.verdict = 'listing_not_delivered') },
        { 'code': 'listed_amount_unknown', 'v': count(*) filter (where judged.verdict = 'listed_amount_unknown') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where judged.verdict = 'unknown_principal') }
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
