/*+++
id = "IR-05"
severity = "minor"
in_force = {}
needs = ["loans", "transfers"]
params = {gap_rate = 0.02}
derive = {annual_rates = {tol_yuan = 1.00, days = 3}}

[title]
zh = "合同利率与实际成本不符"
en = "Stated rate below the true cost"

[logic]
zh = """\
年化利率 (口径同 IR-01, 取银行流水、平台台账、还款计划三种口径的最高者; 支付总额不超过还款计划的按还款计划, 提前还款不算) \
高出合同所载年利率超过 {gap_rate}; 放款按合同编号, 否则按金额 (相差不超过 {tol_yuan} 元) 和日期 (前后 {days} 天) \
认定。签约早于公告施行的, 另行注明。"""
en = """\
The annual rate (as in IR-01; the highest of bank, ledger and schedule; the schedule's, where no more was \
paid than it has, so that early repayment does not count) is more than {gap_rate} above the rate that the \
contract states; payouts and payments are found by number, else within {tol_yuan} yuan and {days} days. \
Contracts from before the announcement are marked."""

[[basis]]
law.zh = "中国人民银行公告〔2021〕第3号 (明示贷款年化利率, 2021-03-31 起)"
law.en = "PBoC Announcement (2021) 3, annual rates of loans to be stated, from 2021-03-31"
article = "-"
checked = "text"

[[basis]]
law.zh = "个人贷款业务明示综合融资成本规定 (2026-08-01 施行)"
law.en = "Rules on stating the all-in cost of personal loans (in force 2026-08-01)"
article = "-"
checked = "memory"

[[basis]]
law = {zh = "差异界限为设计设定", en = "The gap: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "计息天数不同 (360 天或 365 天)"
en = "Another day count (360 or 365 days)"

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
-- and of which no more was paid than its schedule has so far, costs what the schedule says. Here so does any loan of which no
-- more was paid than the schedule has in all: who repays early pays a higher rate, but not one that was misstated.
with whole as (
    select
        loan_id,
        sum(coalesce(principal_yuan, 0) + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0)) as whole_yuan
    from schedules
    group by loan_id
),

due as (
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
        ) as settled,
        rates.schedule_compound,
        rates.repaid_yuan,
        whole.whole_yuan
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join annual_rates as rates on scope.case_id = rates.case_id and loans.loan_id = rates.loan_id
    left join due on loans.loan_id = due.loan_id
    left join whole on loans.loan_id = whole.loan_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
),

planned as (
    select
        * replace (
            case when by_plan then schedule_rate else rate end as rate,
            case when by_plan then schedule_compound else compound end as compound,
            case when by_plan then 'by_schedule' else source end as source
        )
    from (
        select
            *,
            schedule_rate is not null
            and (bank_rate is null or coalesce(repaid_yuan, 0) <= whole_yuan + $tol_yuan) as by_plan
        from priced
    ) as weighed
)

select
    *,
    case
        -- a billionth: a rate that is met exactly comes out with its last digit off
        when rate > stated_rate + cast($gap_rate as double) + 1e-9 then 'hit'
        when stated_rate is null then 'no_stated_rate'
        when not settled then 'rate_' || coalesce(bank_unknown, 'no_payout')
        else 'clear'
    end as verdict
from planned;

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
            { 'code': 'stated_rate', 'v': format('{:.2f}%', 100 * stated_rate) },
            { 'code': 'rate_' || source, 'v': format('{:.2f}%', 100 * rate) },
            { 'code': 'rate_compound', 'v': format('{:.2f}%', 100 * compound) },
            { 'code': 'before_2021_3', 'v': case when signed_on < date '2021-03-31' then '1' end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts up to the day asked; tested: those of which the stated rate and the cost are known
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
        { 'code': 'no_stated_rate', 'v': count(*) filter (where facts.verdict = 'no_stated_rate') },
        { 'code': 'rate_no_payout', 'v': count(*) filter (where facts.verdict = 'rate_no_payout') },
        { 'code': 'rate_not_in_bank', 'v': count(*) filter (where facts.verdict = 'rate_not_in_bank') },
        { 'code': 'rate_still_open', 'v': count(*) filter (where facts.verdict = 'rate_still_open') },
        { 'code': 'rate_end_unknown', 'v': count(*) filter (where facts.verdict = 'rate_end_unknown') },
        { 'code': 'rate_no_rate', 'v': count(*) filter (where facts.verdict = 'rate_no_rate') },
        { 'code': 'rate_several_rates', 'v': count(*) filter (where facts.verdict = 'rate_several_rates') },
        { 'code': 'rate_same_day', 'v': count(*) filter (where facts.verdict = 'rate_same_day') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
