/*+++
id = "DQ-02"
severity = "dq"
in_force = {}
needs = ["flows", "loans"]
params = {within_seconds = 1}
derive = {case_loans = {}, case_accounts = {}}

[title]
zh = "重复的流水或合同"
en = "Statement lines or contracts that stand twice"

[logic]
zh = """\
同一账户相隔不超过 {within_seconds} 秒、方向、金额、对方相同的流水, 且余额相同或 (均无余额时) 交易流水号相同; 只有日期的须同日。余额不同、流水号不同的是两笔真实交易。\
合同: 标的、借款人、出借人、本金、签订日、到期日、电子签名均相同而编号不同, 无电子签名的不算。"""
en = """\
Lines of one account at most {within_seconds} second(s) apart with the same direction, amount and other side, and the same \
balance or, where none is stated, the same bank reference; lines with a day alone must be of the same day. Where balances or \
references differ, money moved twice. Contracts: the same listing, borrower, lender, principal, days and electronic signature \
under two numbers; without a signature none counts."""

[[basis]]
law = {zh = "审计程序: 数据完整性", en = "Audit procedure: completeness of data"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "同一流水由两次导出的文件重复提供"
en = "The same lines were delivered in two exports"

[[innocent]]
zh = "一份合同补录后旧编号未作废"
en = "A contract was entered anew and its old number not cancelled"
+++*/
-- facts: one row per line or contract of the case that can be compared, with the one before it that is the same
with lines as (
    select
        case_accounts.case_id,
        flows.account_id,
        flows.flow_id,
        flows.at as "at",
        flows.amount_yuan,
        flows.at is not null and flows.amount_yuan is not null and flows.direction is not null as complete,
        flows.balance_yuan is not null or flows.bank_ref is not null as told,
        lag(flows.flow_id) over same as before_id,
        lag(flows.at) over same as before_at,
        lag(flows.at) over alike as like_before_at,
        lead(flows.at) over alike as like_after_at
    from case_accounts
    inner join flows on case_accounts.account_id = flows.account_id
    window
        same as (
            partition by
                case_accounts.case_id, flows.account_id, flows.direction, flows.amount_yuan, flows.balance_yuan,
                coalesce(flows.bank_ref, ''), coalesce(flows.counterparty_account, flows.counterparty_name, '')
            order by flows.at, flows.flow_id
        ),
        alike as (
            partition by
                case_accounts.case_id, flows.account_id, flows.direction, flows.amount_yuan,
                coalesce(flows.counterparty_account, flows.counterparty_name, '')
            order by flows.at, flows.flow_id
        )
),

contracts as (
    select
        case_loans.case_id,
        loans.loan_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as on_day,
        loans.borrower_id is not null and loans.principal_yuan is not null as complete,
        loans.esign_id is not null as told,
        lag(loans.loan_id) over same as before_id,
        count(*) over alike as alike
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    window
        same as (
            partition by
                case_loans.case_id, loans.esign_id, loans.project_id, loans.borrower_id, loans.lender_id, loans.principal_yuan,
                loans.signed_on, loans.started_on, loans.due_on
            order by loans.loan_id
        ),
        alike as (
            partition by
                case_loans.case_id, loans.project_id, loans.borrower_id, loans.lender_id, loans.principal_yuan,
                loans.signed_on, loans.started_on, loans.due_on
        )
)

select
    case_id,
    'flows' as table_name,
    account_id as group_id,
    flow_id as row_id,
    cast(lines.at as date) as on_day,
    amount_yuan,
    -- what has no balance and no reference is told apart only where no line like it is near
    complete and (
        told
        or (
            coalesce(epoch_us(lines.at) - epoch_us(like_before_at) > $within_seconds * 1000000, true)
            and coalesce(epoch_us(like_after_at) - epoch_us(lines.at) > $within_seconds * 1000000, true)
        )
    ) as comparable,
    before_id,
    complete and told and before_id is not null
    and epoch_us(lines.at) - epoch_us(before_at) <= $within_seconds * 1000000 as twice
from lines
union all
select
    case_id,
    'loans' as table_name,
    loan_id as group_id,
    loan_id as row_id,
    on_day,
    principal_yuan as amount_yuan,
    complete and (told or alike = 1) as comparable,
    before_id,
    complete and told and before_id is not null as twice
from contracts;

-- hits: the account or the contract, the sum of what stands twice, both rows of each pair
select
    case_id,
    group_id as subject_id,
    cast(sum(amount_yuan) as decimal(18, 2)) as amount_yuan,
    min(on_day) as first_on,
    max(on_day) as last_on,
    cast(1 as double) as confidence,
    flatten(
        list([{ 'table': table_name, 'id': before_id }, { 'table': table_name, 'id': row_id }] order by on_day, row_id)
    ) as evidence,
    [{ 'code': case when table_name = 'flows' then 'lines_twice' else 'contracts_twice' end, 'v': cast(count(*) as text) }]
        as detail
from facts
where twice
group by case_id, table_name, group_id;

-- coverage: statement lines and contracts of the case; where either is not there at all, one is untested
select
    scope.case_id,
    count(facts.row_id)
    + cast(count(*) filter (where facts.table_name = 'flows') = 0 as bigint)
    + cast(count(*) filter (where facts.table_name = 'loans') = 0 as bigint) as population,
    count(facts.row_id) filter (where facts.comparable) as tested,
    [
        { 'code': 'no_lines_of_case', 'v': cast(count(*) filter (where facts.table_name = 'flows') = 0 as bigint) },
        { 'code': 'no_contracts_of_case', 'v': cast(count(*) filter (where facts.table_name = 'loans') = 0 as bigint) },
        {
            'code': 'lines_incomparable',
            'v': count(*) filter (where facts.table_name = 'flows' and not facts.comparable)
        },
        {
            'code': 'contracts_incomparable',
            'v': count(*) filter (where facts.table_name = 'loans' and not facts.comparable)
        }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id;
