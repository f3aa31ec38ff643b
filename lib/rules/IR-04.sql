/*+++
id = "IR-04"
severity = "major"
in_force = {}
needs = ["loans", "transfers"]
params = {back_days = 3}
derive = {disbursements = {tol_yuan = 1.00, days = 3}, related = {}, covered_days = {}}

[title]
zh = "砍头息"
en = "Interest or fees deducted up front"

[logic]
zh = """\
放款到账金额 (放款按合同编号, 否则按金额相差不超过 {tol_yuan} 元、起息日前后 {days} 天认定) 少于合同本金超过 {tol_yuan} \
元; 或放款后 {back_days} 天内, 借款人或收款账户向本机构的自有、费用、备付账户, 或以费用、利息、保证金名义向关联方,\
 转出超过 {tol_yuan} 元 (还款、写明其他合同的、冲正的除外); 实际本金按净额计。"""
en = """\
What was paid out (found by number, else within {tol_yuan} yuan and {days} days of the start) is more than \
{tol_yuan} yuan less than the principal; or within {back_days} days of the payout the borrower or the \
receiving account pays more than {tol_yuan} yuan to the institution's own, fee or reserve accounts, or as \
fee, interest or deposit to its related parties (repayments, what names another contract and what was \
reversed apart). The net amount is the true principal."""

[[basis]]
law.zh = "最高人民法院关于审理民间借贷案件适用法律若干问题的规定 (2020 年修正; 2015 年文本第 27 条)"
law.en = "Supreme People's Court, Provisions on Private Lending (as amended in 2020; of 2015: 27)"
article = "26"
checked = "text"

[[basis]]
law = {zh = "民法典 (2021-01-01 起)", en = "Civil Code, from 2021-01-01"}
article = "670"
checked = "text"

[[basis]]
law = {zh = "合同法 (至 2020-12-31)", en = "Contract Law, until 2020-12-31"}
article = "200"
checked = "memory"

[[basis]]
law.zh = "关于规范整顿“现金贷”业务的通知 (整治办函〔2017〕141号): 不得先行扣除"
law.en = "Notice on Cash Loans (2017) 141: nothing may be deducted first"
article = "一"
checked = "memory"

[[innocent]]
zh = "受托支付拆成两个账户, 其中一个账户的流水未提供"
en = "An entrusted payment to two accounts, the statements of one of which are missing"

[[innocent]]
zh = "单独开票、可以选择的商品或服务"
en = "Goods or services of choice that were invoiced apart"

[[innocent]]
zh = "同一借款人另有合同, 转出款属于另一合同"
en = "The borrower has another contract, to which the payment belongs"

[[innocent]]
zh = "银行转账手续费"
en = "A bank's charge for the transfer"
+++*/
-- facts: one row per loan of the platform: what was kept back of its payout, and what went back soon after
with paid as (
    select
        scope.case_id,
        scope.party_id,
        scope.institution_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        disbursements.outcome,
        disbursements.match,
        disbursements.transfer_ids,
        disbursements.paid_yuan,
        disbursements.first_on,
        disbursements.last_on
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join disbursements on scope.case_id = disbursements.case_id and loans.loan_id = disbursements.loan_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
),

receiving as (
    select distinct
        ids.case_id,
        ids.loan_id,
        transfers.payee_account as account_id
    from (
        select
            case_id,
            loan_id,
            unnest(transfer_ids) as transfer_id
        from paid
        where paid_yuan is not null
    ) as ids
    inner join transfers on ids.transfer_id = transfers.transfer_id
),

theirs as (
    select
        receiving.case_id,
        receiving.loan_id,
        receiving.account_id
    from receiving
    left join accounts on receiving.account_id = accounts.account_id
    where
        receiving.account_id is not null
        and not coalesce(starts_with(accounts.purpose, 'custody_'), false)
        and coalesce(accounts.purpose, 'own') not in ('payment', 'tax', 'settlement')
    union
    select
        paid.case_id,
        paid.loan_id,
        accounts.account_id
    from paid
    inner join accounts on paid.borrower_id = accounts.holder_id
    where paid.paid_yuan is not null
),

returned as (
    select
        paid.case_id,
        paid.loan_id,
        sum(transfers.amount_yuan) as back_yuan,
        list(transfers.transfer_id order by transfers.at, transfers.transfer_id) as back_ids
    from paid
    inner join theirs on paid.case_id = theirs.case_id and paid.loan_id = theirs.loan_id
    inner join transfers on theirs.account_id = transfers.payer_account
    inner join accounts on transfers.payee_account = accounts.account_id
    left join related on paid.case_id = related.case_id and accounts.holder_id = related.party_id
    where
        cast(transfers.at as date) between paid.first_on and paid.last_on + $back_days
        and coalesce(transfers.kind, 'other') <> 'repayment'
        and coalesce(transfers.loan_id, paid.loan_id) = paid.loan_id
        and transfers.reversal_of is null
        and not exists (select 1 from transfers as undoing where undoing.reversal_of = transfers.transfer_id)
        and not exists (
            select 1 from related as insiders
            where insiders.case_id = paid.case_id and insiders.party_id = paid.borrower_id
        )
        and case
            when accounts.holder_id in (paid.party_id, paid.institution_id) then accounts.purpose in ('own', 'fee', 'reserve')
            when related.party_id is not null
                then transfers.kind in ('fee', 'interest') or transfers.memo ~ '费|利息|保证金|服务|咨询|居间|担保'
            else false
        end
    group by paid.case_id, paid.loan_id
),

seen as (
    select
        theirs.case_id,
        theirs.loan_id,
        bool_and(
            coalesce(days.covered_from <= paid.first_on and days.covered_to >= paid.last_on + $back_days, false)
        ) as covered
    from theirs
    inner join paid on theirs.case_id = paid.case_id and theirs.loan_id = paid.loan_id
    inner join receiving
        on
            theirs.case_id = receiving.case_id
            and theirs.loan_id = receiving.loan_id
            and theirs.account_id = receiving.account_id
    left join covered_days as days on theirs.account_id = days.account_id
    group by theirs.case_id, theirs.loan_id
),

-- the other side: all accounts into which the institution could be paid
own_seen as (
    select
        paid.case_id,
        paid.loan_id,
        bool_and(
            coalesce(days.covered_from <= paid.first_on and days.covered_to >= paid.last_on + $back_days, false)
        ) as covered
    from paid
    inner join accounts on accounts.holder_id in (paid.party_id, paid.institution_id)
    left join covered_days as days on accounts.account_id = days.account_id
    where paid.paid_yuan is not null and accounts.purpose in ('own', 'fee', 'reserve')
    group by paid.case_id, paid.loan_id
),

weighed as (
    select
        paid.*,
        cast(greatest(paid.principal_yuan - paid.paid_yuan, 0) as decimal(18, 2)) as kept_yuan,
        cast(coalesce(returned.back_yuan, 0) as decimal(18, 2)) as back_yuan,
        coalesce(returned.back_ids, []) as back_ids,
        coalesce(seen.covered, false) or coalesce(own_seen.covered, false) as back_seen
    from paid
    left join returned on paid.case_id = returned.case_id and paid.loan_id = returned.loan_id
    left join seen on paid.case_id = seen.case_id and paid.loan_id = seen.loan_id
    left join own_seen on paid.case_id = own_seen.case_id and paid.loan_id = own_seen.loan_id
)

select
    *,
    case
        when kept_yuan > $tol_yuan or back_yuan > $tol_yuan then 'hit'
        when principal_yuan is null then 'unknown_principal'
        when paid_yuan is null and outcome = 'missing' then 'no_disbursement'
        when paid_yuan is null then 'not_covered'
        when not back_seen then 'back_not_covered'
        else 'clear'
    end as verdict
from weighed;

-- hits: the contract, what was kept back and went back, the days of payout and of what went back
select
    case_id,
    loan_id as subject_id,
    cast(
        case when kept_yuan > $tol_yuan then kept_yuan else 0 end + case when back_yuan > $tol_yuan then back_yuan else 0 end
        as decimal(18, 2)
    ) as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(
            list_concat(coalesce(transfer_ids, []), case when back_yuan > $tol_yuan then back_ids else [] end),
            lambda transfer_id: { 'table': 'transfers', 'id': transfer_id }
        )
    ) as evidence,
    list_filter(
        [
            { 'code': 'kept_back', 'v': case when kept_yuan > $tol_yuan then cast(kept_yuan as text) end },
            { 'code': 'went_back', 'v': case when back_yuan > $tol_yuan then cast(back_yuan as text) end },
            { 'code': 'law_civil_code', 'v': case when signed_on >= date '2021-01-01' then '1' end },
            { 'code': 'law_contract', 'v': case when signed_on < date '2021-01-01' then '1' end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts up to the day asked; tested: those whose payout was found, with statements that would show what went back
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
        { 'code': 'unknown_principal', 'v': count(*) filter (where facts.verdict = 'unknown_principal') },
        { 'code': 'no_disbursement', 'v': count(*) filter (where facts.verdict = 'no_disbursement') },
        { 'code': 'not_covered', 'v': count(*) filter (where facts.verdict = 'not_covered') },
        { 'code': 'back_not_covered', 'v': count(*) filter (where facts.verdict = 'back_not_covered') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
