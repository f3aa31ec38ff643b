/*+++
id = "CF-02"
severity = "major"
in_force = {}
needs = ["flows", "accounts"]
params = {least_share = 0.8, law_2023_from = 2024-07-01}
derive = {case_accounts = {}, account_coverage = {}, case_trips = {days = 10, max_hops = 6, min_yuan = 50000, busy = 2000}}

[title]
zh = "资金闭环"
en = "Money that goes round in a circle"

[logic]
zh = """\
经过本案账户的资金在 {days} 天内按时间先后经 2 至 {max_hops} 笔划转回到起点, 每笔不少于 {min_yuan} 元, 最小一笔不低于最大一笔的 {least_share}; \
不经过存管、支付、税务、清算账户和往来超过 {busy} 笔的他人账户, 冲正和退款除外。\
{law_2023_from} 前适用公司法 (2018修正) 第35条。"""
en = """\
Money that passes accounts of the case comes back to where it began within {days} days, by 2 to {max_hops} transfers in order \
of time, each {min_yuan} yuan or more and the smallest {least_share} of the largest or more; not through custody, payment, tax \
and settlement accounts or others' accounts of more than {busy} transfers; reversals and refunds apart. Before {law_2023_from} \
Article 35 of the Company Law (2018) applies."""

[[basis]]
law = {zh = "中华人民共和国公司法 (2023修订) 抽逃出资", en = "Company Law (2023): withdrawal of capital contributions"}
article = "53"
checked = "text"

[[basis]]
law = {zh = "中华人民共和国公司法 (2018修正) 抽逃出资", en = "Company Law (2018): withdrawal of capital contributions"}
article = "35"
checked = "memory"

[[innocent]]
zh = "已披露的集团资金归集"
en = "Cash pooling within a group that is disclosed"

[[innocent]]
zh = "退款、退货或保证金退还, 流水中没有标明"
en = "A refund, a return or a deposit given back that the statement does not call one"
+++*/
-- facts: one row per trip that is a lead: nearly all of the money went all the way round, and nothing of it is a refund
with hops as (
    select
        case_id,
        trip_id,
        unnest(transfer_ids) as transfer_id
    from case_trips
    where cast(last_at as date) <= $as_of
),

widths as (
    select
        hops.case_id,
        hops.trip_id,
        max(transfers.amount_yuan) as most_yuan,
        bool_or(coalesce(transfers.kind = 'refund', false)) as refunded
    from hops
    inner join transfers on hops.transfer_id = transfers.transfer_id
    group by hops.case_id, hops.trip_id
)

select
    case_trips.*,
    widths.most_yuan
from case_trips
inner join widths on case_trips.case_id = widths.case_id and case_trips.trip_id = widths.trip_id
where
    not widths.refunded
    and case_trips.least_yuan >= cast(widths.most_yuan as decimal(38, 2)) * $least_share;

-- hits: a ring of accounts, called by the first of them, the most that went round in one turn; half as sure where nobody states
-- the order of any turn
with rings as (
    select
        case_id,
        ring_id,
        any_value(accounts) as accounts,
        max(least_yuan) as most_yuan,
        count(*) as turns,
        bool_and(tied) as tied,
        min(cast(first_at as date)) as first_on,
        max(cast(last_at as date)) as last_on,
        list_sort(list_distinct(flatten(list(transfer_ids)))) as transfer_ids
    from facts
    group by case_id, ring_id
)

select
    case_id,
    list_min(accounts) as subject_id,
    most_yuan as amount_yuan,
    first_on,
    last_on,
    cast(case when tied then 0.5 else 1 end as double) as confidence,
    list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id }) as evidence,
    list_filter(
        [
            { 'code': 'ring_of', 'v': array_to_string(list_sort(accounts), '、') },
            { 'code': 'turns', 'v': cast(turns as text) },
            { 'code': 'order_unstated', 'v': case when tied then '1' end },
            { 'code': 'law_company_2018', 'v': case when last_on < $law_2023_from then '1' end },
            { 'code': 'law_company_2023', 'v': case when last_on >= $law_2023_from then '1' end }
        ],
        lambda said: said.v is not null
    ) as detail
from rings;

-- coverage: accounts of the case; tested are those with statements, over which no more money runs than is followed
with moved as (
    select
        account_id,
        count(*) as transfers
    from (
        select payer_account as account_id from transfers
        where payer_account is distinct from payee_account
        union all
        select payee_account as account_id from transfers
        where payer_account is distinct from payee_account
    ) as sides
    where account_id is not null
    group by account_id
),

judged as (
    select
        case_accounts.case_id,
        case_accounts.account_id,
        case
            when
                coalesce(starts_with(accounts.purpose, 'custody_'), false)
                or coalesce(accounts.purpose in ('payment', 'tax', 'settlement'), false)
                then 'hub'
            when account_coverage.covered_from is null or account_coverage.covered_to is null then 'not_covered'
            when case_accounts.why <> 'own' and coalesce(moved.transfers, 0) > $busy then 'busy'
            else 'tested'
        end as verdict
    from case_accounts
    left join accounts on case_accounts.account_id = accounts.account_id
    left join account_coverage on case_accounts.account_id = account_coverage.account_id
    left join moved on case_accounts.account_id = moved.account_id
)

select
    scope.case_id,
    count(judged.account_id) filter (where judged.verdict <> 'hub') as population,
    count(judged.account_id) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_accounts', 'v': cast(count(judged.account_id) = 0 as bigint) },
        { 'code': 'accounts_unseen', 'v': count(*) filter (where judged.verdict = 'not_covered') },
        { 'code': 'accounts_busy', 'v': count(*) filter (where judged.verdict = 'busy') }
    ] as why_not,
    [{ 'code': 'accounts_hubs', 'v': count(*) filter (where judged.verdict = 'hub') }] as note
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id;
