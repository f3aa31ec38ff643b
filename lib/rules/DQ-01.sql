/*+++
id = "DQ-01"
severity = "dq"
in_force = {}
needs = []
params = {limit_share = 0.05}
derive = {case_loans = {}, case_accounts = {}}

[title]
zh = "必填项缺失"
en = "Mandatory fields are empty"

[logic]
zh = """\
与本案有关的合同、还款、还款计划、账户、流水、主体和持股中, 某一必填列为空的行超过 {limit_share}; 依赖该列的规则相应为无法检验。"""
en = """\
Of the contracts, repayments, schedules, accounts, statement lines, parties and holdings of the case, more than {limit_share} \
of the rows lack a mandatory column; rules that need it cannot be tested on them."""

[[basis]]
law = {zh = "审计程序: 数据完整性", en = "Audit procedure: completeness of data"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "来源系统不记录该项, 或导出时未选该列"
en = "The source does not record it, or the column was not chosen in the export"
+++*/
-- facts: one row per case, table and mandatory column: rows, rows without it, and the first hundred of those
with case_parties as (
    select
        case_id,
        party_id
    from scope
    union
    select
        case_loans.case_id,
        loans.borrower_id as party_id
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    union
    select
        case_loans.case_id,
        loans.lender_id as party_id
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
),

of_loans as (
    select
        case_loans.case_id,
        'loans' as table_name,
        count(*) as n,
        unnest(
            [
                { 'c': 'borrower_id', 'ids': list(loans.loan_id) filter (where loans.borrower_id is null) },
                { 'c': 'principal_yuan', 'ids': list(loans.loan_id) filter (where loans.principal_yuan is null) },
                { 'c': 'rate', 'ids': list(loans.loan_id) filter (where loans.rate is null) },
                {
                    'c': 'signed_on',
                    'ids': list(loans.loan_id) filter (where coalesce(loans.signed_on, loans.started_on) is null)
                },
                { 'c': 'due_on', 'ids': list(loans.loan_id) filter (where loans.due_on is null and loans.term_days is null) }
            ]
        ) as one
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    group by case_loans.case_id
),

of_repayments as (
    select
        case_loans.case_id,
        'repayments' as table_name,
        count(*) as n,
        unnest(
            [
                { 'c': 'paid_on', 'ids': list(repayments.repayment_id) filter (where repayments.paid_on is null) },
                {
                    'c': 'amount_yuan',
                    'ids': list(repayments.repayment_id) filter (
                        where coalesce(
                            repayments.amount_yuan, repayments.principal_yuan, repayments.interest_yuan, repayments.fee_yuan
                        ) is null
                    )
                },
                {
                    'c': 'principal_yuan',
                    'ids': list(repayments.repayment_id) filter (where repayments.principal_yuan is null)
                }
            ]
        ) as one
    from case_loans
    inner join repayments on case_loans.loan_id = repayments.loan_id
    group by case_loans.case_id
),

of_schedules as (
    select
        case_loans.case_id,
        'schedules' as table_name,
        count(*) as n,
        unnest(
            [
                {
                    'c': 'due_on',
                    'ids': list(concat_ws('|', schedules.loan_id, schedules.period)) filter (where schedules.due_on is null)
                },
                {
                    'c': 'principal_yuan',
                    'ids': list(concat_ws('|', schedules.loan_id, schedules.period)) filter (
                        where schedules.principal_yuan is null
                    )
                }
            ]
        ) as one
    from case_loans
    inner join schedules on case_loans.loan_id = schedules.loan_id
    group by case_loans.case_id
),

of_accounts as (
    select
        case_accounts.case_id,
        'accounts' as table_name,
        count(*) as n,
        unnest(
            [
                {
                    'c': 'holder_id',
                    'ids': list(accounts.account_id) filter (
                        where accounts.holder_id is null and accounts.holder_name is null
                    )
                },
                { 'c': 'purpose', 'ids': list(accounts.account_id) filter (where accounts.purpose is null) }
            ]
        ) as one
    from case_accounts
    inner join accounts on case_accounts.account_id = accounts.account_id
    group by case_accounts.case_id
),

of_flows as (
    select
        case_accounts.case_id,
        'flows' as table_name,
        count(*) as n,
        unnest(
            [
                { 'c': 'at', 'ids': list(flows.flow_id) filter (where flows.at is null) },
                { 'c': 'direction', 'ids': list(flows.flow_id) filter (where flows.direction is null) },
                { 'c': 'amount_yuan', 'ids': list(flows.flow_id) filter (where flows.amount_yuan is null) },
                { 'c': 'balance_yuan', 'ids': list(flows.flow_id) filter (where flows.balance_yuan is null) },
                {
                    'c': 'counterparty_account',
                    'ids': list(flows.flow_id) filter (
                        where flows.counterparty_account is null and flows.counterparty_name is null
                    )
                }
            ]
        ) as one
    from case_accounts
    inner join flows on case_accounts.account_id = flows.account_id
    group by case_accounts.case_id
),

of_parties as (
    select
        case_parties.case_id,
        'parties' as table_name,
        count(*) as n,
        unnest(
            [
                { 'c': 'kind', 'ids': list(parties.party_id) filter (where parties.kind is null) },
                { 'c': 'name', 'ids': list(parties.party_id) filter (where parties.name is null) },
                {
                    'c': 'id_number',
                    'ids': list(parties.party_id) filter (where parties.id_number is null and parties.uscc is null)
                }
            ]
        ) as one
    from case_parties
    inner join parties on case_parties.party_id = parties.party_id
    group by case_parties.case_id
),

of_holdings as (
    select
        scope.case_id,
        'holdings' as table_name,
        count(*) as n,
        unnest(
            [
                { 'c': 'holder_id', 'ids': list(holdings.holding_id) filter (where holdings.holder_id is null) },
                {
                    'c': 'share',
                    'ids': list(holdings.holding_id) filter (where holdings.share is null and holdings.share_low is null)
                }
            ]
        ) as one
    from scope
    inner join holdings on scope.party_id = holdings.held_id
    group by scope.case_id
),

everything as (
    select * from of_loans
    union all
    select * from of_repayments
    union all
    select * from of_schedules
    union all
    select * from of_accounts
    union all
    select * from of_flows
    union all
    select * from of_parties
    union all
    select * from of_holdings
)

select
    case_id,
    table_name,
    one.c as column_name,
    n as row_count,
    coalesce(len(one.ids), 0) as missing,
    list_sort(coalesce(one.ids, []))[1:100] as ids
from everything;

-- hits: the table and column, and the first hundred rows without it
select
    case_id,
    table_name || '.' || column_name as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    cast(null as date) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_transform(ids, lambda row_id: { 'table': table_name, 'id': row_id }) as evidence,
    [
        {
            'code': 'rows_missing',
            'v': format('{} / {} = {:.2f}%', missing, row_count, 100 * cast(missing as double) / cast(row_count as double))
        }
    ] as detail
from facts
where missing > row_count * $limit_share;

-- coverage: the mandatory columns of seven tables; tested are those of which the case has rows
with columns_asked as (
    select
        unnest(['loans', 'repayments', 'schedules', 'accounts', 'flows', 'parties', 'holdings']) as table_name,
        unnest([5, 3, 2, 2, 5, 3, 2]) as columns
),

seen as (
    select
        case_id,
        table_name
    from facts
    group by case_id, table_name
)

select
    scope.case_id,
    cast(sum(columns_asked.columns) as bigint) as population,
    cast(coalesce(sum(columns_asked.columns) filter (where seen.table_name is not null), 0) as bigint) as tested,
    [
        {
            'code': 'missing_tables',
            'v': string_agg(columns_asked.table_name, ' ' order by columns_asked.table_name)
            filter (where seen.table_name is null)
        }
    ] as why_not
from scope
cross join columns_asked
left join seen on scope.case_id = seen.case_id and columns_asked.table_name = seen.table_name
group by scope.case_id;
