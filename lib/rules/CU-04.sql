/*+++
id = "CU-04"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "transfers", "accounts"]
params = {client_share = 0.05, min_own_count = 2}
derive = {account_coverage = {}}

[title]
zh = "自有资金与客户资金混同"
en = "Own money and clients' money on one account"

[logic]
zh = """\
机构的非存管账户, 办法施行后从本平台出借人、借款人收到的款项 (或摘要为出借、认购、充值; 收费、出资、退款、冲正除外) 达到该账户全部入账的 {client_share}, \
同时该账户支付工资、房租、税费、广告等经营支出, 或收取出资、费用, 合计 {min_own_count} 笔以上 (含)。"""
en = """\
On an account of the institution that is no custody account, what came from lenders and borrowers of the platform under the \
measures (or by a memo of lending or top-up; fees, capital, refunds and reversals apart) is {client_share} of all that came in \
or more, and the account also pays wages, rent, taxes, advertising and the like, or takes capital or fees, {min_own_count} \
times or more."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法 (隔离管理)", en = "Interim Measures for Online Lending Information Intermediaries (segregation)"}
article = "28"
checked = "text"

[[innocent]]
zh = "出借人或借款人同时是机构的客户、供应商, 与其有其他往来"
en = "A lender or borrower has other business with the institution, as a customer or supplier"

[[innocent]]
zh = "存管上线前的过渡账户"
en = "An account of the time before custody"
+++*/
-- facts: one row per account of the institution outside custody: what came in, from clients, and its own business on it
with own_accounts as (
    select
        scope.case_id,
        scope.institution_id,
        accounts.account_id,
        accounts.purpose
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    where scope.institution_id is not null and coalesce(accounts.purpose, '') not in ('custody_total', 'custody_sub')
),

clients as (
    select
        scope.case_id,
        loans.lender_id as client_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    where loans.lender_id is not null and loans.lender_id <> scope.party_id
    union
    select
        scope.case_id,
        loans.borrower_id as client_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    where loans.borrower_id is not null and loans.borrower_id <> scope.party_id
),

undone as (
    select transfer_id
    from transfers
    where reversal_of is not null
    union
    select reversal_of as transfer_id
    from transfers
    where reversal_of is not null
),

moved as (
    select
        own_accounts.case_id,
        own_accounts.account_id,
        transfers.transfer_id,
        cast(transfers.at as date) as on_day,
        transfers.amount_yuan,
        transfers.payee_account = own_accounts.account_id as is_in,
        transfers.payee_account = own_accounts.account_id
        and (clients.client_id is not null or coalesce(regexp_matches(transfers.memo, '出借|认购|投标款|充值'), false))
        -- statements of banks have memos and no kinds
        and not coalesce(regexp_matches(transfers.memo, '手续费|服务费|管理费|投资款|出资款|增资|退款|退还|退回|退汇'), false)
        and coalesce(transfers.kind, 'transfer') not in ('fee', 'capital', 'refund', 'interest') as of_client,
        transfers.payee_account = own_accounts.account_id
        and (
            payer.holder_id is null and not coalesce(regexp_matches(transfers.memo, '出借|认购|投标款|充值'), false)
            and coalesce(transfers.kind, 'transfer') not in ('fee', 'capital', 'refund', 'interest'))
            as of_unknown,
        case
            when transfers.payee_account = own_accounts.account_id
                then
                    coalesce(transfers.kind in ('fee', 'capital'), false)
                    or coalesce(regexp_matches(transfers.memo, '手续费|服务费|管理费|投资款|出资款|增资'), false)
            else coalesce(
                regexp_matches(
                    transfers.memo, '工资|薪|社保|公积金|房租|租金|物业|水电|缴税|税款|税费|广告|推广|宣传|办公|差旅|装修'
                ),
                false
            )
        end as own_business
    from own_accounts
    inner join transfers on own_accounts.account_id in (transfers.payer_account, transfers.payee_account)
    left join undone on transfers.transfer_id = undone.transfer_id
    left join accounts as payer on transfers.payer_account = payer.account_id
    left join clients on own_accounts.case_id = clients.case_id and payer.holder_id = clients.client_id
    where
        cast(transfers.at as date) between $in_force_from and $as_of
        and undone.transfer_id is null
        and transfers.payer_account is distinct from transfers.payee_account
)

select
    own_accounts.case_id,
    own_accounts.institution_id,
    own_accounts.account_id,
    own_accounts.purpose,
    cover.account_id is not null as covered,
    coalesce(sum(moved.amount_yuan) filter (where moved.is_in), 0) as in_yuan,
    coalesce(sum(moved.amount_yuan) filter (where moved.of_client), 0) as client_yuan,
    coalesce(sum(moved.amount_yuan) filter (where moved.of_unknown), 0) as unknown_yuan,
    count(*) filter (where moved.own_business) as own_count,
    min(moved.on_day) filter (where moved.of_client or moved.own_business) as first_on,
    max(moved.on_day) filter (where moved.of_client or moved.own_business) as last_on,
    list(moved.transfer_id order by moved.on_day, moved.transfer_id) filter (where moved.of_client) as client_ids,
    list(moved.transfer_id order by moved.on_day, moved.transfer_id) filter (where moved.own_business) as own_ids
from own_accounts
left join account_coverage as cover on own_accounts.account_id = cover.account_id
left join moved on own_accounts.case_id = moved.case_id and own_accounts.account_id = moved.account_id
group by own_accounts.case_id, own_accounts.institution_id, own_accounts.account_id, own_accounts.purpose, cover.account_id;

-- hits: the account, what came from clients
select
    case_id,
    account_id as subject_id,
    cast(client_yuan as decimal(18, 2)) as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_prepend(
        { 'table': 'accounts', 'id': account_id },
        list_transform(list_concat(client_ids, own_ids[1:200]), lambda one: { 'table': 'transfers', 'id': one })
    ) as evidence,
    [
        { 'code': 'client_part', 'v': format('{:.2f}%', 100 * cast(client_yuan as double) / cast(in_yuan as double)) },
        { 'code': 'own_business', 'v': cast(own_count as text) }
    ] as detail
from facts
where purpose is not null and client_yuan > 0 and client_yuan >= in_yuan * $client_share and own_count >= $min_own_count;

-- coverage: accounts of the institution outside custody; tested where there are statements and payers are known if need be
with judged as (
    select
        case_id,
        case
            -- without a contract nobody is known for a client
            when facts.institution_id not in (select loans.institution_id from loans where loans.institution_id is not null)
                then 'no_loans'
            when not covered then 'not_covered'
            when purpose is null then 'purpose_unknown'
            when own_count < $min_own_count then 'tested'
            when client_yuan > 0 and client_yuan >= in_yuan * $client_share then 'tested'
            when client_yuan + unknown_yuan > 0 and client_yuan + unknown_yuan >= in_yuan * $client_share then 'payers_unknown'
            else 'tested'
        end as verdict
    from facts
)

select
    scope.case_id,
    count(judged.verdict) as population,
    count(judged.verdict) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_own_accounts', 'v': cast(scope.institution_id is not null and count(judged.verdict) = 0 as bigint) },
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null
                and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'accounts_not_covered', 'v': count(*) filter (where judged.verdict = 'not_covered') },
        { 'code': 'accounts_without_purpose', 'v': count(*) filter (where judged.verdict = 'purpose_unknown') },
        { 'code': 'accounts_with_unknown_payers', 'v': count(*) filter (where judged.verdict = 'payers_unknown') }
    ] as why_not
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
