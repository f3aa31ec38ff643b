/*+++
id = "IR-03"
severity = "major"
in_force = {from = "2020-08-20"}
needs = ["loans", "transfers", "lpr_rates"]
params = {multiple = 4, lpr_days = 40, tol_rate = 0.00005}
derive = {annual_rates = {tol_yuan = 1.00, days = 3}, owed_spans = {}}

[title]
zh = "年化成本超过合同成立时一年期 LPR 的 {multiple} 倍"
en = "Cost above {multiple} times the one-year LPR at signing"

[logic]
zh = """\
签订于施行之日起的合同, 年化利率 (口径同 IR-01, 含逾期利息和费用) 超过签约日前最近一次公布 (不早于签约日前 {lpr_days} \
天) 的一年期 LPR 的 {multiple} 倍, 相差 {tol_rate} 以内不算; 出借人持有金融许可的除外; 施行前签订、施行后仍未还清的,\
 取决于起诉日, 不能检验; 放款按合同编号, 否则按金额 (相差不超过 {tol_yuan} 元) 和日期 (前后 {days} 天) 认定。"""
en = """\
Contracts signed since the rule is in force: the annual rate (as in IR-01, default interest and fees \
included) is above {multiple} times the one-year LPR last published before signing (at most {lpr_days} days \
before), by more than {tol_rate}. Lenders with a financial licence are left out. What was signed before and \
is still owed depends on the day of filing and cannot be tested; payouts and payments are found by number, \
else within {tol_yuan} yuan and {days} days."""

[[basis]]
law.zh = "最高人民法院关于审理民间借贷案件适用法律若干问题的规定 (2020 年修正)"
law.en = "Supreme People's Court, Provisions on Private Lending (as amended in 2020)"
article = "25, 28, 29, 31"
checked = "text"

[[basis]]
law.zh = "关于新民间借贷司法解释适用范围问题的批复 (法释〔2020〕27号): 持牌金融机构不适用"
law.en = "Reply (2020) 27: not for licensed financial institutions"
article = "1"
checked = "memory"

[[innocent]]
zh = "出借人是持牌金融机构, 其许可未提供"
en = "The lender is a licensed institution whose licence was not delivered"

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
with quoted as (
    select
        loans.loan_id,
        max(lpr_rates.published_on) as published_on,
        arg_max(lpr_rates.one_year, lpr_rates.published_on) as lpr
    from loans
    inner join lpr_rates on coalesce(loans.signed_on, loans.started_on) >= lpr_rates.published_on
    where coalesce(loans.signed_on, loans.started_on) - lpr_rates.published_on <= $lpr_days
    group by loans.loan_id
),

licensed as (
    select distinct loans.loan_id
    from loans
    inner join licences on loans.lender_id = licences.institution_id
    where
        licences.kind = 'financial'
        and coalesce(licences.valid_from, loans.signed_on, loans.started_on) <= coalesce(loans.signed_on, loans.started_on)
        and (licences.valid_to is null or licences.valid_to > coalesce(loans.signed_on, loans.started_on))
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
        quoted.published_on,
        quoted.lpr,
        coalesce(loans.signed_on, loans.started_on) < $in_force_from as is_earlier,
        licensed.loan_id is not null as is_licensed
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join annual_rates as rates on scope.case_id = rates.case_id and loans.loan_id = rates.loan_id
    left join due on loans.loan_id = due.loan_id
    left join owed_spans as spans on loans.loan_id = spans.loan_id
    left join quoted on loans.loan_id = quoted.loan_id
    left join licensed on loans.loan_id = licensed.loan_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
        and (
            coalesce(loans.signed_on, loans.started_on, $as_of) >= $in_force_from
            or spans.may_until is null
            or spans.may_until > $in_force_from
        )
)

select
    *,
    case
        when is_licensed then 'licensed'
        when signed_on is null then 'unknown_day'
        when is_earlier then 'suit_day_unknown'
        when lpr is null then 'no_lpr'
        when rate > lpr * $multiple + cast($tol_rate as double) + 1e-9 then 'hit'
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
            { 'code': 'lpr_used', 'v': format('{:.2f}% ({})', 100 * lpr, published_on) }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts under the rule; tested: those whose cost and LPR are known
select
    scope.case_id,
    count(facts.loan_id) filter (where facts.verdict <> 'licensed') as population,
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
        { 'code': 'suit_day_unknown', 'v': count(*) filter (where facts.verdict = 'suit_day_unknown') },
        { 'code': 'no_lpr', 'v': count(*) filter (where facts.verdict = 'no_lpr') },
        { 'code': 'rate_no_payout', 'v': count(*) filter (where facts.verdict = 'rate_no_payout') },
        { 'code': 'rate_not_in_bank', 'v': count(*) filter (where facts.verdict = 'rate_not_in_bank') },
        { 'code': 'rate_still_open', 'v': count(*) filter (where facts.verdict = 'rate_still_open') },
        { 'code': 'rate_end_unknown', 'v': count(*) filter (where facts.verdict = 'rate_end_unknown') },
        { 'code': 'rate_no_rate', 'v': count(*) filter (where facts.verdict = 'rate_no_rate') },
        { 'code': 'rate_several_rates', 'v': count(*) filter (where facts.verdict = 'rate_several_rates') },
        { 'code': 'rate_same_day', 'v': count(*) filter (where facts.verdict = 'rate_same_day') }
    ] as why_not,
    [
        { 'code': 'licensed_lenders', 'v': count(*) filter (where facts.verdict = 'licensed') }
    ] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
