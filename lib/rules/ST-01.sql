/*+++
id = "ST-01"
severity = "major"
in_force = {from = "2007-03-01"}
needs = ["flows", "accounts", "parties"]
derive = {case_accounts = {}}

[params]
min_count = 3
band_share = 0.8
window_days = 5
cash_yuan = 50000
old_cash_yuan = 200000
corp_yuan = 2000000
person_yuan = 500000
changed_on = 2017-07-01

[title]
zh = "临界拆分"
en = "Sums arranged just below what is reported"

[logic]
zh = """\
本案账户的户主在任意连续 {window_days} 天内, 同一方向、同一方式 (现金或转账) 有 {min_count} 笔以上 (含) 在大额标准的 {band_share} 以上 (含) 而不到标准, 合计达到标准。\
标准按交易日: 现金 {cash_yuan} 元 ({changed_on} 以前 {old_cash_yuan} 元), 非自然人转账 {corp_yuan} 元, 自然人转账 {person_yuan} 元。合同本金的临界重复不在此检验。"""
en = """\
In any {window_days} days in a row a holder of accounts of the case moves, in one direction and one way (cash or transfer), \
{min_count} or more amounts of {band_share} of what is reported or more yet below, reaching it together. What is reported, \
by the day: cash from {cash_yuan} yuan on ({old_cash_yuan} before {changed_on}), transfers of others than persons from \
{corp_yuan}, of persons from {person_yuan}. Principals of contracts just below the caps are not tested here."""

[[basis]]
law.zh = "金融机构大额交易和可疑交易报告管理办法 (中国人民银行令〔2006〕第2号, 已被取代)"
law.en = "Measures on reports of large-value and suspicious transactions (PBoC Order (2006) 2, superseded)"
article = "11(2)"
checked = "text"

[[basis]]
law.zh = "金融机构大额交易和可疑交易报告管理办法 (中国人民银行令〔2016〕第3号)"
law.en = "Measures on reports of large-value and suspicious transactions (PBoC Order (2016) 3)"
article = "5"
checked = "text"

[[basis]]
law = {zh = "2006年2号令的现金标准 (20万元)", en = "Cash line of Order (2006) 2 (200,000 yuan)"}
article = "9"
checked = "memory"

[[innocent]]
zh = "固定金额的租金、货款、分期款"
en = "Rent, goods or instalments of a fixed amount"

[[innocent]]
zh = "银行单笔或单日限额所致"
en = "A bank's own limit for a payment or a day"
+++*/
-- facts: one row per line just below what is reported, and what lies with it in the days up to it
with lines as (
    select
        case_accounts.case_id,
        accounts.holder_id,
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
),

ways as (
    select unnest(['cash', 'person', 'corp']) as way
),

lined as (
    -- of whom it is not known whether it is a person, both lines are tried
    select
        lines.*,
        ways.way,
        case ways.way
            when 'cash' then case when lines.on_day < $changed_on then $old_cash_yuan else $cash_yuan end
            when 'person' then $person_yuan
            else $corp_yuan
        end as line_yuan
    from lines
    inner join ways
        on
            (lines.is_cash and ways.way = 'cash')
            or (not lines.is_cash and ways.way = 'person' and coalesce(lines.kind, 'person') = 'person')
            or (not lines.is_cash and ways.way = 'corp' and lines.kind is distinct from 'person')
),

near as (
    select *
    from lined
    where amount_yuan >= line_yuan * $band_share and amount_yuan < line_yuan
),

ends as (
    select
        near.case_id,
        near.holder_id,
        near.direction,
        near.way,
        near.line_yuan,
        near.on_day as end_on
    from near
    inner join near as with_it
        on
            near.case_id = with_it.case_id
            and near.holder_id = with_it.holder_id
            and near.direction = with_it.direction
            and near.way = with_it.way
            and near.line_yuan = with_it.line_yuan
            and with_it.on_day between near.on_day - ($window_days - 1) and near.on_day
    group by near.case_id, near.holder_id, near.direction, near.way, near.line_yuan, near.on_day
    having
        count(distinct with_it.flow_id) >= $min_count
        and sum(with_it.amount_yuan) / count(distinct near.flow_id) >= near.line_yuan
)

select distinct
    near.case_id,
    near.holder_id,
    near.kind,
    near.direction,
    near.way,
    near.line_yuan,
    near.on_day,
    near.amount_yuan,
    near.flow_id
from near
inner join ends
    on
        near.case_id = ends.case_id
        and near.holder_id = ends.holder_id
        and near.direction = ends.direction
        and near.way = ends.way
        and near.line_yuan = ends.line_yuan
        and near.on_day between ends.end_on - ($window_days - 1) and ends.end_on;

-- hits: the holder, the sum of what lies just below, every line
select
    case_id,
    holder_id as subject_id,
    cast(sum(amount_yuan) as decimal(18, 2)) as amount_yuan,
    min(on_day) as first_on,
    max(on_day) as last_on,
    cast(1 as double) as confidence,
    list({ 'table': 'flows', 'id': flow_id } order by on_day, flow_id) as evidence,
    [
        { 'code': 'lines_just_below', 'v': cast(count(*) as text) },
        { 'code': 'near_' || way, 'v': cast(cast(line_yuan as decimal(18, 2)) as text) }
    ] as detail
from facts
where way = 'cash' or kind is not null
group by case_id, holder_id, direction, way, line_yuan;

-- coverage: holders of accounts of the case with statement lines
with holders as (
    select
        case_accounts.case_id,
        accounts.holder_id,
        count(*) filter (
            where flows.at is null or flows.amount_yuan is null or flows.direction is null
        ) as incomplete
    from case_accounts
    inner join accounts on case_accounts.account_id = accounts.account_id
    inner join flows on accounts.account_id = flows.account_id
    where coalesce(accounts.purpose, 'own') not in ('custody_total', 'custody_sub', 'payment', 'tax', 'settlement')
    group by case_accounts.case_id, accounts.holder_id
),

judged as (
    select
        holders.*,
        case
            when holders.holder_id is null then 'holderless'
            when holders.incomplete > 0 then 'incomplete'
            when exists (
                select 1 from facts
                where
                    facts.case_id = holders.case_id and facts.holder_id = holders.holder_id and facts.way <> 'cash'
                    and facts.kind is null
            ) then 'unclear'
            else 'tested'
        end as verdict
    from holders
)

select
    scope.case_id,
    count(judged.verdict) as population,
    count(judged.verdict) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_lines_of_case', 'v': cast(count(judged.verdict) = 0 as bigint) },
        { 'code': 'holders_of_unknown_kind', 'v': count(*) filter (where judged.verdict = 'unclear') },
        { 'code': 'accounts_without_holder', 'v': count(*) filter (where judged.verdict = 'holderless') },
        { 'code': 'lines_incomplete', 'v': coalesce(sum(judged.incomplete) filter (where judged.verdict = 'incomplete'), 0) }
    ] as why_not
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id;
