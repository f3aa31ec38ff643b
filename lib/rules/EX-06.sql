/*+++
id = "EX-06"
severity = "major"
in_force = {}
needs = ["exit_plans", "exit_steps", "loans", "transfers", "accounts"]
params = {spread_share = 0.05}
derive = {account_coverage = {}}

[title]
zh = "退出期选择性兑付"
en = "Preferential payout during the exit"

[logic]
zh = """\
方案只有一个兑付层级时, 各出借人自退出开始日起的兑付比例 (收到金额 ÷ 净本金; 净本金 = 退出前所签合同本金 − 退出前从机构账户收到的全部款项, 不大于零的不计) \
的变异系数 (总体标准差 ÷ 均值) 超过 {spread_share}。"""
en = """\
Where the plan has one tier, what lenders got since the exit began, as a part of their net principal (contracts signed before \
the exit less all that they had received from the institution's accounts; left out where nothing remains), differs by a \
coefficient of variation (population) above {spread_share}."""

[[basis]]
law = {zh = "网络借贷信息中介机构退出规程 (公平对待出借人)", en = "Exit rules for lending platforms (lenders to be treated alike)"}
article = "-"
checked = "text"

[[basis]]
law = {zh = "深圳市网络借贷信息中介机构良性退出指引 (先本金后收益)", en = "Shenzhen guide to the orderly exit of lending platforms (principal first)"}
article = "-"
checked = "text"

[[innocent]]
zh = "经批准的困难群体优先层级, 而退出步骤未载明"
en = "A tier for hardship was approved and does not stand in the steps"

[[innocent]]
zh = "出借人账户变更, 或部分兑付经债权转让、以物抵债完成"
en = "A lender's account changed, or a part was settled by assignment or in kind"
+++*/
-- facts: one row per lender with a claim older than the exit: net principal and what was paid on it since
with latest as (
    select *
    from exit_plans
    where coalesce(submitted_on, $as_of) <= $as_of
    qualify row_number() over (
        partition by institution_id
        order by
            coalesce(approved_on <= $as_of, false) desc, submitted_on desc nulls last, plan_version desc
    ) = 1
),

steps as (
    select
        exit_steps.institution_id,
        exit_steps.plan_version,
        count(distinct coalesce(exit_steps.tier, '')) as tiers,
        min(exit_steps.due_on) as first_due_on
    from exit_steps
    group by exit_steps.institution_id, exit_steps.plan_version
),

leaving as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        latest.plan_version,
        latest.starts_on,
        steps.tiers
    from scope
    inner join latest on scope.institution_id = latest.institution_id
    inner join steps on latest.institution_id = steps.institution_id and latest.plan_version = steps.plan_version
    where steps.first_due_on <= $as_of and coalesce(latest.starts_on, $as_of) <= $as_of
),

sides as (
    select
        leaving.case_id,
        loans.lender_id,
        loans.loan_id,
        loans.principal_yuan as lent_yuan,
        coalesce(loans.started_on, loans.signed_on) as on_day,
        false as by_assignment
    from leaving
    inner join loans on leaving.institution_id = loans.institution_id
    where coalesce(loans.signed_on, loans.started_on, leaving.starts_on - 1, $as_of) < coalesce(leaving.starts_on, $as_of + 1)
    union all
    -- the most that a buyer may have paid in; a seller may have got something that no statement of the institution shows
    select
        leaving.case_id,
        assignments.to_lender_id as lender_id,
        loans.loan_id,
        greatest(assignments.price_yuan, assignments.principal_yuan) as lent_yuan,
        assignments.assigned_on as on_day,
        true as by_assignment
    from leaving
    inner join loans on leaving.institution_id = loans.institution_id
    inner join assignments on loans.loan_id = assignments.loan_id
    union all
    select
        leaving.case_id,
        assignments.from_lender_id as lender_id,
        loans.loan_id,
        0 as lent_yuan,
        assignments.assigned_on as on_day,
        true as by_assignment
    from leaving
    inner join loans on leaving.institution_id = loans.institution_id
    inner join assignments on loans.loan_id = assignments.loan_id
),

claims as (
    select
        case_id,
        lender_id,
        sum(lent_yuan) as lent_yuan,
        bool_or(lent_yuan is null or on_day is null) as incomplete,
        bool_or(by_assignment) as by_assignment,
        min(on_day) as claimed_from,
        list(distinct loan_id order by loan_id) as loan_ids
    from sides
    group by case_id, lender_id
),

own_accounts as (
    select
        leaving.case_id,
        leaving.starts_on,
        accounts.account_id,
        accounts.opened_on,
        accounts.closed_on,
        cover.covered_from,
        cover.covered_to
    from leaving
    inner join accounts on accounts.holder_id in (leaving.institution_id, leaving.party_id)
    left join account_coverage as cover on accounts.account_id = cover.account_id
),

covered as (
    select
        case_id,
        -- from when on all of them are covered, as far as they were open, up to the day asked
        case
            when bool_and(coalesce(covered_to >= $as_of or covered_to >= closed_on, false))
                then max(case when opened_on >= covered_from then date '0001-01-01' else covered_from end)
        end as covered_from
    from own_accounts
    group by case_id
),

held as (
    select distinct holder_id
    from accounts
),

received as (
    select
        own_accounts.case_id,
        payee.holder_id as lender_id,
        sum(transfers.amount_yuan) filter (where cast(transfers.at as date) < own_accounts.starts_on) as before_yuan,
        sum(transfers.amount_yuan) filter (where cast(transfers.at as date) >= own_accounts.starts_on) as since_yuan
    from own_accounts
    inner join transfers on own_accounts.account_id = transfers.payer_account
    inner join accounts as payee on transfers.payee_account = payee.account_id
    left join loans on transfers.loan_id = loans.loan_id
    where
        cast(transfers.at as date) <= $as_of
        and transfers.kind is distinct from 'disbursement'
        and loans.borrower_id is distinct from payee.holder_id
    group by own_accounts.case_id, payee.holder_id
)

select
    claims.*,
    leaving.institution_id,
    leaving.plan_version,
    leaving.starts_on,
    claims.lent_yuan - coalesce(received.before_yuan, 0) as base_yuan,
    coalesce(received.since_yuan, 0) as since_yuan,
    case
        when leaving.starts_on is null then 'no_exit_start'
        when leaving.tiers > 1 then 'several_tiers'
        when claims.lender_id is null then 'no_lender'
        when claims.incomplete then 'unknown_claim'
        when claims.lent_yuan - coalesce(received.before_yuan, 0) <= 0 then 'nothing_left'
        when claims.by_assignment then 'assigned'
        when held.holder_id is null then 'no_lender_account'
        when coalesce(covered.covered_from <= claims.claimed_from, false) then 'tested'
        else 'not_covered'
    end as verdict
from claims
inner join leaving on claims.case_id = leaving.case_id
left join received on claims.case_id = received.case_id and claims.lender_id = received.lender_id
left join covered on claims.case_id = covered.case_id
left join held on claims.lender_id = held.holder_id;

-- hits: the institution, what those who got less than the average would lack of it, their contracts
with ratios as (
    select
        *,
        cast(since_yuan as double) / cast(base_yuan as double) as ratio,
        sum(cast(since_yuan as double)) over (partition by case_id) / sum(cast(base_yuan as double)) over (partition by case_id)
            as whole_ratio
    from facts
    where verdict = 'tested'
),

spread as (
    select
        case_id,
        stddev_pop(ratio) / nullif(avg(ratio), 0) as spread
    from ratios
    group by case_id
)

select
    ratios.case_id,
    ratios.institution_id as subject_id,
    cast(
        sum(ratios.whole_ratio * cast(ratios.base_yuan as double) - cast(ratios.since_yuan as double))
        filter (where ratios.ratio < ratios.whole_ratio) as decimal(18, 2)
    ) as amount_yuan,
    any_value(ratios.starts_on) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_transform(
        flatten(list(ratios.loan_ids order by ratios.lender_id) filter (where ratios.ratio < ratios.whole_ratio)),
        lambda loan_id: { 'table': 'loans', 'id': loan_id }
    ) as evidence,
    [
        { 'code': 'lenders_compared', 'v': cast(count(*) as text) },
        { 'code': 'payout_spread', 'v': format('{:.4f}', any_value(spread.spread)) },
        { 'code': 'payout_lowest', 'v': format('{:.2f}%', 100 * min(ratios.ratio)) },
        { 'code': 'payout_highest', 'v': format('{:.2f}%', 100 * max(ratios.ratio)) }
    ] as detail
from ratios
inner join spread on ratios.case_id = spread.case_id
-- the ratios are doubles: one that meets the line exactly may lie above it by its last digit
where spread.spread > cast($spread_share as double) + 1e-9
group by ratios.case_id, ratios.institution_id;

-- coverage: lenders with a claim older than the exit
select
    scope.case_id,
    count(facts.case_id) as population,
    count(facts.case_id) filter (where facts.verdict in ('tested', 'nothing_left')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_steps_due', 'v': cast(scope.institution_id is not null and count(facts.case_id) = 0 as bigint) },
        { 'code': 'no_exit_start', 'v': cast(count(*) filter (where facts.verdict = 'no_exit_start') > 0 as bigint) },
        { 'code': 'several_tiers', 'v': cast(count(*) filter (where facts.verdict = 'several_tiers') > 0 as bigint) },
        { 'code': 'loans_without_lender', 'v': cast(count(*) filter (where facts.verdict = 'no_lender') > 0 as bigint) },
        { 'code': 'claims_unknown', 'v': count(*) filter (where facts.verdict = 'unknown_claim') },
        { 'code': 'claims_assigned', 'v': count(*) filter (where facts.verdict = 'assigned') },
        { 'code': 'no_lender_account', 'v': count(*) filter (where facts.verdict = 'no_lender_account') },
        { 'code': 'lenders_not_covered', 'v': count(*) filter (where facts.verdict = 'not_covered') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
