/*+++
id = "CU-01"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["accounts", "institutions"]
params = {custody_by_on = 2018-06-30, switch_days = 60}
derive = {}

[title]
zh = "未落实唯一银行存管"
en = "No bank custodian, or several at once"

[logic]
zh = """\
P2P 平台在 {custody_by_on} 之后没有在用的存管总户 (已提供的账户用途均已知), 或存管总户不在银行; \
或在两家银行的存管总户并存达到 {switch_days} 天 (更换银行的重叠不足该天数的不算)。"""
en = """\
After {custody_by_on} a P2P platform has no open custody account (of all its accounts the purpose is known), or none with a \
bank; or custody accounts with two banks are open side by side for {switch_days} days or more (less is a switch)."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "28"
checked = "text"

[[basis]]
law = {zh = "网络借贷资金存管业务指引 (一家商业银行)", en = "Guide to the custody of online lending funds (one commercial bank)"}
article = "-"
checked = "memory"

[[innocent]]
zh = "存管户登记在存管银行名下, 或账户清单不完整"
en = "The custody account is in the bank's own name, or the list of accounts is incomplete"

[[innocent]]
zh = "已完成退出, 存管户随之注销; 或新行仅作联调测试"
en = "The exit is complete and the account closed with it, or the second bank is only tested"
+++*/
-- facts: one row per platform: its custody accounts, and how long two banks held them at once
with held as (
    select
        scope.case_id,
        accounts.*
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    where scope.institution_id is not null and coalesce(accounts.opened_on, $as_of) <= $as_of
),

custody as (
    select
        case_id,
        account_id,
        bank,
        opened_on,
        least(coalesce(closed_on, $as_of + 1), $as_of + 1) as open_to
    from held
    where purpose = 'custody_total'
),

pairs as (
    select
        one.case_id,
        one.account_id as one_id,
        other.account_id as other_id,
        greatest(one.opened_on, other.opened_on) as from_on,
        least(one.open_to, other.open_to) as to_on,
        one.opened_on is null or other.opened_on is null as undated,
        date_diff('day', greatest(one.opened_on, other.opened_on), least(one.open_to, other.open_to)) as days
    from custody as one
    inner join custody as other on one.case_id = other.case_id and one.bank < other.bank
    where coalesce(greatest(one.opened_on, other.opened_on) < least(one.open_to, other.open_to), true)
),

overlap as (
    select
        case_id,
        max(days) filter (where not undated) as days,
        bool_or(undated) as undated,
        min(from_on) filter (where not undated and days >= $switch_days) as from_on,
        max(to_on) filter (where not undated and days >= $switch_days) as to_on,
        list_distinct(flatten(list([one_id, other_id]) filter (where not undated and days >= $switch_days))) as account_ids
    from pairs
    group by case_id
),

counted as (
    select
        case_id,
        count(*) as accounts,
        count(*) filter (where purpose is null) as purposeless,
        count(*) filter (where purpose = 'custody_total') as custody,
        count(*) filter (where purpose = 'custody_total' and (closed_on is null or closed_on > $as_of)) as open_custody,
        count(*) filter (
            where purpose = 'custody_total' and (closed_on is null or closed_on > $as_of)
            and regexp_matches(bank, '银行|信用社|农信')
        ) as with_bank,
        count(*) filter (
            where purpose = 'custody_total' and (closed_on is null or closed_on > $as_of) and bank is null
        ) as bankless,
        list(account_id order by account_id) filter (where purpose = 'custody_total') as custody_ids
    from held
    group by case_id
)

select
    scope.case_id,
    institutions.institution_id,
    counted.accounts,
    counted.custody,
    counted.open_custody,
    counted.custody_ids,
    overlap.days,
    overlap.from_on,
    overlap.to_on,
    overlap.account_ids,
    case
        when institutions.business_types is null then 'no_business_type'
        when not regexp_matches(institutions.business_types, '网络借贷|网贷|(?i:p2p)') then 'not_p2p'
        when counted.accounts is null then 'no_own_accounts'
        when coalesce(overlap.days >= $switch_days, false) then 'several'
        when counted.with_bank > 0 and coalesce(overlap.undated, false) then 'undated'
        when counted.with_bank > 0 then 'fine'
        when counted.bankless > 0 then 'bank_unknown'
        when $as_of <= $custody_by_on then 'not_due'
        when counted.open_custody > 0 then 'no_bank'
        when counted.purposeless > 0 then 'purpose_unknown'
        else 'none'
    end as verdict
from scope
inner join institutions on scope.institution_id = institutions.institution_id
left join counted on scope.case_id = counted.case_id
left join overlap on scope.case_id = overlap.case_id;

-- hits: the platform, and its custody accounts
select
    case_id,
    institution_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    case when verdict = 'several' then from_on else $custody_by_on + 1 end as first_on,
    case when verdict = 'several' then to_on - 1 end as last_on,
    cast(1 as double) as confidence,
    case
        when verdict = 'several'
            then
                list_transform(
                    list_sort(account_ids), lambda account_id: { 'table': 'accounts', 'id': account_id }
                )
        else list_append(
            list_transform(coalesce(custody_ids, []), lambda account_id: { 'table': 'accounts', 'id': account_id }),
            { 'table': 'institutions', 'id': institution_id }
        )
    end as evidence,
    [
        case
            when verdict = 'several' then { 'code': 'custodians_days', 'v': cast(days as text) }
            when verdict = 'no_bank' then { 'code': 'custodian_no_bank', 'v': '1' }
            when custody > 0 then { 'code': 'custody_closed', 'v': '1' }
            else { 'code': 'no_custody_account', 'v': '1' }
        end
    ] as detail
from facts
where verdict in ('several', 'no_bank', 'none');

-- coverage: one custodian per platform
select
    scope.case_id,
    count(facts.case_id) filter (where facts.verdict <> 'not_p2p') as population,
    count(facts.case_id) filter (where facts.verdict in ('fine', 'several', 'no_bank', 'none')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_business_type', 'v': count(*) filter (where facts.verdict = 'no_business_type') },
        { 'code': 'not_p2p', 'v': count(*) filter (where facts.verdict = 'not_p2p') },
        { 'code': 'no_own_accounts', 'v': count(*) filter (where facts.verdict = 'no_own_accounts') },
        { 'code': 'custody_undated', 'v': count(*) filter (where facts.verdict = 'undated') },
        { 'code': 'custody_bank_unknown', 'v': count(*) filter (where facts.verdict = 'bank_unknown') },
        { 'code': 'not_due', 'v': count(*) filter (where facts.verdict = 'not_due') },
        { 'code': 'purposes_unknown', 'v': count(*) filter (where facts.verdict = 'purpose_unknown') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
