/*+++
id = "DQ-05"
severity = "dq"
in_force = {}
needs = ["flows", "accounts"]
params = {gap_days = 31}
derive = {case_loans = {}, account_coverage = {}, balance_breaks = {tol_yuan = 0.005}, balance_coverage = {}}

[title]
zh = "流水覆盖缺口"
en = "Statements do not cover what they should"

[logic]
zh = """\
合同约定的放款账户没有流水, 或合同起息日不在该账户流水的期间内; 或账户前后两笔流水相隔超过 {gap_days} 天而余额在其间变动 (相差超过 {tol_yuan} 元)。"""
en = """\
An account agreed for a payout has no statements, or a contract starts outside their time; or two lines of an account are more \
than {gap_days} days apart and the balance moved meanwhile (by more than {tol_yuan} yuan)."""

[[basis]]
law = {zh = "审计程序: 银行流水完整性", en = "Audit procedure: completeness of bank statements"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "流水正在向银行调取, 或账户在他行而未在调取范围内"
en = "Statements have been asked for, or the account is outside what was asked for"

[[innocent]]
zh = "合同撤销, 该账户从未使用"
en = "The contract was cancelled, and the account never used"
+++*/
-- facts: one row per case and account that a contract names or that has lines, and what its statements lack
with agreed as (
    select
        case_loans.case_id,
        loans.disbursement_account as account_id,
        count(*) as loan_count,
        count(*) filter (
            where cover.account_id is not null
            and not coalesce(coalesce(loans.started_on, loans.signed_on) between cover.covered_from and cover.covered_to, true)
        ) as outside,
        list(loans.loan_id order by loans.loan_id) filter (
            where cover.account_id is null
            or not coalesce(coalesce(loans.started_on, loans.signed_on) between cover.covered_from and cover.covered_to, true)
        ) as loan_ids,
        min(coalesce(loans.started_on, loans.signed_on)) filter (
            where cover.account_id is null
            or not coalesce(coalesce(loans.started_on, loans.signed_on) between cover.covered_from and cover.covered_to, true)
        ) as first_on
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    left join account_coverage as cover on loans.disbursement_account = cover.account_id
    where
        loans.disbursement_account is not null
        and coalesce(loans.started_on, loans.signed_on, $as_of) <= $as_of
        and not coalesce(regexp_matches(loans.status, '撤销|取消|流标|作废'), false)
    group by case_loans.case_id, loans.disbursement_account
),

torn as (
    select
        balance_breaks.case_id,
        balance_breaks.account_id,
        max(date_diff('day', cast(earlier.at as date), cast(balance_breaks.at as date))) as days,
        min(cast(earlier.at as date)) as first_on,
        max(cast(balance_breaks.at as date)) as last_on,
        sum(abs(balance_breaks.missing_yuan)) as missing_yuan,
        flatten(
            list(
                [
                    { 'table': 'flows', 'id': balance_breaks.previous_flow_id },
                    { 'table': 'flows', 'id': balance_breaks.flow_id }
                ]
            )
        ) as evidence
    from balance_breaks
    inner join flows as earlier on balance_breaks.previous_flow_id = earlier.flow_id
    where
        cast(balance_breaks.at as date) <= $as_of
        and date_diff('day', cast(earlier.at as date), cast(balance_breaks.at as date)) > $gap_days
    group by balance_breaks.case_id, balance_breaks.account_id
),

asked as (
    select
        case_id,
        account_id
    from agreed
    union
    select
        case_id,
        account_id
    from balance_coverage
)

select
    asked.case_id,
    asked.account_id,
    -- without any statement at all there is nothing to be a gap in
    agreed.loan_count is not null and cover.account_id is null and bool_or(cover.account_id is not null) over of_case as unseen,
    cover.account_id is null as uncovered,
    agreed.loan_count,
    coalesce(agreed.outside, 0) as outside,
    agreed.loan_ids,
    agreed.first_on,
    torn.days,
    torn.first_on as torn_from,
    torn.last_on as torn_to,
    torn.missing_yuan,
    torn.evidence,
    accounts.account_id is not null as registered,
    coalesce(balance_coverage.lines_with_balance >= least(2, balance_coverage.lines), false) as balanced
from asked
left join agreed on asked.case_id = agreed.case_id and asked.account_id = agreed.account_id
left join torn on asked.case_id = torn.case_id and asked.account_id = torn.account_id
left join account_coverage as cover on asked.account_id = cover.account_id
left join balance_coverage on asked.case_id = balance_coverage.case_id and asked.account_id = balance_coverage.account_id
left join accounts on asked.account_id = accounts.account_id
window of_case as (partition by asked.case_id);

-- hits: the account; the amount is what moved unseen between two lines
select
    case_id,
    account_id as subject_id,
    cast(missing_yuan as decimal(18, 2)) as amount_yuan,
    least(first_on, torn_from) as first_on,
    torn_to as last_on,
    cast(1 as double) as confidence,
    list_concat(
        case when registered then [{ 'table': 'accounts', 'id': account_id }] else [] end,
        list_transform(coalesce(loan_ids, []), lambda loan_id: { 'table': 'loans', 'id': loan_id }),
        coalesce(evidence, [])
    ) as evidence,
    list_filter(
        [
            { 'code': 'no_statements_at_all', 'v': case when unseen then cast(loan_count as text) end },
            { 'code': 'days_not_covered', 'v': case when outside > 0 then cast(outside as text) end },
            { 'code': 'break_days', 'v': cast(days as text) }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where unseen or outside > 0 or days is not null;

-- coverage: these accounts, tested where a gap was found or balances tell that there is none; contracts without an account
with bare as (
    select
        case_loans.case_id,
        count(*) as loan_count
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    where loans.disbursement_account is null
    group by case_loans.case_id
)

select
    scope.case_id,
    count(facts.account_id) + coalesce(bare.loan_count, 0) as population,
    count(facts.account_id) filter (where facts.balanced or facts.unseen or facts.outside > 0 or facts.days is not null)
        as tested,
    [
        { 'code': 'no_agreed_accounts', 'v': cast(count(facts.account_id) = 0 as bigint) },
        { 'code': 'no_statements', 'v': cast(coalesce(bool_and(facts.uncovered), false) as bigint) },
        {
            'code': 'no_balances',
            'v': count(facts.account_id) filter (
                where not facts.uncovered
                and not (facts.balanced or facts.unseen or facts.outside > 0 or facts.days is not null)
            )
        },
        { 'code': 'loans_without_account', 'v': coalesce(bare.loan_count, 0) }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
left join bare on scope.case_id = bare.case_id
group by scope.case_id, bare.loan_count;
