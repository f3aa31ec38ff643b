/*+++
id = "EX-07"
severity = "prohibited"
in_force = {}
needs = ["exit_plans", "transfers", "accounts", "holdings"]
params = {min_amount_yuan = 10000}
derive = {related = {}, account_coverage = {}}

[title]
zh = "退出期向关联方转移资金"
en = "Money to related parties during the exit"

[logic]
zh = """\
自退出开始日 (最近一版方案) 起, 机构账户付给同一关联方 (机构本身除外) 的金额合计达到 {min_amount_yuan} 元; 摘要为工资、社保、公积金、个税的, \
以及按合同编号付给该合同出借人的兑付除外。低价转让股权、资产没有价格数据, 不检验。"""
en = """\
From the first day of the exit (by the latest plan) on, what the institution's accounts pay to one related party (itself \
apart) adds up to {min_amount_yuan} yuan or more; wages and social insurance by their memo, and payouts that name a contract \
of which the payee is the lender, are left out. Sales of shares and assets below value are not tested, for want of prices."""

[[basis]]
law.zh = "最高人民法院关于审理非法集资刑事案件具体应用法律若干问题的解释"
law.en = "Supreme People's Court interpretation on criminal cases of illegal fund-raising"
article = "7(5)"
checked = "text"

[[innocent]]
zh = "方案预算内的工资、费用, 摘要未写明"
en = "Wages or costs within the plan's budget, under another memo"

[[innocent]]
zh = "归还关联方在退出前代垫的款项"
en = "The return of what a related party had advanced before the exit"
+++*/
-- facts: one row per transfer from the institution's accounts during its exit that a related party may have received
with latest as (
    select *
    from exit_plans
    where coalesce(submitted_on, $as_of) <= $as_of
    qualify row_number() over (
        partition by institution_id
        order by
            coalesce(approved_on <= $as_of, false) desc, submitted_on desc nulls last, plan_version desc
    ) = 1
),

leaving as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        latest.plan_version,
        latest.starts_on
    from scope
    inner join latest on scope.institution_id = latest.institution_id
),

own_accounts as (
    select
        leaving.*,
        accounts.account_id
    from leaving
    inner join accounts on accounts.holder_id in (leaving.institution_id, leaving.party_id)
)

select
    own_accounts.case_id,
    own_accounts.institution_id,
    own_accounts.plan_version,
    transfers.transfer_id,
    transfers.amount_yuan,
    cast(transfers.at as date) as on_day,
    payee.holder_id,
    related.reason,
    coalesce(regexp_matches(transfers.memo, '工资|薪|社保|社会保险|公积金|个税|个人所得税'), false) as wages,
    coalesce(loans.lender_id = payee.holder_id, false) as payout
from own_accounts
inner join transfers on own_accounts.account_id = transfers.payer_account
left join accounts as payee on transfers.payee_account = payee.account_id
left join related on own_accounts.case_id = related.case_id and payee.holder_id = related.party_id
left join loans on transfers.loan_id = loans.loan_id
where
    cast(transfers.at as date) >= own_accounts.starts_on
    and cast(transfers.at as date) <= $as_of
    and payee.holder_id is distinct from own_accounts.party_id
    and payee.holder_id is distinct from own_accounts.institution_id
    and (related.party_id is not null or payee.holder_id is null);

-- hits: the related party, what it got, and every payment
select
    case_id,
    holder_id as subject_id,
    cast(sum(amount_yuan) as decimal(18, 2)) as amount_yuan,
    min(on_day) as first_on,
    max(on_day) as last_on,
    cast(1 as double) as confidence,
    list_append(
        list({ 'table': 'transfers', 'id': transfer_id } order by on_day, transfer_id),
        { 'table': 'exit_plans', 'id': concat_ws('|', institution_id, plan_version) }
    ) as evidence,
    [{ 'code': 'payments', 'v': cast(count(*) as text) }] as detail
from facts
where reason is not null and not wages and not payout
group by case_id, institution_id, plan_version, holder_id
having sum(amount_yuan) >= $min_amount_yuan;

-- coverage: accounts of the institution that were open in its exit; tested where statements cover all of it, related parties
-- are known and no payment that could change the answer went to somebody unknown
with latest as (
    select *
    from exit_plans
    where coalesce(submitted_on, $as_of) <= $as_of
    qualify row_number() over (
        partition by institution_id
        order by
            coalesce(approved_on <= $as_of, false) desc, submitted_on desc nulls last, plan_version desc
    ) = 1
),

leaving as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        latest.starts_on,
        exists(
            select 1 from holdings
            where
                holdings.held_id = scope.party_id
                and coalesce(holdings.valid_from, $as_of) <= $as_of
                and (holdings.valid_to is null or holdings.valid_to > $as_of)
        ) as holders_known
    from scope
    inner join latest on scope.institution_id = latest.institution_id
),

unknown as (
    select
        case_id,
        sum(amount_yuan) as unknown_yuan
    from facts
    where reason is null and not wages
    group by case_id
),

judged as (
    select
        leaving.case_id,
        case
            when leaving.starts_on is null then 'no_exit_start'
            when leaving.starts_on > $as_of then 'not_begun'
            when
                not coalesce(cover.covered_from <= leaving.starts_on, false)
                or not coalesce(cover.covered_to >= $as_of or cover.covered_to >= accounts.closed_on, false) then 'not_covered'
            when not leaving.holders_known then 'related_unknown'
            when coalesce(unknown.unknown_yuan, 0) >= $min_amount_yuan then 'payee_unknown'
            else 'tested'
        end as verdict
    from leaving
    inner join accounts on accounts.holder_id in (leaving.institution_id, leaving.party_id)
    left join account_coverage as cover on accounts.account_id = cover.account_id
    left join unknown on leaving.case_id = unknown.case_id
    where accounts.closed_on is null or accounts.closed_on >= coalesce(leaving.starts_on, accounts.closed_on)
)

select
    scope.case_id,
    count(judged.verdict) filter (where judged.verdict <> 'not_begun') as population,
    count(judged.verdict) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_exit_plan',
            'v': cast(
                scope.institution_id is not null and scope.case_id not in (select leaving.case_id from leaving) as bigint
            )
        },
        { 'code': 'exit_not_begun', 'v': cast(count(*) filter (where judged.verdict = 'not_begun') > 0 as bigint) },
        {
            'code': 'no_own_accounts',
            'v': cast(
                scope.case_id in (select leaving.case_id from leaving) and count(judged.verdict) = 0 as bigint
            )
        },
        { 'code': 'no_exit_start', 'v': cast(count(*) filter (where judged.verdict = 'no_exit_start') > 0 as bigint) },
        { 'code': 'accounts_not_covered', 'v': count(*) filter (where judged.verdict = 'not_covered') },
        { 'code': 'related_incomplete', 'v': cast(count(*) filter (where judged.verdict = 'related_unknown') > 0 as bigint) },
        { 'code': 'payees_unknown', 'v': cast(count(*) filter (where judged.verdict = 'payee_unknown') > 0 as bigint) }
    ] as why_not,
    [
        {
            'code': 'wages_left_out',
            'v': (select count(*) from facts where facts.case_id = scope.case_id and facts.wages and facts.reason is not null)
        }
    ] as note
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
