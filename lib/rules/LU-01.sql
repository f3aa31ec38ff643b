/*+++
id = "LU-01"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "transfers"]
params = {share = 0.3}
derive = {ways_of_funds = {hops = 4, days = 30}, trades = {}}

[title]
zh = "资金流向与约定用途不符"
en = "Use of the proceeds differs from the contract"

[logic]
zh = """\
自放款起按比例法和先进先出法向前追踪, 至多 {hops} 跳、{days} 天; 资金最先到达的、名称能识别行业的商家与合同约定用途不符 \
(商贸、供应链等笼统名称不算), 金额达到放款额的 {share} 以上 (含)。两种方法结论不一, 或用途、商家名称不能识别的, \
不作判断。"""
en = """\
Traced forward from the payout, both pro rata and first in first out, at most {hops} hops and {days} days: \
the first merchants on the way whose names tell a trade (not just of dealing in goods) do not fit the \
purpose of the contract, for {share} of the payout or more. Where the two differ, and of purposes and names \
that tell nothing, there is no judgement."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "12"
checked = "memory"

[[basis]]
law.zh = "郑经管办〔2018〕109号 抽样核查 借款用途真实性"
law.en = "Notice Zheng Jing Guan Ban (2018) 109, sampling: true use of loans"
article = "二(二)2"
checked = "text"

[[basis]]
law = {zh = "词表 (用途、商家名称) 与界限为设计设定", en = "Words of purposes and merchants, and the limits: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "借款人账户资金混同: 按比例法追踪的可能是自有资金"
en = "The borrower's own money is in the same account: pro rata may follow that"

[[innocent]]
zh = "商家兼营, 名称没有写出该行业"
en = "A merchant of several trades, of which the name tells one"
+++*/
-- facts: one row per loan of the platform signed under the measures, and how much of its payout went where it should not
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

lent as (
    select
        scope.case_id,
        loans.loan_id,
        coalesce(nullif(loans.purpose, ''), nullif(projects.purpose, '')) as purpose
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join projects on loans.project_id = projects.project_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
),

meant as (
    select
        stated.purpose,
        list(trades.trade) as trades
    from (select distinct purpose from lent) as stated
    inner join trades on stated.purpose ~ trades.purposes
    group by stated.purpose
),

dealt as (
    select
        seen.merchant,
        list(trades.trade) as trades,
        bool_or(not trades.general) as is_telling
    from (select distinct merchant from ways) as seen
    inner join trades on seen.merchant ~ trades.names
    group by seen.merchant
),

judged as (
    select
        lent.case_id,
        lent.loan_id,
        lent.purpose,
        meant.trades as meant,
        ways.* exclude (case_id, loan_id),
        coalesce(dealt.is_telling and not list_has_any(meant.trades, dealt.trades), false) as strays,
        -- who deals in goods of any kind tells nothing, unless the purpose is as general
        (
            ways.merchant is null
            or not (dealt.is_telling or list_has_any(meant.trades, dealt.trades))
        )
        and ways.category in ('other', 'unknown', 'cash') as is_open
    from lent
    left join meant on lent.purpose = meant.purpose
    left join ways on lent.case_id = ways.case_id and lent.loan_id = ways.loan_id
    left join dealt on ways.merchant = dealt.merchant
),

summed as (
    select
        case_id,
        loan_id,
        purpose,
        meant,
        cast(sum(pro_rata_yuan) as decimal(18, 2)) as paid_yuan,
        cast(coalesce(sum(pro_rata_yuan) filter (where strays), 0) as decimal(18, 2)) as stray_yuan,
        cast(coalesce(sum(fifo_yuan) filter (where strays), 0) as decimal(18, 2)) as fifo_yuan,
        cast(coalesce(sum(pro_rata_yuan) filter (where is_open), 0) as decimal(18, 2)) as open_yuan,
        cast(min(paid_at) filter (where strays) as date) as first_on,
        cast(max(reached_at) filter (where strays) as date) as last_on,
        list_sort(list_distinct(list(merchant) filter (where strays))) as merchants,
        list_sort(list_distinct(flatten(list(transfer_ids) filter (where strays)))) as transfer_ids
    from judged
    group by case_id, loan_id, purpose, meant
)

select
    *,
    case
        when purpose is null then 'no_purpose'
        when meant is null then 'purpose_unclear'
        when paid_yuan is null then 'no_disbursement'
        -- in 38 digits: 18 would overflow, and a double would miss a share that is met exactly
        when stray_yuan > 0 and least(stray_yuan, fifo_yuan) >= cast(paid_yuan as decimal(38, 2)) * $share then 'hit'
        when greatest(stray_yuan, fifo_yuan) >= cast(paid_yuan as decimal(38, 2)) * $share then 'method_matters'
        when stray_yuan + open_yuan >= cast(paid_yuan as decimal(38, 2)) * $share then 'use_unknown'
        else 'clear'
    end as verdict
from summed;

-- hits: the contract, what went to merchants of other trades, the days of payout and arrival
select
    case_id,
    loan_id as subject_id,
    stray_yuan as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
    ) as evidence,
    [
        { 'code': 'purpose_stated', 'v': purpose },
        { 'code': 'merchants', 'v': array_to_string(merchants[1:5], '、') },
        { 'code': 'by_fifo', 'v': cast(fifo_yuan as text) }
    ] as detail
from facts
where verdict = 'hit';

-- coverage: contracts signed under the measures; tested: those whose purpose tells something, if the unknown part
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
        { 'code': 'no_purpose', 'v': count(*) filter (where facts.verdict = 'no_purpose') },
        { 'code': 'purpose_unclear', 'v': count(*) filter (where facts.verdict = 'purpose_unclear') },
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
