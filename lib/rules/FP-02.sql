/*+++
id = "FP-02"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "flows", "accounts", "holdings", "roles"]
params = {min_lenders = 3, window_days = 30, min_amount_yuan = 50000}
derive = {related = {}, client_accounts = {}, client_payments = {}}

[title]
zh = "股东、高管、员工或亲属的账户归集出借人资金"
en = "Lenders' money through accounts of insiders"

[logic]
zh = """\
办法施行后, 基准日的关联方 (股东、实际控制人、董监高及其近亲属、同一控制下企业) 或员工的账户, 在任意 {window_days} 天内收到 {min_lenders} 名以上 (含) 出借人的款项, 合计不少于 \
{min_amount_yuan} 元; 收费和该账户户主自己是合同一方的款项不计。"""
en = """\
Since the measures an account of a related party on the day asked (holders, controllers, officers and their kin, companies \
under one control) or of staff has taken, within {window_days} days, payments of {min_lenders} lenders or more, \
{min_amount_yuan} yuan or more in all; fees, and payments for a contract to which the holder is itself a party, do not count."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "10(2)"
checked = "text"

[[innocent]]
zh = "亲友之间的私人借款或还款"
en = "Private loans between friends, or their repayment"

[[innocent]]
zh = "出借人与该人另有交易 (工资、货款、房租)"
en = "The lender has other dealings with the person (wages, goods, rent)"
+++*/
-- facts: one row per payment of a lender, or of a payer who may be one, into an account of the circle, and whether it stands in
-- a window that is a lead for certain, or may be one
with credits as (
    select
        client_payments.case_id,
        client_payments.account_id,
        client_payments.transfer_id,
        client_payments.amount_yuan,
        cast(client_payments.at as date) as on_day,
        client_payments.what = 'lender' as sure,
        coalesce(client_payments.other_id, client_payments.other_account, client_payments.transfer_id) as payer
    from client_payments
    inner join client_accounts
        on client_payments.case_id = client_accounts.case_id and client_payments.account_id = client_accounts.account_id
    where
        client_accounts.role in ('related', 'staff')
        and not client_accounts.is_custody
        and client_payments.comes
        and not client_payments.has_contract
        and cast(client_payments.at as date) between $in_force_from and $as_of
        and (
            client_payments.what = 'lender'
            or (client_payments.what = 'unknown' and client_payments.kind not in ('fee', 'interest'))
        )
),

begins as (
    select distinct
        case_id,
        account_id,
        on_day
    from credits
),

windows as (
    select
        begins.case_id,
        begins.account_id,
        begins.on_day,
        count(distinct credits.payer) filter (where credits.sure) >= $min_lenders
        and coalesce(sum(credits.amount_yuan) filter (where credits.sure), 0) >= $min_amount_yuan as hit,
        count(distinct credits.payer) >= $min_lenders and sum(credits.amount_yuan) >= $min_amount_yuan as open
    from begins
    inner join credits
        on
            begins.case_id = credits.case_id
            and begins.account_id = credits.account_id
            and credits.on_day between begins.on_day and begins.on_day + cast($window_days as integer) - 1
    group by begins.case_id, begins.account_id, begins.on_day
)

select
    credits.*,
    credits.sure
    and exists (
        select 1 from windows
        where
            windows.case_id = credits.case_id
            and windows.account_id = credits.account_id
            and windows.hit
            and credits.on_day between windows.on_day and windows.on_day + cast($window_days as integer) - 1
    ) as hit,
    exists(
        select 1 from windows
        where windows.case_id = credits.case_id and windows.account_id = credits.account_id and windows.open
    ) as open
from credits;

-- hits: the account, what lenders paid in within the windows, first and last payment of these
select
    facts.case_id,
    facts.account_id as subject_id,
    cast(sum(facts.amount_yuan) as decimal(18, 2)) as amount_yuan,
    min(facts.on_day) as first_on,
    max(facts.on_day) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'accounts', 'id': facts.account_id }],
        list({ 'table': 'transfers', 'id': facts.transfer_id } order by facts.on_day, facts.transfer_id)
    ) as evidence,
    [
        { 'code': 'account_of', 'v': any_value(coalesce(client_accounts.holder_name, client_accounts.holder_id)) },
        { 'code': 'lenders', 'v': cast(count(distinct facts.payer) as text) }
    ] as detail
from facts
inner join client_accounts on facts.case_id = client_accounts.case_id and facts.account_id = client_accounts.account_id
where facts.hit
group by facts.case_id, facts.account_id;

-- coverage: related parties and staff; tested are those with an account, all of whose known accounts are covered on every day
-- of lending, and for whom unknown payers could not change the answer
with insiders as (
    select
        case_id,
        party_id
    from related
    where reason <> 'self'
    union
    select
        case_id,
        holder_id as party_id
    from client_accounts
    where role in ('related', 'staff') and not is_custody
),

judged as (
    select
        client_accounts.case_id,
        client_accounts.holder_id as party_id,
        exists(
            select 1 from facts
            where facts.case_id = client_accounts.case_id and facts.account_id = client_accounts.account_id and facts.hit
        ) as hit,
        exists(
            select 1 from facts
            where facts.case_id = client_accounts.case_id and facts.account_id = client_accounts.account_id and facts.open
        ) as open,
        coalesce(
            client_accounts.covered_from
            <= greatest(client_accounts.lent_from, client_accounts.opened_on, $in_force_from)
            and client_accounts.covered_to
            >= least(greatest(client_accounts.lent_to, $in_force_from), client_accounts.closed_on, $as_of),
            false
        )
        and client_accounts.undated = 0 as covered
    from client_accounts
    where client_accounts.role in ('related', 'staff') and not client_accounts.is_custody
),

by_party as (
    select
        insiders.case_id,
        insiders.party_id,
        case
            when bool_or(judged.hit) then 'tested'
            when count(judged.party_id) = 0 then 'without_account'
            when not bool_and(judged.covered) then 'not_covered'
            when bool_or(judged.open) then 'open'
            else 'tested'
        end as verdict
    from insiders
    left join judged on insiders.case_id = judged.case_id and insiders.party_id = judged.party_id
    group by insiders.case_id, insiders.party_id
),

known as (
    select
        scope.case_id,
        scope.institution_id,
        exists(
            select 1 from holdings
            where
                holdings.held_id = scope.party_id
                and coalesce(holdings.valid_from, $as_of) <= $as_of
                and (holdings.valid_to is null or holdings.valid_to > $as_of)
        ) as holders,
        exists(
            select 1 from roles
            where
                roles.entity_id in (scope.institution_id, scope.party_id)
                and coalesce(roles.valid_from, $as_of) <= $as_of
                and (roles.valid_to is null or roles.valid_to > $as_of)
        ) as officers,
        exists(select 1 from client_accounts where client_accounts.case_id = scope.case_id) as clients
    from scope
)

select
    known.case_id,
    count(by_party.party_id) as population,
    count(by_party.party_id) filter (
        where known.clients and known.holders and known.officers and by_party.verdict = 'tested'
    ) as tested,
    [
        { 'code': 'no_platform', 'v': cast(known.institution_id is null as bigint) },
        { 'code': 'lenders_unknown', 'v': cast(known.institution_id is not null and not known.clients as bigint) },
        { 'code': 'no_holders', 'v': cast(not known.holders as bigint) },
        { 'code': 'no_officers_of_day', 'v': cast(not known.officers as bigint) },
        {
            'code': 'insiders_without_accounts',
            'v': count(*) filter (where known.clients and by_party.verdict = 'without_account')
        },
        { 'code': 'insiders_not_covered', 'v': count(*) filter (where by_party.verdict = 'not_covered') },
        { 'code': 'insiders_payers_unknown', 'v': count(*) filter (where by_party.verdict = 'open') }
    ] as why_not
from known
left join by_party on known.case_id = by_party.case_id
group by known.case_id, known.institution_id, known.holders, known.officers, known.clients;
