-- owed_above: borrowers who owe, or may owe, more than a cap: at one platform or at all of them together
-- grain:   one row per case and borrower
-- inputs:  money_scope(case_id, institution_id, party_id), money_owed_days (owed_days), loans, parties,
--          money_groups(member_id, group_id): borrowers that count as one; no others
-- params:  $cap_yuan · $signed_from, first day of signing that counts · $as_of · $everywhere boolean, platforms add up
--
-- A case has the borrowers who owed its institution anything on a day on which they were above the cap. `certain` is false
-- where only a repayment that is not fully recorded keeps a borrower above it: then nothing but borrower, kind and all loans
-- is said.
with counted as (
    select
        loans.loan_id,
        loans.borrower_id as member_id,
        coalesce(money_groups.group_id, loans.borrower_id) as borrower_id,
        loans.institution_id,
        case when $everywhere then '' else loans.institution_id end as pool
    from loans
    left join money_groups on loans.borrower_id = money_groups.member_id
    where
        loans.borrower_id is not null
        and (loans.institution_id is not null or $everywhere)
        and loans.principal_yuan is not null
        and coalesce(loans.signed_on, loans.started_on) between $signed_from and $as_of
),

spans as (
    select
        counted.*,
        owed.on_day,
        owed.low_yuan,
        owed.high_yuan,
        lead(owed.on_day) over of_loan as next_day,
        owed.low_yuan - lag(owed.low_yuan, 1, 0) over of_loan as low_step,
        owed.high_yuan - lag(owed.high_yuan, 1, 0) over of_loan as high_step
    from counted
    inner join money_owed_days as owed on counted.loan_id = owed.loan_id
    where owed.on_day <= $as_of
    window of_loan as (partition by counted.loan_id order by owed.on_day)
),

days as (
    select
        pool,
        borrower_id,
        on_day,
        sum(sum(low_step)) over so_far as low_yuan,
        sum(sum(high_step)) over so_far as high_yuan,
        lead(on_day) over so_far as next_day
    from spans
    group by pool, borrower_id, on_day
    window so_far as (partition by pool, borrower_id order by on_day)
),

above as (
    select
        *,
        max(low_yuan) over (partition by pool, borrower_id) as peak_yuan
    from days
    where high_yuan > $cap_yuan
),

peaks as (
    select
        pool,
        borrower_id,
        peak_yuan > $cap_yuan as certain,
        peak_yuan,
        min(on_day) filter (where low_yuan = peak_yuan) as peak_on,
        min(on_day) filter (where low_yuan > $cap_yuan) as first_on,
        max(coalesce(next_day - 1, $as_of)) filter (where low_yuan > $cap_yuan) as last_on
    from above
    group by pool, borrower_id, peak_yuan
),

open_at_peak as (
    select
        spans.pool,
        spans.borrower_id,
        list(spans.loan_id order by spans.loan_id) as loan_ids,
        list(spans.member_id order by spans.loan_id) as member_ids,
        list(spans.low_yuan order by spans.loan_id) as owed_yuan,
        count(distinct spans.institution_id) as platforms
    from spans
    inner join peaks on spans.pool = peaks.pool and spans.borrower_id = peaks.borrower_id
    where
        peaks.certain
        and spans.low_yuan > 0
        and spans.on_day <= peaks.peak_on
        and (spans.next_day is null or spans.next_day > peaks.peak_on)
    group by spans.pool, spans.borrower_id
),

counted_loans as (
    select
        counted.pool,
        counted.borrower_id,
        list(counted.loan_id order by counted.loan_id) as loan_ids
    from counted
    inner join peaks on counted.pool = peaks.pool and counted.borrower_id = peaks.borrower_id
    where not peaks.certain
    group by counted.pool, counted.borrower_id
),

involved as (
    select distinct
        spans.pool,
        spans.borrower_id,
        spans.institution_id
    from spans
    inner join peaks on spans.pool = peaks.pool and spans.borrower_id = peaks.borrower_id
    inner join above on spans.pool = above.pool and spans.borrower_id = above.borrower_id
    where
        (spans.next_day is null or spans.next_day > above.on_day)
        and (above.next_day is null or above.next_day > spans.on_day)
        and (
            (peaks.certain and spans.low_yuan > 0 and above.low_yuan > $cap_yuan)
            or (not peaks.certain and spans.high_yuan > 0)
        )
)

select
    money_scope.case_id,
    peaks.borrower_id,
    parties.kind,
    peaks.certain,
    case when peaks.certain then cast(peaks.peak_yuan as decimal(18, 2)) end as peak_yuan,
    case when peaks.certain then peaks.peak_on end as peak_on,
    peaks.first_on,
    peaks.last_on,
    coalesce(open_at_peak.loan_ids, counted_loans.loan_ids) as loan_ids,
    open_at_peak.member_ids,
    open_at_peak.owed_yuan,
    coalesce(open_at_peak.platforms, 0) as platforms
from money_scope
inner join involved on money_scope.institution_id = involved.institution_id
inner join peaks on involved.pool = peaks.pool and involved.borrower_id = peaks.borrower_id
left join parties on peaks.borrower_id = parties.party_id
left join counted_loans on peaks.pool = counted_loans.pool and peaks.borrower_id = counted_loans.borrower_id
left join open_at_peak on peaks.pool = open_at_peak.pool and peaks.borrower_id = open_at_peak.borrower_id
order by money_scope.case_id, peaks.borrower_id
