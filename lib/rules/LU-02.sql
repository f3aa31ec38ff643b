/*+++
id = "LU-02"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "transfers"]
params = {share = 0.1}
derive = {ways_of_funds = {hops = 4, days = 30}, trades = {}}

[title]
zh = "资金流入证券、期货、场外配资或房地产"
en = "Money for securities, futures, margin loans or houses"

[logic]
zh = """\
自放款起按比例法和先进先出法向前追踪, 至多 {hops} 跳、{days} 天; 流入名称或摘要表明为证券、期货、信托、配资或房地产的账户的金额达到放款额的 \
{share} 以上 (含); 或合同、标的用途写明股票、证券、期货、配资、首付。"""
en = """\
Traced forward from the payout, both pro rata and first in first out, at most {hops} hops and {days} days: \
{share} of the payout or more reaches accounts whose name or memo tells of securities, futures, trusts, \
margin loans or property; or the purpose itself says so."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(11)"
checked = "text"

[[basis]]
law = {zh = "词表 (用途、商家名称) 与界限为设计设定", en = "Words of purposes and merchants, and the limits: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "借款人是房地产企业的承包商, 收款而不是付款"
en = "The borrower works for a developer, and is paid instead of paying"

[[innocent]]
zh = "自有资金与借款混同"
en = "The borrower's own money in the same account"

[[innocent]]
zh = "支付房租或物业费"
en = "Rent or service charges of a house"
+++*/
-- facts: one row per loan of the platform signed under the measures, and how much of its payout went there
with known as (
    select string_agg(names, '|') as names
    from trades
),

ways as (
    select
        scope.case_id,
        scope.institution_id,
        ways.loan_id,
        ways.borrower_name,
        ways.category,
        ways.not_traceable,
        ways.paid_at,
        ways.reached_at,
        ways.pro_rata_yuan,
        ways.fifo_yuan,
        ways.transfer_ids,
        -- the first on the way, the borrower apart, whose name tells a trade: there the money was used
        list_filter(
            ways.holder_names,
            lambda name: name is not null and name <> coalesce(ways.borrower_name, '') and name ~ known.names
        )[1] as merchant
    from scope
    cross join known
    inner join ways_of_funds as ways on scope.case_id = ways.case_id
    where ways."end" <> 'not_followed'
),

told as (
    select
        *,
        category in ('securities', 'property') as is_there,
        merchant is null and category in ('unknown', 'cash') as is_open
    from ways
),

summed as (
    select
        case_id,
        loan_id,
        cast(sum(pro_rata_yuan) as decimal(18, 2)) as paid_yuan,
        cast(coalesce(sum(pro_rata_yuan) filter (where is_there), 0) as decimal(18, 2)) as used_yuan,
        cast(coalesce(sum(fifo_yuan) filter (where is_there), 0) as decimal(18, 2)) as fifo_yuan,
        cast(coalesce(sum(pro_rata_yuan) filter (where is_open), 0) as decimal(18, 2)) as open_yuan,
        cast(min(paid_at) filter (where is_there) as date) as first_on,
        cast(max(reached_at) filter (where is_there) as date) as last_on,
        list_sort(list_distinct(flatten(list(transfer_ids) filter (where is_there)))) as transfer_ids
    from told
    group by case_id, loan_id
),

lent as (
    select
        scope.case_id,
        loans.loan_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        regexp_extract(concat_ws(' ', loans.purpose, projects.title, projects.purpose), '股票|证券|期货|配资|炒股|首付') as said,
        summed.* exclude (case_id, loan_id)
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join projects on loans.project_id = projects.project_id
    left join summed on scope.case_id = summed.case_id and loans.loan_id = summed.loan_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
)

select
    *,
    coalesce(used_yuan > 0 and least(used_yuan, fifo_yuan) >= cast(paid_yuan as decimal(38, 2)) * $share, false) as reached,
    case
        when said <> '' then 'hit'
        when used_yuan > 0 and least(used_yuan, fifo_yuan) >= cast(paid_yuan as decimal(38, 2)) * $share then 'hit'
        when paid_yuan is null then 'no_disbursement'
        when greatest(used_yuan, fifo_yuan) >= cast(paid_yuan as decimal(38, 2)) * $share then 'method_matters'
        when used_yuan + open_yuan >= cast(paid_yuan as decimal(38, 2)) * $share then 'use_unknown'
        else 'clear'
    end as verdict
from lent;

-- hits: the contract, what went there (the principal, where only the purpose says so), the days of payout and arrival
select
    case_id,
    loan_id as subject_id,
    case when reached then used_yuan else principal_yuan end as amount_yuan,
    coalesce(case when reached then first_on end, signed_on) as first_on,
    case when reached then last_on end as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        case
            when reached then list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
            else []
        end
    ) as evidence,
    list_filter(
        [
            { 'code': 'purpose_says', 'v': nullif(said, '') },
            { 'code': 'by_fifo', 'v': case when reached then cast(fifo_yuan as text) end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts signed under the measures; tested: those whose payout was found, if its unknown part
-- could not change the answer
select
    scope.case_id,
    count(facts.loan_id) as population,
    count(facts.loan_id) filter (where facts.verdict in ('hit', 'clear')) as tested,
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
        { 'code': 'no_disbursement', 'v': count(*) filter (where facts.verdict = 'no_disbursement') },
        { 'code': 'method_matters', 'v': count(*) filter (where facts.verdict = 'method_matters') },
        { 'code': 'use_unknown', 'v': count(*) filter (where facts.verdict = 'use_unknown') }
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
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
