/*+++
id = "LM-01"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments", "parties"]
params = {cap_yuan = 200000}
derive = {}

[title]
zh = "自然人在单个平台的借款余额超过 {cap_yuan} 元"
en = "Natural person above the single-platform cap of {cap_yuan} yuan"

[logic]
zh = "同一自然人在本平台的日终待偿本金 (本金减已还本金, 只计办法施行后签订的合同) 的最高值超过 {cap_yuan} 元; 等于上限不算。"
en = """\
The highest end-of-day principal that one natural person owes on the platform (principal less principal \
repaid, contracts signed under the measures only) is above {cap_yuan} yuan; the cap itself is allowed."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "17"
checked = "text"

[[innocent]]
zh = "个体工商户或企业的借款被登记在经营者个人名下"
en = "A sole trader's or company's loan recorded under the person's name"

[[innocent]]
zh = "合同已撤销或流标, 未实际放款; 或线下还款未记入还款表"
en = "The contract was cancelled or never paid out, or a repayment off line is not in the records"
+++*/
-- facts: one row per loan of a natural person and day on which what is owed on it changes
--
-- What was repaid may be unknown: owed_low takes as repaid the most that the records allow, owed_high the least. A record
-- without its principal part may repay all of its amount that is not interest or fee; a record without a day, from the day
-- after the loan; where no repayment of the platform was delivered, every loan may have been repaid the day after.
with capped as (
    select
        scope.case_id,
        loans.borrower_id,
        loans.loan_id,
        loans.principal_yuan,
        coalesce(loans.started_on, loans.signed_on) as start_on
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    inner join parties on loans.borrower_id = parties.party_id
    where
        parties.kind = 'person'
        and loans.principal_yuan is not null
        and coalesce(loans.signed_on, loans.started_on) between $in_force_from and $as_of
),

silent as (
    select case_id
    from scope
    where not exists (
        select 1 from repayments
        inner join loans on repayments.loan_id = loans.loan_id
        where loans.institution_id = scope.institution_id
    )
),

changes as (
    select
        loan_id,
        start_on as on_day,
        0 as least_yuan,
        0 as most_yuan
    from capped
    union all
    select
        capped.loan_id,
        greatest(repayments.paid_on, capped.start_on) as on_day,
        coalesce(repayments.principal_yuan, repayments.amount_yuan - repayments.interest_yuan - repayments.fee_yuan, 0)
            as least_yuan,
        0 as most_yuan
    from capped
    inner join repayments on capped.loan_id = repayments.loan_id
    where repayments.paid_on is not null
    union all
    select
        capped.loan_id,
        greatest(coalesce(repayments.paid_on, capped.start_on + 1), capped.start_on) as on_day,
        0 as least_yuan,
        coalesce(
            repayments.principal_yuan,
            repayments.amount_yuan - coalesce(repayments.interest_yuan, 0) - coalesce(repayments.fee_yuan, 0),
            capped.principal_yuan
        ) as most_yuan
    from capped
    inner join repayments on capped.loan_id = repayments.loan_id
    union all
    select
        capped.loan_id,
        capped.start_on + 1 as on_day,
        0 as least_yuan,
        capped.principal_yuan as most_yuan
    from capped
    inner join silent on capped.case_id = silent.case_id
),

daily as (
    select
        loan_id,
        on_day,
        sum(least_yuan) as least_yuan,
        sum(most_yuan) as most_yuan
    from changes
    group by loan_id, on_day
)

select
    capped.case_id,
    capped.borrower_id,
    capped.loan_id,
    daily.on_day,
    greatest(capped.principal_yuan - sum(daily.most_yuan) over so_far, 0) as owed_low_yuan,
    greatest(capped.principal_yuan - sum(daily.least_yuan) over so_far, 0) as owed_high_yuan
from capped
inner join daily on capped.loan_id = daily.loan_id
where daily.on_day <= $as_of
window so_far as (partition by capped.case_id, capped.loan_id order by daily.on_day);

-- hits: the person, the highest amount certainly owed, the first and last day above the cap, the loans open at the peak
with steps as (
    select
        case_id,
        borrower_id,
        on_day,
        owed_low_yuan - lag(owed_low_yuan, 1, 0) over (partition by case_id, loan_id order by on_day) as step_yuan
    from facts
),

days as (
    select
        case_id,
        borrower_id,
        on_day,
        sum(sum(step_yuan)) over so_far as owed_yuan,
        lead(on_day) over so_far as next_day
    from steps
    group by case_id, borrower_id, on_day
    window so_far as (partition by case_id, borrower_id order by on_day)
),

above as (
    select
        days.*,
        max(owed_yuan) over (partition by case_id, borrower_id) as peak_yuan
    from days
    where owed_yuan > $cap_yuan
),

over_cap as (
    select
        case_id,
        borrower_id,
        peak_yuan,
        min(on_day) filter (where owed_yuan = peak_yuan) as peak_on,
        min(on_day) as first_on,
        max(coalesce(next_day - 1, $as_of)) as last_on
    from above
    group by case_id, borrower_id, peak_yuan
),

open_at_peak as (
    select
        facts.case_id,
        facts.borrower_id,
        facts.loan_id
    from facts
    inner join over_cap on facts.case_id = over_cap.case_id and facts.borrower_id = over_cap.borrower_id
    where facts.on_day <= over_cap.peak_on
    group by facts.case_id, facts.borrower_id, facts.loan_id
    having arg_max(facts.owed_low_yuan, facts.on_day) > 0
)

select
    over_cap.case_id,
    over_cap.borrower_id as subject_id,
    cast(over_cap.peak_yuan as decimal(18, 2)) as amount_yuan,
    over_cap.first_on,
    over_cap.last_on,
    cast(1 as double) as confidence,
    list({ 'table': 'loans', 'id': open_at_peak.loan_id } order by open_at_peak.loan_id) as evidence,
    [{ 'code': 'peak_on', 'v': cast(over_cap.peak_on as text) }] as detail
from over_cap
inner join open_at_peak on over_cap.case_id = open_at_peak.case_id and over_cap.borrower_id = open_at_peak.borrower_id
group by all;

-- coverage: loans of the platform signed under the measures; tested are those of a person who is above the cap for certain,
-- or below it whatever was repaid
with steps as (
    select
        case_id,
        borrower_id,
        on_day,
        owed_low_yuan - lag(owed_low_yuan, 1, 0) over so_far as low_yuan,
        owed_high_yuan - lag(owed_high_yuan, 1, 0) over so_far as high_yuan
    from facts
    window so_far as (partition by case_id, loan_id order by on_day)
),

days as (
    select
        case_id,
        borrower_id,
        sum(sum(low_yuan)) over so_far as low_yuan,
        sum(sum(high_yuan)) over so_far as high_yuan
    from steps
    group by case_id, borrower_id, on_day
    window so_far as (partition by case_id, borrower_id order by on_day)
),

undecided as (
    select
        case_id,
        borrower_id
    from days
    group by case_id, borrower_id
    having max(low_yuan) <= $cap_yuan and max(high_yuan) > $cap_yuan
),

asked as (
    select
        scope.case_id,
        loans.principal_yuan,
        loans.borrower_id,
        parties.kind,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        undecided.borrower_id is not null as undecided
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    left join undecided on scope.case_id = undecided.case_id and loans.borrower_id = undecided.borrower_id
    where coalesce(parties.kind, 'person') = 'person'
),

judged as (
    select
        case_id,
        case
            when signed_on > $as_of then 'later'
            when signed_on < $in_force_from then 'legacy'
            when signed_on is null then 'unknown_day'
            when borrower_id is null then 'unknown_borrower'
            when kind is null then 'unknown_kind'
            when principal_yuan is null then 'unknown_principal'
            when undecided then 'unknown_repaid'
            else 'tested'
        end as verdict
    from asked
)

select
    scope.case_id,
    count(judged.verdict) filter (where judged.verdict not in ('later', 'legacy')) as population,
    count(judged.verdict) filter (where judged.verdict = 'tested') as tested,
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
        { 'code': 'unknown_borrower', 'v': count(*) filter (where judged.verdict = 'unknown_borrower') },
        { 'code': 'unknown_kind', 'v': count(*) filter (where judged.verdict = 'unknown_kind') },
        { 'code': 'unknown_day', 'v': count(*) filter (where judged.verdict = 'unknown_day') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where judged.verdict = 'unknown_principal') },
        { 'code': 'unknown_repaid', 'v': count(*) filter (where judged.verdict = 'unknown_repaid') }
    ] as why_not,
    [{ 'code': 'legacy_loans', 'v': count(*) filter (where judged.verdict = 'legacy') }] as note
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
