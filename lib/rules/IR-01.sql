/*+++
id = "IR-01"
severity = "major"
in_force = {from = "2015-09-01"}
needs = ["loans", "transfers"]
params = {cap_rate = 0.36, tol_rate = 0.0005, before = 2020-08-20}
derive = {annual_rates = {tol_yuan = 1.00, days = 3}}

[title]
zh = "综合资金成本折合年化超过 {cap_rate}"
en = "All-in cost above {cap_rate} a year"

[logic]
zh = """\
签订于 {before} 之前的合同, 以借款人实际到账和支付给任何人的全部款项 (含费用) 计算的年化利率 (月内部收益率乘以 12,\
 一次还清的按天) 高出 {cap_rate} 超过 {tol_rate}; 取银行流水、平台台账、还款计划三种口径的最高者; 放款按合同编号,\
 否则按金额 (相差不超过 {tol_yuan} 元) 和日期 (前后 {days} 天) 认定。"""
en = """\
Contracts signed before {before}: the annual rate of what the borrower received and paid to anyone, fees \
included (twelve times the monthly internal rate of return; by days, where one payment settles it), is more \
than {tol_rate} above {cap_rate}. The highest of bank, ledger and schedule counts; payouts and payments are \
found by number, else within {tol_yuan} yuan and {days} days."""

[[basis]]
law.zh = "最高人民法院关于审理民间借贷案件适用法律若干问题的规定 (法释〔2015〕18号)"
law.en = "Supreme People's Court, Provisions on Private Lending (2015) 18"
article = "26"
checked = "memory"

[[basis]]
law.zh = "关于规范整顿“现金贷”业务的通知 (整治办函〔2017〕141号, 2017-12-01 起)"
law.en = "Notice on Cash Loans (2017) 141, from 2017-12-01"
article = "一"
checked = "memory"

[[innocent]]
zh = "保险等由真正的第三方自愿收取, 且与借款无关"
en = "Insurance or the like that a true third party took, apart from the loan"

[[innocent]]
zh = "提前还款的违约金"
en = "A penalty for early repayment"
+++*/
-- facts: one row per loan of the platform, what it costs a year by each source, and the highest of these
--
-- A rate by the bank is the least that is shown: what was paid to others without naming the loan is not in it. By the ledger
-- or the schedule the platform is taken at its word, which may show a breach and cannot disprove one; but a loan that is open,
-- and of which no more was paid than its schedule has so far, costs what the schedule says.
with due as (
    select
        loan_id,
        sum(coalesce(principal_yuan, 0) + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0)) as due_yuan
    from schedules
    where due_on <= $as_of
    group by loan_id
),

priced as (
    select
        scope.case_id,
        loans.loan_id,
        loans.lender_id,
        loans.principal_yuan,
        loans.rate as stated_rate,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        rates.last_on,
        rates.transfer_ids,
        rates.bank_rate,
        rates.bank_unknown,
        rates.schedule_rate,
        greatest(rates.bank_rate, rates.ledger_rate, rates.schedule_rate) as rate,
        greatest(rates.bank_compound, rates.ledger_compound, rates.schedule_compound) as compound,
        case
            when rates.bank_rate >= greatest(rates.bank_rate, rates.ledger_rate, rates.schedule_rate) then 'by_bank'
            when rates.ledger_rate >= greatest(rates.bank_rate, rates.ledger_rate, rates.schedule_rate) then 'by_ledger'
            else 'by_schedule'
        end as source,
        coalesce(
            rates.bank_rate is not null
            or (
                rates.bank_unknown = 'still_open'
                and rates.schedule_rate is not null
                and coalesce(rates.repaid_yuan, 0) <= coalesce(due.due_yuan, 0) + $tol_yuan
            ),
            false
        ) as settled
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join annual_rates as rates on scope.case_id = rates.case_id and loans.loan_id = rates.loan_id
    left join due on loans.loan_id = due.loan_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
        and coalesce(loans.signed_on < $before, loans.started_on < $before, true)
)

select
    *,
    case
        -- a billionth: a rate that is met exactly comes out with its last digit off
        when rate > cast($cap_rate as double) + cast($tol_rate as double) + 1e-9 and signed_on is not null then 'hit'
        when signed_on is null then 'unknown_day'
        when not settled then 'rate_' || coalesce(bank_unknown, 'no_payout')
        else 'clear'
    end as verdict
from priced;

-- hits: the contract, its principal, the day of signing, the last payment, and the rates
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    signed_on as first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
    ) as evidence,
    list_filter(
        [
            { 'code': 'rate_' || source, 'v': format('{:.2f}%', 100 * rate) },
            { 'code': 'rate_compound', 'v': format('{:.2f}%', 100 * compound) },
            { 'code': 'law_141', 'v': case when signed_on >= date '2017-12-01' then '1' end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts signed while the cap stood; tested: those whose cost is known to the end
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
        { 'code': 'unknown_day', 'v': count(*) filter (where facts.verdict = 'unknown_day') },
        { 'code': 'rate_no_payout', 'v': count(*) filter (where facts.verdict = 'rate_no_payout') },
        { 'code': 'rate_not_in_bank', 'v': count(*) filter (where facts.verdict = 'rate_not_in_bank') },
        { 'code': 'rate_still_open', 'v': count(*) filter (where facts.verdict = 'rate_still_open') },
        { 'code': 'rate_end_unknown', 'v': count(*) filter (where facts.verdict = 'rate_end_unknown') },
        { 'code': 'rate_no_rate', 'v': count(*) filter (where facts.verdict = 'rate_no_rate') },
        { 'code': 'rate_several_rates', 'v': count(*) filter (where facts.verdict = 'rate_several_rates') },
        { 'code': 'rate_same_day', 'v': count(*) filter (where facts.verdict = 'rate_same_day') }
    ] as why_not,
    [
        {
            'code': 'legacy_loans',
            'v': (
                select count(*) from loans
                where
                    loans.institution_id = scope.institution_id
                    and coalesce(loans.signed_on, loans.started_on) < $in_force_from
            )
        }
    ] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
