/*+++
id = "OV-01"
severity = "major"
in_force = {from = "2017-08-23"}
needs = ["disclosures", "loans", "schedules", "repayments", "transfers"]
params = {short_share = 0.05}
derive = {instalment_rows = {tol_yuan = 1.00, days = 3}, covered_days = {}}

[title]
zh = "逾期金额少报"
en = "Understated overdue amounts"

[logic]
zh = """\
披露的逾期金额或逾期90天 (不含) 以上金额, 比按还款计划与还款重算的金额少 {short_share} 以上 (不含)。重算只把银行流水能够印证的借款人还款算作已还 \
(按合同编号, 否则按金额相差不超过 {tol_yuan} 元、前后 {days} 天认定); 存管账户流水已覆盖而没有的还款算作未还; 流水未覆盖、\
由他人支付或金额不符的还款不能判断, 取对机构有利的口径。逾期指统计日前已到期而未还的本金。"""
en = """\
A published figure of overdue amounts, or of those overdue by more than 90 days, is more than {short_share} \
below what schedules and repayments give. Only repayments by borrowers that statements show count as paid \
(found by number, else within {tol_yuan} yuan and {days} days); what the custodian's statements cover and do \
not show is unpaid; what they do not cover, what others paid or differs in amount cannot be told, and is \
taken in the institution's favour. Overdue is principal that was due before the day and is not repaid."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动信息披露指引 (银监办发〔2017〕113号)"
law.en = "Guideline on Disclosure by Online Lending Intermediaries (2017) 113"
article = "9"
checked = "text"

[[basis]]
law = {zh = "差异界限为设计设定", en = "The gap: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "合同约定的宽限期"
en = "A period of grace in the contract"

[[innocent]]
zh = "披露口径不同 (例如只计逾期本息或已核销除外)"
en = "Another definition, such as without what was written off"
+++*/
-- facts: one row per published figure, and the least and the most that was overdue on its day
with figures as (
    select
        scope.case_id,
        disclosures.institution_id,
        disclosures.disclosure_id,
        disclosures.as_of_on,
        disclosures.metric,
        case when disclosures.metric ~ '90' then 91 else 1 end as days_over,
        regexp_extract(translate(disclosures.value_text, '，, 　', ''), '^([0-9]+(?:[.][0-9]+)?)(?:亿|万)?元?\z', 1) as digits,
        case
            when disclosures.value_text ~ '亿' then 100000000
            when disclosures.value_text ~ '万' then 10000
            else 1
        end as unit
    from scope
    inner join disclosures on scope.institution_id = disclosures.institution_id
    where
        disclosures.as_of_on between $in_force_from and $as_of
        and translate(disclosures.metric, '（） ', '()') in ('逾期金额', '逾期90天(不含)以上金额')
),

kinds as (
    select unnest([1, 91]) as days_over
),

platforms as (
    select distinct
        figures.institution_id,
        scope.party_id
    from figures
    inner join scope on figures.case_id = scope.case_id
),

-- that a borrower's statement lacks a payment shows nothing unless the custodian's is held too: it came from elsewhere
watched as (
    select
        platforms.institution_id,
        min(days.covered_from) as from_on,
        max(days.covered_to) as to_on
    from platforms
    inner join accounts on accounts.holder_id in (platforms.party_id, platforms.institution_id)
    inner join covered_days as days on accounts.account_id = days.account_id
    where starts_with(accounts.purpose, 'custody_')
    group by platforms.institution_id
),

lent as (
    select
        loans.institution_id,
        loans.loan_id,
        loans.borrower_id,
        coalesce(loans.started_on, loans.signed_on) as start_on
    from loans
    inner join platforms on loans.institution_id = platforms.institution_id
    where not coalesce(loans.status ~ '撤销|流标|取消|作废|[Cc]ancel', false)
),

due as (
    select
        lent.institution_id,
        lent.loan_id,
        schedules.due_on,
        schedules.principal_yuan
    from lent
    inner join schedules on lent.loan_id = schedules.loan_id
    where schedules.due_on is not null and schedules.principal_yuan is not null
),

-- loans of which a part of what is due is not known, from the day on which they begin
unscheduled as (
    select
        lent.institution_id,
        lent.loan_id,
        lent.start_on
    from lent
    left join schedules on lent.loan_id = schedules.loan_id
    group by lent.institution_id, lent.loan_id, lent.start_on
    having count(schedules.loan_id) = 0 or bool_or(schedules.due_on is null or schedules.principal_yuan is null)
),

seen as (
    select distinct
        unnest(repayment_ids) as repayment_id,
        outcome
    from instalment_rows
),

classed as (
    select
        lent.institution_id,
        lent.loan_id,
        repayments.paid_on,
        coalesce(repayments.principal_yuan, repayments.amount_yuan - repayments.interest_yuan - repayments.fee_yuan, 0)
            as least_yuan,
        coalesce(
            repayments.principal_yuan,
            repayments.amount_yuan - coalesce(repayments.interest_yuan, 0) - coalesce(repayments.fee_yuan, 0),
            9999999999
        ) as most_yuan,
        case
            when seen.outcome = 'not_in_bank' and coalesce(repayments.paid_on between watched.from_on and watched.to_on, false)
                then 'not_in_bank'
            when seen.outcome in ('matched', 'unscheduled') then 'seen'
            else 'unclear'
        end as outcome,
        coalesce(repayments.payer_id <> lent.borrower_id, accounts.holder_id <> lent.borrower_id, false) as by_another
    from lent
    inner join repayments on lent.loan_id = repayments.loan_id
    left join seen on repayments.repayment_id = seen.repayment_id
    left join watched on lent.institution_id = watched.institution_id
    left join accounts on repayments.payer_account = accounts.account_id
),

-- what was paid at most, from the first day that is possible, and at least
paid as (
    select
        institution_id,
        loan_id,
        coalesce(paid_on, date '1900-01-01') as on_day,
        most_yuan,
        case when outcome = 'seen' and not by_another and paid_on is not null then least_yuan else 0 end as least_yuan
    from classed
    where outcome <> 'not_in_bank'
    union all
    -- of a platform whose repayments were not delivered everything may be paid
    select
        lent.institution_id,
        lent.loan_id,
        date '1900-01-01' as on_day,
        9999999999 as most_yuan,
        0 as least_yuan
    from lent
    where lent.institution_id not in (select classed.institution_id from classed)
),

moves as (
    select
        due.institution_id,
        due.loan_id,
        kinds.days_over,
        due.due_on + kinds.days_over as on_day,
        due.principal_yuan as due_yuan,
        0 as most_yuan,
        0 as least_yuan
    from due
    cross join kinds
    union all
    select
        paid.institution_id,
        paid.loan_id,
        kinds.days_over,
        paid.on_day,
        0 as due_yuan,
        paid.most_yuan,
        paid.least_yuan
    from paid
    cross join kinds
),

daily as (
    select
        institution_id,
        loan_id,
        days_over,
        on_day,
        sum(due_yuan) as due_yuan,
        sum(most_yuan) as most_yuan,
        sum(least_yuan) as least_yuan
    from moves
    group by institution_id, loan_id, days_over, on_day
),

owed as (
    select
        institution_id,
        loan_id,
        days_over,
        on_day,
        greatest(sum(due_yuan) over so_far - sum(most_yuan) over so_far, 0) as low_yuan,
        greatest(sum(due_yuan) over so_far - sum(least_yuan) over so_far, 0) as high_yuan
    from daily
    window so_far as (partition by institution_id, loan_id, days_over order by on_day)
),

steps as (
    select
        institution_id,
        days_over,
        on_day,
        low_yuan - lag(low_yuan, 1, 0) over of_loan as low_step,
        high_yuan - lag(high_yuan, 1, 0) over of_loan as high_step
    from owed
    window of_loan as (partition by institution_id, loan_id, days_over order by on_day)
),

totals as (
    select
        figures.disclosure_id,
        sum(steps.low_step) as low_yuan,
        sum(steps.high_step) as high_yuan
    from figures
    inner join steps
        on
            figures.institution_id = steps.institution_id
            and figures.days_over = steps.days_over
            and figures.as_of_on >= steps.on_day
    group by figures.disclosure_id
),

spans as (
    select
        *,
        lead(on_day) over (partition by loan_id, days_over order by on_day) as next_day
    from owed
),

behind as (
    select
        figures.disclosure_id,
        list_sort(list_distinct(list(late.loan_id))) as loan_ids
    from figures
    inner join spans as late
        on
            figures.institution_id = late.institution_id
            and figures.days_over = late.days_over
            and figures.as_of_on >= late.on_day
            and figures.as_of_on < coalesce(late.next_day, date '9999-12-31')
    where late.low_yuan > 0
    group by figures.disclosure_id
),

compared as (
    select
        figures.*,
        case when figures.digits <> '' then cast(cast(figures.digits as decimal(28, 6)) * figures.unit as decimal(18, 2)) end
            as stated_yuan,
        cast(coalesce(totals.low_yuan, 0) as decimal(18, 2)) as low_yuan,
        cast(coalesce(totals.high_yuan, 0) as decimal(18, 2)) as high_yuan,
        coalesce(behind.loan_ids, []) as loan_ids,
        exists(
            select 1 from unscheduled
            where
                unscheduled.institution_id = figures.institution_id
                and coalesce(unscheduled.start_on, figures.as_of_on) <= figures.as_of_on
        ) as part_unscheduled,
        exists(select 1 from lent where lent.institution_id = figures.institution_id) as has_loans
    from figures
    left join totals on figures.disclosure_id = totals.disclosure_id
    left join behind on figures.disclosure_id = behind.disclosure_id
)

select
    *,
    case
        when stated_yuan is null then 'figure_unreadable'
        when low_yuan - stated_yuan > cast(low_yuan as decimal(30, 2)) * $short_share then 'hit'
        when not has_loans or part_unscheduled then 'schedule_lacking'
        when high_yuan - stated_yuan > cast(high_yuan as decimal(30, 2)) * $short_share then 'overdue_unknown'
        else 'clear'
    end as verdict
from compared;

-- hits: the institution, what was left out at least, the day of the figure, and the loans that were overdue for certain
select
    case_id,
    institution_id as subject_id,
    cast(low_yuan - stated_yuan as decimal(18, 2)) as amount_yuan,
    as_of_on as first_on,
    as_of_on as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'disclosures', 'id': disclosure_id }],
        list_transform(loan_ids, lambda loan_id: { 'table': 'loans', 'id': loan_id })
    ) as evidence,
    [
        { 'code': 'figure', 'v': metric },
        { 'code': 'stated_figure', 'v': cast(stated_yuan as text) },
        { 'code': 'least_overdue', 'v': cast(low_yuan as text) }
    ] as detail
from facts
where verdict = 'hit';

-- coverage: figures published under the guideline; tested: those that all schedules and repayments decide
select
    scope.case_id,
    count(facts.disclosure_id) as population,
    count(facts.disclosure_id) filter (where facts.verdict in ('hit', 'clear')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_figures',
            'v': cast(
                scope.institution_id is not null
                and exists (select 1 from disclosures)
                and count(facts.disclosure_id) = 0 as bigint
            )
        },
        { 'code': 'figure_unreadable', 'v': count(*) filter (where facts.verdict = 'figure_unreadable') },
        { 'code': 'schedule_lacking', 'v': count(*) filter (where facts.verdict = 'schedule_lacking') },
        { 'code': 'overdue_unknown', 'v': count(*) filter (where facts.verdict = 'overdue_unknown') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
