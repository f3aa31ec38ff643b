/*+++
id = "GR-01"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments", "schedules", "holdings"]
params = {days = 30}
derive = {related = {}}

[title]
zh = "机构或关联方代偿、垫付或回购"
en = "The platform or a related party pays or buys back what borrowers owe"

[logic]
zh = """\
办法施行后的还款, 付款人是机构或其关联方而不是该合同的借款人或登记的担保人, 且付款日不早于该期应还日; \
或应还日后 {days} 天内, 机构或关联方以不低于所转本金的价格受让到期未还的债权。"""
en = """\
A repayment under the measures was made by the institution or a related party, neither the borrower nor the guarantor of \
the contract, on or after the day on which the instalment was due; or within {days} days of that day one of them took over an \
unpaid claim for its principal or more."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "3, 10(3)"
checked = "text"

[[innocent]]
zh = "借款人委托付款 (雇主代扣、收款方直接划付), 或持牌担保公司履约"
en = "Paid by mandate of the borrower (an employer, a payee), or by a licensed guarantor"

[[innocent]]
zh = "一次性的商誉补偿, 金额很小"
en = "A single small payment of goodwill"
+++*/
-- facts: one row per repayment and assignment under the measures of the platform's loans, and whether an insider stood in
with dues as (
    select
        repayments.repayment_id,
        coalesce(schedules.due_on, case when repayments.period is null then loans.due_on end) as due_on
    from repayments
    inner join loans on repayments.loan_id = loans.loan_id
    left join schedules on repayments.loan_id = schedules.loan_id and repayments.period = schedules.period
),

paid as (
    select
        scope.case_id,
        loans.loan_id,
        'repayments' as table_name,
        repayments.repayment_id as row_id,
        repayments.flow_id,
        repayments.paid_on as on_day,
        coalesce(
            repayments.amount_yuan,
            coalesce(repayments.principal_yuan, 0) + coalesce(repayments.interest_yuan, 0) + coalesce(repayments.fee_yuan, 0)
        ) as amount_yuan,
        dues.due_on,
        loans.borrower_id,
        coalesce(repayments.payer_id, accounts.holder_id) as payer_id,
        loans.guarantor_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    inner join repayments on loans.loan_id = repayments.loan_id
    inner join dues on repayments.repayment_id = dues.repayment_id
    left join accounts on repayments.payer_account = accounts.account_id
    where coalesce(repayments.paid_on, $as_of) between $in_force_from and $as_of
),

judged as (
    select
        paid.*,
        related.reason,
        case
            when paid.payer_id is null then 'payer_unknown'
            when paid.payer_id = paid.borrower_id or paid.payer_id = paid.guarantor_id then 'fine'
            when related.party_id is null then 'stranger'
            when paid.borrower_id is null then 'borrower_unknown'
            when paid.on_day is null or paid.due_on is null then 'due_unknown'
            when paid.on_day >= paid.due_on then 'stood_in'
            else 'fine'
        end as verdict
    from paid
    left join related on paid.case_id = related.case_id and paid.payer_id = related.party_id
),

-- what of an instalment was repaid by a day tells whether a claim that was sold was unpaid
late as (
    select
        schedules.loan_id,
        schedules.due_on
    from schedules
    left join repayments
        on
            schedules.loan_id = repayments.loan_id
            and schedules.period = repayments.period
            and schedules.due_on >= repayments.paid_on
    group by schedules.loan_id, schedules.period, schedules.due_on, schedules.principal_yuan
    having coalesce(sum(repayments.principal_yuan), 0) < schedules.principal_yuan
),

bought as (
    select distinct
        scope.case_id,
        loans.loan_id,
        'assignments' as table_name,
        assignments.assignment_id as row_id,
        cast(null as text) as flow_id,
        assignments.assigned_on as on_day,
        assignments.price_yuan as amount_yuan,
        cast(null as date) as due_on,
        loans.borrower_id,
        assignments.to_lender_id as payer_id,
        loans.guarantor_id,
        related.reason,
        'stood_in' as verdict
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    inner join assignments on loans.loan_id = assignments.loan_id
    inner join related on scope.case_id = related.case_id and assignments.to_lender_id = related.party_id
    inner join late on loans.loan_id = late.loan_id
    where
        assignments.assigned_on between greatest(late.due_on, $in_force_from) and least(late.due_on + $days, $as_of)
        and assignments.price_yuan >= assignments.principal_yuan
        and assignments.to_lender_id is distinct from loans.guarantor_id
)

select * from judged
union all
select * from bought;

-- hits: the contract and the payer, all that was paid
select
    case_id,
    loan_id as subject_id,
    cast(sum(amount_yuan) as decimal(18, 2)) as amount_yuan,
    min(on_day) as first_on,
    max(on_day) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list({ 'table': table_name, 'id': row_id } order by on_day, row_id),
        coalesce(list({ 'table': 'flows', 'id': flow_id } order by flow_id) filter (where flow_id is not null), [])
    ) as evidence,
    [
        { 'code': 'paid_by', 'v': array_to_string(list_sort(list_distinct(list(payer_id))), '、') },
        { 'code': 'instalments', 'v': cast(count(*) as text) }
    ] as detail
from facts
where verdict = 'stood_in'
group by case_id, loan_id;

-- coverage: repayments under the measures; tested where the payer is known, and related parties are
with known as (
    select
        scope.case_id,
        scope.institution_id,
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
    count(facts.verdict) filter (
        where facts.verdict in ('fine', 'stood_in') or (facts.verdict = 'stranger' and known.holders)
    ) as tested,
    [
        { 'code': 'no_platform', 'v': cast(known.institution_id is null as bigint) },
        { 'code': 'no_repayments', 'v': cast(known.institution_id is not null and count(facts.verdict) = 0 as bigint) },
        { 'code': 'repayers_unknown', 'v': count(*) filter (where facts.verdict = 'payer_unknown') },
        { 'code': 'payers_due_unknown', 'v': count(*) filter (where facts.verdict in ('due_unknown', 'borrower_unknown')) },
        {
            'code': 'related_incomplete',
            'v': cast(count(*) filter (where facts.verdict = 'stranger' and not known.holders) > 0 as bigint)
        }
    ] as why_not
from known
left join facts on known.case_id = facts.case_id
group by known.case_id, known.institution_id;
