/*+++
id = "SH-08"
severity = "major"
in_force = {from = "2006-01-01"}
needs = ["transfers", "accounts", "holdings"]
params = {days = 30, returned_share = 0.8}
derive = {related = {}, account_coverage = {}}

[title]
zh = "虚假出资或抽逃出资"
en = "Capital paid in that goes out again"

[logic]
zh = """\
出资 (资金类型 capital, 或股东所付、摘要为投资款、增资等) 到账后 {days} 天内, 机构自有账户直接, 或经一个第三方, \
付给出资人及关联方的金额达到该笔出资的 {returned_share} (经第三方的, 按其收到与转出的较小者计; 工资社保除外)。\
收款人不明, 或其后流水未提供的付款, 足以改变结果时不作认定。"""
en = """\
Within {days} days of a payment of capital (by its kind, or from a holder with such a memo), its own accounts pay \
{returned_share} of it or more to its payer and to related parties, directly or through one third party (the lesser of what \
it got and passed on; wages apart). Where payees are unknown, or what they did with the money is not in the data, and that \
could change the answer, nothing is said."""

[[basis]]
law = {zh = "公司法 (2023)", en = "Company Law (2023)"}
article = "53"
checked = "text"

[[basis]]
law = {zh = "公司法 (2018)", en = "Company Law (2018)"}
article = "35"
checked = "memory"

[[innocent]]
zh = "向关联方购买资产或服务, 有合同和发票"
en = "Assets or services bought from a related party, with contract and invoice"

[[innocent]]
zh = "归还股东此前的借款"
en = "The return of a loan that the holder had given before"
+++*/
-- facts: one row per payment of capital: what went back, what may have, and the transfers that show it
with own_accounts as (
    select
        scope.case_id,
        scope.party_id,
        accounts.account_id
    from scope
    inner join accounts on accounts.holder_id in (scope.party_id, scope.institution_id)
    where coalesce(accounts.purpose, 'own') not in ('custody_total', 'custody_sub')
),

capital as (
    select
        own_accounts.case_id,
        transfers.transfer_id as capital_id,
        transfers.at as moved_at,
        transfers.at + to_days($days) as until,
        transfers.amount_yuan,
        payer.holder_id as contributor_id
    from own_accounts
    inner join transfers on own_accounts.account_id = transfers.payee_account
    left join accounts as payer on transfers.payer_account = payer.account_id
    where
        (
            transfers.kind = 'capital'
            -- statements of banks have memos and no kinds
            or (
                coalesce(transfers.kind, 'transfer') in ('transfer', 'other')
                and regexp_matches(transfers.memo, '投资款|出资款|增资|股本|入股|注册资本')
                and (own_accounts.party_id, payer.holder_id) in (select (holdings.held_id, holdings.holder_id) from holdings)
            )
        )
        and cast(transfers.at as date) >= $in_force_from
        and cast(transfers.at as date) <= $as_of
        and transfers.payer_account not in (
            select account_id from own_accounts as mine where mine.case_id = own_accounts.case_id
        )
),

paid as (
    select
        capital.case_id,
        capital.capital_id,
        capital.moved_at as capital_at,
        capital.until,
        capital.contributor_id,
        transfers.transfer_id,
        transfers.at as moved_at,
        transfers.amount_yuan,
        payee.holder_id,
        payee.holder_id = capital.contributor_id or related.party_id is not null as back,
        coalesce(cover.covered_from <= cast(transfers.at as date) and cover.covered_to >= cast(capital.until as date), false)
            as followed
    from capital
    inner join own_accounts on capital.case_id = own_accounts.case_id
    inner join transfers
        on
            own_accounts.account_id = transfers.payer_account
            and capital.moved_at < transfers.at
            and capital.until >= transfers.at
            and cast(transfers.at as date) <= $as_of
    left join accounts as payee on transfers.payee_account = payee.account_id
    left join account_coverage as cover on transfers.payee_account = cover.account_id
    left join related
        on capital.case_id = related.case_id and payee.holder_id = related.party_id and related.reason <> 'self'
    where
        not coalesce(regexp_matches(transfers.memo, '工资|薪|社保|社会保险|公积金|个税|个人所得税'), false)
        and transfers.payee_account is distinct from transfers.payer_account
        and not coalesce(transfers.payee_account in (
            select mine.account_id from own_accounts as mine where mine.case_id = capital.case_id
        ), false)
),

middle as (
    select
        case_id,
        capital_id,
        capital_at,
        until,
        contributor_id,
        holder_id,
        min(moved_at) as first_at,
        sum(amount_yuan) as got_yuan,
        list(transfer_id order by transfer_id) as transfer_ids
    from paid
    where holder_id is not null and not coalesce(back, false)
    group by case_id, capital_id, capital_at, until, contributor_id, holder_id
),

passed as (
    select
        middle.case_id,
        middle.capital_id,
        middle.holder_id,
        least(any_value(middle.got_yuan), sum(transfers.amount_yuan)) as back_yuan,
        max(transfers.at) as last_at,
        any_value(middle.transfer_ids) as first_ids,
        list(transfers.transfer_id order by transfers.at, transfers.transfer_id) as second_ids
    from middle
    inner join accounts as third on middle.holder_id = third.holder_id
    inner join transfers
        on
            third.account_id = transfers.payer_account
            and middle.first_at < transfers.at
            and middle.until >= transfers.at
            and cast(transfers.at as date) <= $as_of
    inner join accounts as payee on transfers.payee_account = payee.account_id
    left join related
        on middle.case_id = related.case_id and payee.holder_id = related.party_id and related.reason <> 'self'
    where payee.holder_id = middle.contributor_id or related.party_id is not null
    group by middle.case_id, middle.capital_id, middle.holder_id
),

direct as (
    select
        case_id,
        capital_id,
        sum(amount_yuan) filter (where back) as back_yuan,
        max(moved_at) filter (where back) as last_at,
        list(transfer_id order by moved_at, transfer_id) filter (where back) as transfer_ids,
        sum(amount_yuan) filter (where not coalesce(back, false) and not followed) as unknown_yuan
    from paid
    group by case_id, capital_id
),

through as (
    select
        case_id,
        capital_id,
        sum(back_yuan) as back_yuan,
        max(last_at) as last_at,
        flatten(list(list_concat(first_ids, second_ids) order by holder_id)) as transfer_ids
    from passed
    group by case_id, capital_id
),

covered as (
    select
        capital.case_id,
        capital.capital_id,
        bool_and(
            coalesce(
                cover.covered_from <= cast(capital.moved_at as date) and cover.covered_to >= cast(capital.until as date), false
            )
        ) as whole
    from capital
    inner join own_accounts on capital.case_id = own_accounts.case_id
    inner join accounts on own_accounts.account_id = accounts.account_id
    left join account_coverage as cover on own_accounts.account_id = cover.account_id
    where
        coalesce(accounts.opened_on <= cast(capital.until as date), true)
        and coalesce(accounts.closed_on >= cast(capital.moved_at as date), true)
    group by capital.case_id, capital.capital_id
),

summed as (
    select
        capital.*,
        least(coalesce(direct.back_yuan, 0) + coalesce(through.back_yuan, 0), capital.amount_yuan) as back_yuan,
        -- what a third party passed on is known, whatever else it did
        coalesce(direct.unknown_yuan, 0) as unknown_yuan,
        greatest(direct.last_at, through.last_at) as last_at,
        list_concat(coalesce(direct.transfer_ids, []), coalesce(through.transfer_ids, [])) as transfer_ids,
        coalesce(covered.whole, false) as whole
    from capital
    left join direct on capital.case_id = direct.case_id and capital.capital_id = direct.capital_id
    left join through on capital.case_id = through.case_id and capital.capital_id = through.capital_id
    left join covered on capital.case_id = covered.case_id and capital.capital_id = covered.capital_id
)

select
    *,
    case
        when back_yuan >= amount_yuan * $returned_share then 'back'
        when cast(until as date) > $as_of then 'window_open'
        when not whole then 'not_covered'
        when contributor_id is null then 'contributor_unknown'
        when back_yuan + unknown_yuan >= amount_yuan * $returned_share then 'unknown'
        else 'stayed'
    end as verdict
from summed;

-- hits: the contributor (the company where it is unknown), what went back, from the day of the payment to the last return
select
    facts.case_id,
    coalesce(facts.contributor_id, scope.party_id) as subject_id,
    cast(facts.back_yuan as decimal(18, 2)) as amount_yuan,
    cast(facts.moved_at as date) as first_on,
    cast(facts.last_at as date) as last_on,
    cast(1 as double) as confidence,
    list_transform(
        list_prepend(facts.capital_id, facts.transfer_ids), lambda one: { 'table': 'transfers', 'id': one }
    ) as evidence,
    [{ 'code': 'capital_paid_in', 'v': cast(facts.amount_yuan as text) }] as detail
from facts
inner join scope on facts.case_id = scope.case_id
where facts.verdict = 'back';

-- coverage: payments of capital in the statements; tested where what became of them is known and related parties are
with known as (
    select
        scope.case_id,
        exists(
            select 1 from holdings
            where
                holdings.held_id = scope.party_id
                and coalesce(holdings.valid_from, $as_of) <= $as_of
                and (holdings.valid_to is null or holdings.valid_to > $as_of)
        ) as holders
    from scope
)

select
    known.case_id,
    count(facts.verdict) as population,
    count(facts.verdict) filter (where facts.verdict = 'back' or (facts.verdict = 'stayed' and known.holders)) as tested,
    [
        { 'code': 'no_capital', 'v': cast(count(facts.verdict) = 0 as bigint) },
        { 'code': 'capital_window_open', 'v': count(*) filter (where facts.verdict = 'window_open') },
        { 'code': 'capital_not_covered', 'v': count(*) filter (where facts.verdict = 'not_covered') },
        { 'code': 'capital_contributor_unknown', 'v': count(*) filter (where facts.verdict = 'contributor_unknown') },
        { 'code': 'capital_unknown', 'v': count(*) filter (where facts.verdict = 'unknown') },
        {
            'code': 'related_incomplete',
            'v': cast(count(*) filter (where facts.verdict = 'stayed' and not known.holders) > 0 as bigint)
        }
    ] as why_not
from known
left join facts on known.case_id = facts.case_id
group by known.case_id;
