/*+++
id = "GR-02"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "schedules", "repayments"]
params = {lender_rate = 0.995, borrower_rate = 0.9}
derive = {}

[title]
zh = "零逾期异常: 借款人逾期而出借人按期收款"
en = "Lenders are always paid on time while borrowers are late"

[logic]
zh = """\
办法施行后到期的各期中, 出借人在应还日当日或以前收到款项的比例不低于 {lender_rate}, 而借款人在应还日当日或以前还足本金的比例不高于 {borrower_rate}; \
金额为出借人先于借款人收到的款项。没有还款记录的期次, 借款人按逾期、出借人按两种可能计算。"""
en = """\
Of the instalments due under the measures, lenders were paid by the due day in {lender_rate} or more, and borrowers had repaid \
the principal by then in {borrower_rate} or less; the amount is what lenders got before the borrower paid. Where an instalment \
has no record, the borrower is late, and the lender may have been paid or not."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "10(3)"
checked = "text"

[[basis]]
law = {zh = "网贷整治办函〔2018〕63号 (刚性兑付)", en = "Rectification Office letter (2018) 63 (rigid redemption)"}
article = "5"
checked = "text"

[[innocent]]
zh = "借款人提前存入存管户, 还款表只记划付日"
en = "Borrowers pay into custody beforehand, and the records show only when it was passed on"

[[innocent]]
zh = "登记的担保人按期履约"
en = "A registered guarantor pays on time"
+++*/
-- facts: one row per instalment due: when the borrower had repaid it and when the lender was paid
with paid as (
    select
        repayments.loan_id,
        repayments.period,
        sum(repayments.principal_yuan) filter (where repayments.paid_on <= schedules.due_on) as on_time_yuan,
        bool_or(repayments.paid_on is null or repayments.principal_yuan is null) as vague,
        max(repayments.paid_on) as paid_on,
        max(repayments.lender_paid_on) as lender_paid_on,
        bool_or(repayments.lender_paid_on is null) as lender_unknown,
        sum(
            coalesce(
                repayments.amount_yuan,
                coalesce(repayments.principal_yuan, 0)
                + coalesce(repayments.interest_yuan, 0)
                + coalesce(repayments.fee_yuan, 0)
            )
        ) filter (where repayments.lender_paid_on < repayments.paid_on) as ahead_yuan,
        list(repayments.repayment_id order by repayments.repayment_id)
        filter (where repayments.lender_paid_on < repayments.paid_on) as ahead_ids
    from repayments
    inner join schedules on repayments.loan_id = schedules.loan_id and repayments.period = schedules.period
    group by repayments.loan_id, repayments.period
)

select
    scope.case_id,
    scope.institution_id,
    schedules.loan_id,
    schedules.period,
    schedules.due_on,
    schedules.principal_yuan is not null and not coalesce(paid.vague, false) as known,
    coalesce(paid.on_time_yuan, 0) >= schedules.principal_yuan as borrower_on_time,
    -- without a record, or without its day, the lender may have been paid on time or not
    coalesce(paid.lender_paid_on <= schedules.due_on and not paid.lender_unknown, false) as lender_surely,
    coalesce(paid.lender_paid_on <= schedules.due_on, true) as lender_maybe,
    coalesce(paid.ahead_yuan, 0) as ahead_yuan,
    coalesce(paid.ahead_ids, []) as ahead_ids
from scope
inner join loans on scope.institution_id = loans.institution_id
inner join schedules on loans.loan_id = schedules.loan_id
left join paid on schedules.loan_id = paid.loan_id and schedules.period = paid.period
where schedules.due_on between $in_force_from and $as_of;

-- hits: the institution, what lenders got before borrowers paid
select
    case_id,
    institution_id as subject_id,
    cast(sum(ahead_yuan) as decimal(18, 2)) as amount_yuan,
    min(due_on) as first_on,
    max(due_on) as last_on,
    cast(1 as double) as confidence,
    list_transform(
        list_sort(flatten(list(ahead_ids)))[1:1000], lambda one: { 'table': 'repayments', 'id': one }
    ) as evidence,
    [
        { 'code': 'lenders_on_time', 'v': format('{:.2f}%', 100.0 * count(*) filter (where lender_surely) / count(*)) },
        { 'code': 'borrowers_on_time', 'v': format('{:.2f}%', 100.0 * count(*) filter (where borrower_on_time) / count(*)) },
        { 'code': 'instalments_due', 'v': cast(count(*) as text) }
    ] as detail
from facts
group by case_id, institution_id
having
    bool_and(known)
    and count(*) filter (where lender_surely) >= count(*) * $lender_rate
    and count(*) filter (where borrower_on_time) <= count(*) * $borrower_rate;

-- coverage: instalments due under the measures; tested together, where what is unknown could not change the answer
with rated as (
    select
        case_id,
        count(*) as instalments,
        count(*) filter (where not known) as vague,
        count(*) filter (where lender_maybe and not lender_surely) as lender_unknown,
        -- with what is unknown counted either way
        count(*) filter (where lender_surely) >= count(*) * $lender_rate as lenders_low,
        count(*) filter (where lender_maybe) >= count(*) * $lender_rate as lenders_high,
        count(*) filter (where borrower_on_time and known) <= count(*) * $borrower_rate as borrowers_late,
        count(*) filter (where borrower_on_time or not known) <= count(*) * $borrower_rate as borrowers_surely_late
    from facts
    group by case_id
),

judged as (
    select
        *,
        not lenders_high or not borrowers_late or (lenders_low and borrowers_surely_late and vague = 0) as decided
    from rated
)

select
    scope.case_id,
    coalesce(judged.instalments, 0) as population,
    coalesce(
        case
            when judged.decided then judged.instalments else
                judged.instalments - greatest(judged.vague, judged.lender_unknown, 1)
        end,
        0
    ) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_instalments', 'v': cast(scope.institution_id is not null and judged.case_id is null as bigint) },
        { 'code': 'instalments_vague', 'v': case when judged.decided then 0 else judged.vague end },
        { 'code': 'lender_days_unknown', 'v': case when judged.decided then 0 else judged.lender_unknown end }
    ] as why_not
from scope
left join judged on scope.case_id = judged.case_id;
