/*+++
id = "SP-02"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "assignments"]
params = {chain_min = 3, gap_days = 3, short_days = 92, term_share = 0.8}
derive = {}

[title]
zh = "期限拆分或期限错配"
en = "Tenor splitting or mismatch"

[logic]
zh = """\
同一借款人在本平台有 {chain_min} 个以上 (含) 期限不超过 {short_days} 天的标的首尾相接 (后一标起息日与前一标到期日相差不超过 \
{gap_days} 天); 或一份合同被转让 {chain_min} 次以上 (含), 且出借人按金额加权的平均持有期不足合同期限的 {term_share}。"""
en = """\
A borrower has {chain_min} or more listings of {short_days} days or less on the platform, one after the \
other (a start within {gap_days} days of the last due day); or a contract is assigned {chain_min} times or \
more and its lenders hold it, weighted by amount, for less than {term_share} of its term."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(6)"
checked = "memory"

[[basis]]
law.zh = "关于做好P2P网络借贷风险专项整治整改验收工作的通知 (网贷整治办函〔2017〕57号)"
law.en = "Notice on Acceptance of the Rectification of P2P Lending (2017) 57"
article = "活期、定期理财"
checked = "memory"

[[basis]]
law = {zh = "次数、天数与比例为设计设定", en = "Numbers, days and shares: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "出借人自行发起的低频债权转让"
en = "Assignments now and then that lenders asked for themselves"

[[innocent]]
zh = "借款人每月有真实的新需求"
en = "A borrower with a true new need each month"
+++*/
-- facts: one row per loan of the platform signed under the measures: its chain of listings, and how often it was assigned
with lent as (
    select
        scope.case_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(nullif(loans.project_id, ''), loans.loan_id) as listing,
        projects.project_id,
        coalesce(loans.started_on, loans.signed_on) as start_on,
        coalesce(loans.due_on, coalesce(loans.started_on, loans.signed_on) + loans.term_days) as due_on
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join projects on loans.project_id = projects.project_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
),

listings as (
    select
        case_id,
        borrower_id,
        listing,
        min(start_on) as start_on,
        max(due_on) as due_on
    from lent
    where borrower_id is not null
    group by case_id, borrower_id, listing
    having count(*) = count(start_on) and count(*) = count(due_on) and max(due_on) - min(start_on) <= $short_days
),

-- each listing's next: the first that begins about the day on which it is due
steps as (
    select
        one.case_id,
        one.borrower_id,
        one.listing,
        arg_min(other.listing, (other.start_on, other.listing)) as next_listing
    from listings as one
    inner join listings as other
        on
            one.case_id = other.case_id
            and one.borrower_id = other.borrower_id
            and one.start_on < other.start_on
            and one.due_on - $gap_days <= other.start_on
            and one.due_on + $gap_days >= other.start_on
    group by one.case_id, one.borrower_id, one.listing
),

chains as (
    with recursive walked as (
        select
            case_id,
            borrower_id,
            listing as first_listing,
            listing
        from listings
        union
        select
            walked.case_id,
            walked.borrower_id,
            walked.first_listing,
            steps.next_listing as listing
        from walked
        inner join steps
            on
                walked.case_id = steps.case_id
                and walked.borrower_id = steps.borrower_id
                and walked.listing = steps.listing
    )

    select *
    from walked
    qualify count(*) over (partition by case_id, borrower_id, first_listing) >= $chain_min
),

chained as (
    select distinct
        case_id,
        borrower_id,
        listing
    from chains
),

passed as (
    select
        loan_id,
        count(*) as times,
        sum(principal_yuan) as passed_yuan,
        bool_or(principal_yuan is null) as part_unknown,
        list(assignment_id order by assigned_on, assignment_id) as assignment_ids,
        max(assigned_on) as last_on
    from assignments
    where coalesce(assigned_on, $as_of) <= $as_of
    group by loan_id
)

select
    lent.*,
    chained.listing is not null as is_chained,
    passed.assignment_ids,
    passed.last_on as passed_on,
    passed.times,
    coalesce(
        passed.times >= $chain_min
        -- of n units lent once and m units assigned, each is held n / (n + m) of the term
        and lent.principal_yuan < (lent.principal_yuan + passed.passed_yuan) * cast($term_share as decimal(18, 6)),
        false
    ) as is_passed_on,
    case
        when chained.listing is not null then 'hit'
        when
            passed.times >= $chain_min
            and lent.principal_yuan < (lent.principal_yuan + passed.passed_yuan) * cast($term_share as decimal(18, 6))
            then 'hit'
        when lent.borrower_id is null then 'unknown_borrower'
        when lent.start_on is null then 'unknown_day'
        when lent.due_on is null then 'unknown_term'
        when not exists (select 1 from assignments) then 'no_assignments'
        when passed.times >= $chain_min and (passed.part_unknown or lent.principal_yuan is null) then 'unknown_principal'
        else 'clear'
    end as verdict
from lent
left join chained
    on lent.case_id = chained.case_id and lent.borrower_id = chained.borrower_id and lent.listing = chained.listing
left join passed on lent.loan_id = passed.loan_id;

-- hits: the borrower with all listings in chains; the contract that was passed on
select
    case_id,
    borrower_id as subject_id,
    cast(sum(principal_yuan) as decimal(18, 2)) as amount_yuan,
    min(start_on) as first_on,
    max(due_on) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        list({ 'table': 'loans', 'id': loan_id } order by start_on, loan_id),
        list_transform(
            list_sort(list_distinct(list(project_id) filter (where project_id is not null))),
            lambda listed: { 'table': 'projects', 'id': listed }
        )
    ) as evidence,
    [{ 'code': 'chain_of', 'v': cast(count(distinct listing) as text) }] as detail
from facts
where is_chained
group by case_id, borrower_id
union all
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    start_on as first_on,
    passed_on as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(assignment_ids, lambda passed: { 'table': 'assignments', 'id': passed })
    ) as evidence,
    [{ 'code': 'assigned_times', 'v': cast(times as text) }] as detail
from facts
where is_passed_on;

-- coverage: contracts signed under the measures; tested: those whose days are known, where assignments were delivered
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
        { 'code': 'unknown_borrower', 'v': count(*) filter (where facts.verdict = 'unknown_borrower') },
        { 'code': 'unknown_day', 'v': count(*) filter (where facts.verdict = 'unknown_day') },
        { 'code': 'unknown_term', 'v': count(*) filter (where facts.verdict = 'unknown_term') },
        { 'code': 'no_assignments', 'v': count(*) filter (where facts.verdict = 'no_assignments') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where facts.verdict = 'unknown_principal') }
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
