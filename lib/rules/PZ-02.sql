/*+++
id = "PZ-02"
severity = "prohibited"
in_force = {}
needs = ["loans", "flows", "accounts"]
params = {share = 0.3, min_amount_yuan = 100000}
derive = {client_accounts = {}, client_payments = {}, payout_months = {}}

[title]
zh = "兑付资金来源于新出借人"
en = "Payouts funded by new lenders"

[logic]
zh = """\
按比例法 (pro rata) 追溯存放客户资金的账户付给出借人的款项: 某月兑付不少于 {min_amount_yuan} 元, \
其中出借人投入的资金占 {share} 以上 (含)。指定出借给某合同的资金先用于该合同。"""
en = """\
What accounts that hold clients' money paid to lenders is traced back pro rata: in a month with payouts of \
{min_amount_yuan} yuan or more, {share} of them or more is money that lenders paid in. Money that a lender paid in for a \
stated loan goes to that loan first."""

[[basis]]
law.zh = "最高人民法院关于审理非法集资刑事案件具体应用法律若干问题的解释 (法释〔2022〕5号)"
law.en = "Supreme People's Court, Interpretation on Criminal Cases of Illegal Fund-raising (2022) 5"
article = "7(1)"
checked = "text"

[[basis]]
law.zh = "同一解释 (法释〔2010〕18号), 2022年3月1日前的兑付"
law.en = "The same Interpretation (2010) 18, for payouts before 2022-03-01"
article = "4"
checked = "memory"

[[innocent]]
zh = "摘要或户名不能说明款项性质, 出借人的还款或自有资金被当作新投入"
en = "Memos and names do not tell what a payment is: a lender's other money counts as newly lent"

[[innocent]]
zh = "出借人取回自己未投出的资金, 流水中没有标明退款"
en = "Lenders take back what they had not lent yet, and the statement does not call it a refund"
+++*/
-- facts: one row per paying account and month that ended by the day asked: what was paid to lenders, and with whose money
with funded as (
    select
        case_id,
        account as account_id,
        month as month_on,
        sum(pro_rata_yuan) as paid_yuan,
        coalesce(sum(pro_rata_yuan) filter (where funded_by = 'lender'), 0) as lender_yuan,
        coalesce(sum(fifo_yuan) filter (where funded_by = 'lender'), 0) as fifo_yuan,
        coalesce(sum(pro_rata_yuan) filter (where funded_by in ('unknown', 'opening')), 0) as unknown_yuan,
        flatten(list(transfer_ids) filter (where funded_by = 'lender')) as transfer_ids
    from payout_months
    group by case_id, account, month
),

unclear as (
    select
        client_payments.case_id,
        client_payments.account_id,
        cast(date_trunc('month', client_payments.at) as date) as month_on,
        sum(client_payments.amount_yuan) as unclear_yuan
    from client_payments
    inner join client_accounts
        on client_payments.case_id = client_accounts.case_id and client_payments.account_id = client_accounts.account_id
    where client_accounts.holds_clients and not client_payments.comes and client_payments.what = 'unknown'
    group by client_payments.case_id, client_payments.account_id, month_on
),

months as (
    select
        coalesce(funded.case_id, unclear.case_id) as case_id,
        coalesce(funded.account_id, unclear.account_id) as account_id,
        coalesce(funded.month_on, unclear.month_on) as month_on,
        cast(coalesce(funded.paid_yuan, 0) as decimal(38, 2)) as paid_yuan,
        coalesce(funded.lender_yuan, 0) as lender_yuan,
        coalesce(funded.fifo_yuan, 0) as fifo_yuan,
        coalesce(funded.unknown_yuan, 0) as unknown_yuan,
        cast(coalesce(unclear.unclear_yuan, 0) as decimal(38, 2)) as unclear_yuan,
        funded.transfer_ids
    from funded
    full join unclear
        on
            funded.case_id = unclear.case_id
            and funded.account_id = unclear.account_id
            and funded.month_on = unclear.month_on
)

select
    *,
    paid_yuan >= $min_amount_yuan and lender_yuan >= paid_yuan * $share as hit,
    unknown_yuan + unclear_yuan > 0
    and paid_yuan + unclear_yuan >= $min_amount_yuan
    and lender_yuan + unknown_yuan + unclear_yuan >= (paid_yuan + unclear_yuan) * $share as open
from months
where last_day(month_on) <= $as_of;

-- hits: the account, what lenders' money paid in the months that are leads; sure: the part of these payouts of known source
with paid as (
    select
        case_id,
        account_id,
        sum(lender_yuan) as lender_yuan,
        sum(paid_yuan) as paid_yuan,
        sum(fifo_yuan) as fifo_yuan,
        sum(unknown_yuan) as unknown_yuan,
        count(*) as months,
        list(month_on) as months_on,
        flatten(list(transfer_ids)) as transfer_ids
    from facts
    where hit
    group by case_id, account_id
),

moves as (
    select
        client_payments.case_id,
        client_payments.account_id,
        client_payments.transfer_id,
        client_payments.at as moved_at
    from client_payments
    inner join paid on client_payments.case_id = paid.case_id and client_payments.account_id = paid.account_id
    where
        list_contains(paid.transfer_ids, client_payments.transfer_id)
        or (
            client_payments.comes
            and client_payments.what = 'lender'
            and list_contains(paid.months_on, cast(date_trunc('month', client_payments.at) as date))
        )
)

select
    paid.case_id,
    paid.account_id as subject_id,
    cast(paid.lender_yuan as decimal(18, 2)) as amount_yuan,
    cast(min(moves.moved_at) as date) as first_on,
    cast(max(moves.moved_at) as date) as last_on,
    greatest(1 - cast(any_value(paid.unknown_yuan) as double) / cast(any_value(paid.paid_yuan) as double), 0) as confidence,
    list_concat(
        [{ 'table': 'accounts', 'id': paid.account_id }],
        list({ 'table': 'transfers', 'id': moves.transfer_id } order by moves.moved_at, moves.transfer_id)
    ) as evidence,
    list_filter(
        [
            { 'code': 'payout_months', 'v': cast(paid.months as text) },
            { 'code': 'paid_to_lenders', 'v': cast(cast(any_value(paid.paid_yuan) as decimal(18, 2)) as text) },
            { 'code': 'by_fifo', 'v': cast(cast(any_value(paid.fifo_yuan) as decimal(18, 2)) as text) },
            {
                'code': 'source_unknown',
                'v': case
                    when any_value(paid.unknown_yuan) > 0
                        then cast(cast(any_value(paid.unknown_yuan) as decimal(18, 2)) as text)
                end
            }
        ],
        lambda said: said['v'] is not null
    ) as detail
from paid
inner join moves on paid.case_id = moves.case_id and paid.account_id = moves.account_id
group by paid.case_id, paid.account_id, paid.lender_yuan, paid.months;

-- coverage: accounts that hold clients' money; tested are those covered on every day of lending in none of whose months unknown
-- money, or payments to nobody known, could change the answer
with judged as (
    select
        client_accounts.case_id,
        client_accounts.account_id,
        case
            when bool_or(facts.hit) then 'tested'
            when
                not coalesce(
                    any_value(client_accounts.covered_from)
                    <= greatest(any_value(client_accounts.lent_from), any_value(client_accounts.opened_on))
                    and any_value(client_accounts.covered_to)
                    >= least(any_value(client_accounts.lent_to), any_value(client_accounts.closed_on), $as_of),
                    false
                )
                then 'not_covered'
            when any_value(client_accounts.undated) > 0 then 'undated'
            when bool_or(facts.open) then 'open'
            else 'tested'
        end as verdict
    from client_accounts
    left join facts on client_accounts.case_id = facts.case_id and client_accounts.account_id = facts.account_id
    where client_accounts.holds_clients
    group by client_accounts.case_id, client_accounts.account_id
),

known as (
    select distinct case_id from client_accounts
)

select
    scope.case_id,
    count(judged.account_id) as population,
    count(judged.account_id) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'lenders_unknown', 'v': cast(scope.institution_id is not null and known.case_id is null as bigint) },
        { 'code': 'no_paying_account', 'v': cast(known.case_id is not null and count(judged.account_id) = 0 as bigint) },
        { 'code': 'accounts_not_covered', 'v': count(*) filter (where judged.verdict = 'not_covered') },
        { 'code': 'accounts_undated', 'v': count(*) filter (where judged.verdict = 'undated') },
        { 'code': 'payouts_open', 'v': count(*) filter (where judged.verdict = 'open') }
    ] as why_not
from scope
left join known on scope.case_id = known.case_id
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id, known.case_id;
