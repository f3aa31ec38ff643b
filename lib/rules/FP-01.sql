/*+++
id = "FP-01"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "flows", "accounts"]
params = {min_amount_yuan = 1000, min_count = 3}
derive = {client_accounts = {}, client_payments = {}}

[title]
zh = "机构自有账户归集出借人资金"
en = "Lenders' money through the institution's own account"

[logic]
zh = """\
办法施行后, 本机构的非存管账户收到其出借人的款项, 扣除退还给同一出借人的退款后, 达到 {min_count} 笔且合计不少于 {min_amount_yuan} 元; 会员费等收费和本机构自己是合同一方的款项不计。"""
en = """\
Since the measures an account of the institution that is not one of custody has taken {min_count} payments or more of its \
lenders, {min_amount_yuan} yuan or more in all, less what was refunded to the same lender; fees, and payments for a contract \
to which the institution is itself a party, do not count."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "3, 10(2), 28"
checked = "text"

[[innocent]]
zh = "真实的会员费或服务费, 流水中没有标明"
en = "A genuine membership or service fee that the statement does not call one"

[[innocent]]
zh = "资金存管上线前的过渡期"
en = "The time of transition before custody began"

[[innocent]]
zh = "出借人与机构另有往来 (房租、货款、借款)"
en = "The lender has other dealings with the institution (rent, goods, a loan)"
+++*/
-- facts: one row per account of the institution, custody apart, with what lenders, and payers who may be lenders, paid into it
with asked as (
    select
        client_accounts.*,
        coalesce(
            covered_from <= greatest(lent_from, opened_on, $in_force_from)
            and covered_to >= least(greatest(lent_to, $in_force_from), closed_on, $as_of),
            false
        ) as covered
    from client_accounts
    where role = 'own' and not is_custody
),

counted as (
    select
        case_id,
        account_id,
        coalesce(other_id, other_account, transfer_id) as party,
        client_payments.*
    from client_payments
    where cast(client_payments.at as date) between $in_force_from and $as_of
),

refunds as (
    select
        case_id,
        account_id,
        party,
        sum(amount_yuan) as refunded_yuan
    from counted
    where not comes and what = 'refund'
    group by case_id, account_id, party
),

by_payer as (
    select
        counted.case_id,
        counted.account_id,
        counted.party,
        counted.what = 'lender' as sure,
        greatest(sum(counted.amount_yuan) - coalesce(any_value(refunds.refunded_yuan), 0), 0) as kept_yuan,
        coalesce(any_value(refunds.refunded_yuan), 0) as refunded_yuan,
        count(*) as payments,
        min(cast(counted.at as date)) as first_on,
        max(cast(counted.at as date)) as last_on,
        list(counted.transfer_id order by counted.at, counted.transfer_id) as transfer_ids
    from counted
    left join refunds
        on counted.case_id = refunds.case_id and counted.account_id = refunds.account_id and counted.party = refunds.party
    where
        counted.comes
        and not counted.has_contract
        and (counted.what = 'lender' or (counted.what = 'unknown' and counted.kind not in ('fee', 'interest')))
    group by counted.case_id, counted.account_id, counted.party, counted.what
),

collected as (
    select
        case_id,
        account_id,
        coalesce(sum(kept_yuan) filter (where sure), 0) as kept_yuan,
        coalesce(sum(payments) filter (where sure), 0) as payments,
        count(*) filter (where sure) as lenders,
        coalesce(sum(refunded_yuan) filter (where sure), 0) as refunded_yuan,
        coalesce(sum(kept_yuan) filter (where not sure), 0) as maybe_yuan,
        coalesce(sum(payments) filter (where not sure), 0) as maybe_payments,
        min(first_on) filter (where sure) as first_on,
        max(last_on) filter (where sure) as last_on,
        flatten(list(transfer_ids order by first_on, party) filter (where sure)) as transfer_ids
    from by_payer
    where kept_yuan > 0
    group by case_id, account_id
)

select
    asked.case_id,
    asked.account_id,
    asked.covered,
    asked.undated,
    collected.kept_yuan,
    collected.lenders,
    collected.refunded_yuan,
    collected.first_on,
    collected.last_on,
    collected.transfer_ids,
    coalesce(collected.kept_yuan >= $min_amount_yuan and collected.payments >= $min_count, false) as hit,
    coalesce(
        collected.maybe_payments > 0
        and collected.kept_yuan + collected.maybe_yuan >= $min_amount_yuan
        and collected.payments + collected.maybe_payments >= $min_count,
        false
    ) as open
from asked
left join collected on asked.case_id = collected.case_id and asked.account_id = collected.account_id;

-- hits: the account, what lenders paid in less refunds, first and last payment
select
    case_id,
    account_id as subject_id,
    cast(kept_yuan as decimal(18, 2)) as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'accounts', 'id': account_id }],
        list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
    ) as evidence,
    list_filter(
        [
            { 'code': 'lenders', 'v': cast(lenders as text) },
            {
                'code': 'refunded_yuan',
                'v': case when refunded_yuan > 0 then cast(cast(refunded_yuan as decimal(18, 2)) as text) end
            }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where hit;

-- coverage: accounts of the institution, custody apart; tested where statements cover every day of lending and unknown payers
-- could not change the answer
select
    scope.case_id,
    count(facts.account_id) as population,
    count(facts.account_id) filter (where facts.hit or (facts.covered and facts.undated = 0 and not facts.open)) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'lenders_unknown',
            'v': cast(
                scope.institution_id is not null
                and not exists (select 1 from client_accounts where client_accounts.case_id = scope.case_id) as bigint
            )
        },
        {
            'code': 'no_own_accounts',
            'v': cast(
                scope.institution_id is not null
                and exists (select 1 from client_accounts where client_accounts.case_id = scope.case_id)
                and count(facts.account_id) = 0 as bigint
            )
        },
        { 'code': 'accounts_not_covered', 'v': count(*) filter (where not facts.covered and not facts.hit) },
        { 'code': 'accounts_undated', 'v': count(*) filter (where facts.undated > 0 and facts.covered and not facts.hit) },
        {
            'code': 'payers_unknown',
            'v': count(*) filter (where facts.open and facts.undated = 0 and facts.covered and not facts.hit)
        }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
