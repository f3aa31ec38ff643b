/*+++
id = "EX-04"
severity = "major"
in_force = {}
needs = ["exit_plans", "exit_steps", "transfers"]
params = {paid_share = 0.95}
derive = {account_coverage = {}}

[title]
zh = "退出兑付进度低于计划"
en = "Repayment of lenders behind the exit plan"

[logic]
zh = """\
最近一版 (已批准的优先) 退出方案的任一到期日, 机构账户流水中自退出开始日起付给出借人的累计金额 (收款户主不明的也计入) 低于累计计划的 \
{paid_share}; 流水未覆盖时, 只有上报金额本身低于该比例才算。"""
en = """\
On a due day of the latest exit plan (an approved one first), what the statements of the institution's accounts show as \
paid to lenders since the exit began (payees of unknown holder included) is below {paid_share} of what was planned by then; \
where statements do not cover that time, only a reported figure that is itself below counts."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(三)2"
checked = "text"

[[innocent]]
zh = "经批准的方案调整未提供"
en = "A revision was approved and was not delivered"

[[innocent]]
zh = "经债权转让、以物抵债或账外账户兑付"
en = "Settled by assignment, in kind, or from an account that is not in the data"
+++*/
-- facts: one row per case and due day of its plan: planned, reported and paid by then
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

dues as (
    select
        scope.case_id,
        scope.institution_id,
        exit_steps.plan_version,
        exit_steps.due_on,
        any_value(latest.starts_on) as starts_on,
        sum(exit_steps.planned_yuan) as planned_yuan,
        count(*) - count(exit_steps.planned_yuan) as unplanned,
        sum(exit_steps.paid_yuan) as reported_yuan,
        count(*) - count(exit_steps.paid_yuan) as unreported
    from scope
    inner join latest on scope.institution_id = latest.institution_id
    inner join exit_steps
        on latest.institution_id = exit_steps.institution_id and latest.plan_version = exit_steps.plan_version
    where exit_steps.due_on <= $as_of
    group by scope.case_id, scope.institution_id, exit_steps.plan_version, exit_steps.due_on
),

summed as (
    select
        case_id,
        institution_id,
        plan_version,
        due_on,
        starts_on,
        sum(planned_yuan) over so_far as planned_yuan,
        sum(unplanned) over so_far as unplanned,
        sum(reported_yuan) over so_far as reported_yuan,
        sum(unreported) over so_far as unreported
    from dues
    window so_far as (partition by case_id order by due_on)
),

own_accounts as (
    select
        scope.case_id,
        accounts.account_id,
        accounts.closed_on,
        cover.covered_from,
        cover.covered_to
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    left join account_coverage as cover on accounts.account_id = cover.account_id
    where scope.institution_id is not null
),

lenders as (
    select
        scope.case_id,
        loans.lender_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    union
    select
        scope.case_id,
        assignments.to_lender_id as lender_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    inner join assignments on loans.loan_id = assignments.loan_id
),

-- where a contract has no lender, or none was delivered, any payee may be one
told as (
    select
        scope.case_id,
        coalesce(bool_and(loans.lender_id is not null), false) as every_lender
    from scope
    left join loans on scope.institution_id = loans.institution_id
    group by scope.case_id
),

paid as (
    select
        own_accounts.case_id,
        cast(transfers.at as date) as paid_on,
        transfers.amount_yuan,
        lenders.lender_id is not null as to_lender
    from own_accounts
    inner join transfers on own_accounts.account_id = transfers.payer_account
    left join accounts as payee on transfers.payee_account = payee.account_id
    inner join told on own_accounts.case_id = told.case_id
    inner join scope on own_accounts.case_id = scope.case_id
    left join lenders on own_accounts.case_id = lenders.case_id and payee.holder_id = lenders.lender_id
    where
        lenders.lender_id is not null
        or payee.holder_id is null
        or (not told.every_lender and payee.holder_id not in (scope.institution_id, scope.party_id))
),

known as (
    select
        summed.case_id,
        summed.due_on,
        coalesce(sum(paid.amount_yuan) filter (where paid.to_lender), 0) as low_yuan,
        coalesce(sum(paid.amount_yuan), 0) as high_yuan
    from summed
    left join paid
        on summed.case_id = paid.case_id and summed.starts_on <= paid.paid_on and summed.due_on >= paid.paid_on
    group by summed.case_id, summed.due_on
),

covered as (
    select
        summed.case_id,
        summed.due_on,
        coalesce(
            bool_and(
                coalesce(own_accounts.covered_from <= summed.starts_on and own_accounts.covered_to >= summed.due_on, false)
            ),
            false
        ) as all_covered
    from summed
    inner join own_accounts
        on summed.case_id = own_accounts.case_id and coalesce(own_accounts.closed_on, summed.due_on) >= summed.starts_on
    group by summed.case_id, summed.due_on
)

select
    summed.*,
    known.low_yuan,
    known.high_yuan,
    coalesce(covered.all_covered, false) as all_covered,
    case
        when summed.unplanned > 0 then 'no_planned_amount'
        when summed.starts_on is not null and known.low_yuan >= summed.planned_yuan * $paid_share then 'fine'
        when
            summed.starts_on is not null and coalesce(covered.all_covered, false)
            and known.high_yuan < summed.planned_yuan * $paid_share then 'behind'
        when
            not (summed.starts_on is not null and coalesce(covered.all_covered, false))
            and summed.unreported = 0 and summed.reported_yuan < summed.planned_yuan * $paid_share then 'reported_behind'
        when summed.starts_on is null then 'no_exit_start'
        else 'payouts_not_covered'
    end as verdict,
    -- what is missing is the least that it can be
    case
        when verdict = 'behind' then summed.planned_yuan - known.high_yuan
        when verdict = 'reported_behind' then summed.planned_yuan - summed.reported_yuan
    end as short_yuan
from summed
inner join known on summed.case_id = known.case_id and summed.due_on = known.due_on
left join covered on summed.case_id = covered.case_id and summed.due_on = covered.due_on;

-- hits: the institution, the most that was missing on a due day, the first and last day on which too much was
select
    case_id,
    institution_id as subject_id,
    cast(max(short_yuan) as decimal(18, 2)) as amount_yuan,
    min(due_on) filter (where short_yuan is not null) as first_on,
    max(due_on) filter (where short_yuan is not null) as last_on,
    cast(1 as double) as confidence,
    (
        select list({ 'table': 'exit_steps', 'id': concat_ws('|', institution_id, plan_version, step) } order by due_on, step)
        from exit_steps
        where
            exit_steps.institution_id = facts.institution_id
            and exit_steps.plan_version = facts.plan_version
            and exit_steps.due_on <= $as_of
    ) as evidence,
    list_filter(
        [
            { 'code': 'planned_by_then', 'v': cast(cast(arg_max(planned_yuan, short_yuan) as decimal(18, 2)) as text) },
            { 'code': 'reported_as_paid', 'v': cast(cast(arg_max(reported_yuan, short_yuan) as decimal(18, 2)) as text) },
            { 'code': 'by_report_alone', 'v': case when arg_max(verdict, short_yuan) = 'reported_behind' then '1' end },
            {
                'code': 'projected_end',
                'v': case
                    when any_value(starts_on) is not null and arg_max(high_yuan, due_on) > 0 and bool_or(verdict = 'behind')
                        then cast(
                            any_value(starts_on) + cast(
                                ceil(
                                    (max(due_on) - any_value(starts_on))
                                    * cast(arg_max(planned_yuan, due_on) as double) / cast(arg_max(high_yuan, due_on) as double)
                                ) as integer
                            ) as text
                        )
                end
            }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
group by case_id, institution_id, plan_version
having max(short_yuan) is not null;

-- coverage: due days of plans up to the day asked
select
    scope.case_id,
    count(facts.due_on) as population,
    count(facts.due_on) filter (where facts.verdict in ('fine', 'behind', 'reported_behind')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_steps_due', 'v': cast(scope.institution_id is not null and count(facts.due_on) = 0 as bigint) },
        { 'code': 'no_planned_amount', 'v': count(facts.due_on) filter (where facts.verdict = 'no_planned_amount') },
        { 'code': 'no_exit_start', 'v': count(facts.due_on) filter (where facts.verdict = 'no_exit_start') },
        { 'code': 'payouts_not_covered', 'v': count(facts.due_on) filter (where facts.verdict = 'payouts_not_covered') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
