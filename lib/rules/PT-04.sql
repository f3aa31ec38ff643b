/*+++
id = "PT-04"
severity = "watch"
in_force = {from = "2017-07-01"}
needs = ["flows", "accounts", "parties"]
params = {cash_yuan = 50000, corp_yuan = 2000000, person_yuan = 500000}
derive = {case_accounts = {}}

[title]
zh = "大额交易清单"
en = "List of large-value transactions"

[logic]
zh = """\
本案账户的户主 (同一开户机构) 当日单方向累计: 现金 {cash_yuan} 元以上 (含); 转账: 非自然人 {corp_yuan} 元以上 (含), 自然人 {person_yuan} 元以上 (含)。\
机构的存管户等过渡性总户除外; 跨境交易没有数据, 不检验。只是清单, 不是违规。"""
en = """\
What a holder of accounts of the case moved in a day in one direction at one bank: cash of {cash_yuan} yuan or more; transfers \
of {corp_yuan} or more by others than natural persons, {person_yuan} or more by natural persons. Custody and other totals are \
left out; cross-border payments are not tested, for want of data. It is a list, not a breach."""

[[basis]]
law.zh = "金融机构大额交易和可疑交易报告管理办法 (中国人民银行令〔2016〕第3号)"
law.en = "Measures on reports of large-value and suspicious transactions (PBoC Order (2016) 3)"
article = "5"
checked = "text"

[[innocent]]
zh = "大额本身不是违规: 经营性收付、购房、理财赎回等"
en = "Large is no breach: business, a home, a redemption"

[[innocent]]
zh = "同一户主名下账户间调拨"
en = "Moves between accounts of one holder"
+++*/
-- facts: one row per holder, bank, day, direction and way (cash or transfer) of what was moved, and the line that it is held to
with lines as (
    select
        case_accounts.case_id,
        accounts.holder_id,
        coalesce(accounts.bank, '') as bank,
        parties.kind,
        cast(flows.at as date) as on_day,
        flows.direction,
        coalesce(regexp_matches(flows.channel, '(?i:cash)|现金|ATM|存取款'), false) as is_cash,
        flows.amount_yuan,
        flows.flow_id
    from case_accounts
    inner join accounts on case_accounts.account_id = accounts.account_id
    inner join flows on accounts.account_id = flows.account_id
    left join parties on accounts.holder_id = parties.party_id
    where
        accounts.holder_id is not null
        and coalesce(accounts.purpose, 'own') not in ('custody_total', 'custody_sub', 'payment', 'tax', 'settlement')
        and flows.amount_yuan is not null
        and flows.direction is not null
        and cast(flows.at as date) between $in_force_from and $as_of
)

select
    case_id,
    holder_id,
    bank,
    on_day,
    direction,
    is_cash,
    any_value(kind) as kind,
    sum(amount_yuan) as day_yuan,
    list(flow_id order by flow_id) as flow_ids,
    case
        when is_cash then sum(amount_yuan) >= $cash_yuan
        when any_value(kind) = 'person' then sum(amount_yuan) >= $person_yuan
        else sum(amount_yuan) >= $corp_yuan
    end as large,
    -- of whom nobody knows whether it is a person: above a person's line, below a company's
    not is_cash and any_value(kind) is null and sum(amount_yuan) >= $person_yuan and sum(amount_yuan) < $corp_yuan as unclear
from lines
group by case_id, holder_id, bank, on_day, direction, is_cash;

-- hits: the holder, the largest day, the first hundred lines
select
    case_id,
    holder_id as subject_id,
    cast(max(day_yuan) as decimal(18, 2)) as amount_yuan,
    min(on_day) as first_on,
    max(on_day) as last_on,
    cast(1 as double) as confidence,
    list_transform(
        flatten(list(flow_ids order by on_day, direction, is_cash))[1:100], lambda one: { 'table': 'flows', 'id': one }
    )
        as evidence,
    [
        { 'code': 'large_days', 'v': cast(count(*) as text) },
        { 'code': 'largest_on', 'v': cast(arg_max(on_day, day_yuan) as text) }
    ] as detail
from facts
where large
group by case_id, holder_id;

-- coverage: holders of accounts of the case with statement lines in the time of the order
with holders as (
    select
        case_id,
        holder_id,
        bool_or(unclear) and not bool_or(large) as unclear
    from facts
    group by case_id, holder_id
),

loose as (
    select
        case_accounts.case_id,
        count(distinct accounts.account_id) filter (where accounts.holder_id is null) as holderless,
        count(*) filter (
            where flows.at is null or flows.amount_yuan is null or flows.direction is null
        ) as incomplete
    from case_accounts
    inner join accounts on case_accounts.account_id = accounts.account_id
    inner join flows on accounts.account_id = flows.account_id
    where coalesce(accounts.purpose, 'own') not in ('custody_total', 'custody_sub', 'payment', 'tax', 'settlement')
    group by case_accounts.case_id
)

select
    scope.case_id,
    count(holders.holder_id) + coalesce(any_value(loose.holderless) + any_value(loose.incomplete), 0) as population,
    count(holders.holder_id) filter (where not holders.unclear) as tested,
    [
        { 'code': 'no_lines_of_case', 'v': cast(count(holders.holder_id) = 0 as bigint) },
        { 'code': 'holders_of_unknown_kind', 'v': count(holders.holder_id) filter (where holders.unclear) },
        { 'code': 'accounts_without_holder', 'v': coalesce(any_value(loose.holderless), 0) },
        { 'code': 'lines_incomplete', 'v': coalesce(any_value(loose.incomplete), 0) }
    ] as why_not
from scope
left join holders on scope.case_id = holders.case_id
left join loose on scope.case_id = loose.case_id
group by scope.case_id;
