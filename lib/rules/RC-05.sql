/*+++
id = "RC-05"
severity = "major"
in_force = {}
needs = ["flows"]
params = {}
derive = {balance_breaks = {tol_yuan = 0.005}, balance_coverage = {}, case_accounts = {}}

[title]
zh = "银行流水余额不连续"
en = "Running balance of a statement breaks"

[logic]
zh = "流水所载余额与上一余额加减发生额相差超过 {tol_yuan} 元; 同一时刻的多笔流水, 任何一种顺序能够衔接即不算。"
en = """\
A stated balance differs by more than {tol_yuan} yuan from the one before it plus or less the amount; lines \
of the same moment may stand in any order that makes them fit."""

[[basis]]
law = {zh = "审计程序: 银行流水完整性", en = "Audit procedure: completeness of bank statements"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "银行对同一秒的流水排序不同, 或冲正、结息单列"
en = "The bank sorts lines of one second differently, or lists reversals and interest apart"

[[innocent]]
zh = "导出时漏行: 请向银行重新调取该时段流水"
en = "Lines were lost in the export: ask the bank for that period again"
+++*/
-- hits: the account, the sum of what is missing or too much, the statement lines on both sides of every break
select
    case_id,
    account_id as subject_id,
    cast(sum(abs(missing_yuan)) as decimal(18, 2)) as amount_yuan,
    cast(min(balance_breaks.at) as date) as first_on,
    cast(max(balance_breaks.at) as date) as last_on,
    cast(1 as double) as confidence,
    flatten(
        list(
            [{ 'table': 'flows', 'id': previous_flow_id }, { 'table': 'flows', 'id': flow_id }]
            order by balance_breaks.at, flow_id
        )
    ) as evidence,
    [{ 'code': 'breaks', 'v': cast(count(*) as text) }] as detail
from balance_breaks
where cast(balance_breaks.at as date) <= $as_of
group by case_id, account_id;

-- coverage: accounts of the case with statement lines; tested are those whose lines state at least two balances
with accounts_known as (
    select
        case_id,
        count(distinct account_id) as accounts
    from case_accounts
    group by case_id
),

counted as (
    select
        case_id,
        count(*) as population,
        count(*) filter (where lines_with_balance >= least(2, lines)) as tested
    from balance_coverage
    where lines > 0
    group by case_id
)

select
    scope.case_id,
    coalesce(counted.population, 0) as population,
    coalesce(counted.tested, 0) as tested,
    [
        { 'code': 'no_accounts', 'v': cast(coalesce(accounts_known.accounts, 0) = 0 and counted.population is null as bigint) },
        { 'code': 'no_statements', 'v': cast(accounts_known.accounts > 0 and counted.population is null as bigint) },
        { 'code': 'no_balances', 'v': coalesce(counted.population - counted.tested, 0) }
    ] as why_not,
    [
        {
            'code': 'accounts_without_lines',
            'v': greatest(coalesce(accounts_known.accounts, 0) - coalesce(counted.population, 0), 0)
        }
    ] as note
from scope
left join counted on scope.case_id = counted.case_id
left join accounts_known on scope.case_id = accounts_known.case_id;
