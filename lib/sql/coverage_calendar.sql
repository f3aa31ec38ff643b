-- coverage_calendar: every month of an account from its first to its last, and what a month without statement lines means
-- grain:   one row per account and month
-- inputs:  money_accounts(account_id), money_coverage(account_id, covered_from, covered_to), flows, loans, accounts,
--          money_balances(account_id, month, opening_yuan, closing_yuan): months with lines
-- params:  $as_of date, to which loans and stated periods are followed
with lines as (
    select
        account_id,
        date_trunc('month', cast("at" as date)) as month_on,
        count(*) as lines,
        cast(min("at") as date) as first_on,
        cast(max("at") as date) as last_on
    from flows
    where "at" is not null and account_id in (select account_id from money_accounts)
    group by account_id, month_on
),

dated as (
    select
        borrower_id,
        disbursement_account,
        coalesce(started_on, signed_on) as start_on,
        least(coalesce(due_on, coalesce(started_on, signed_on) + term_days, $as_of), $as_of) as end_on
    from loans
    where coalesce(started_on, signed_on) <= $as_of
),

lent as (
    select disbursement_account as account_id, start_on, end_on from dated
    union all
    select accounts.account_id, dated.start_on, dated.end_on
    from dated
    inner join accounts on dated.borrower_id = accounts.holder_id
),

spans as (
    select account_id, month_on as from_on, month_on as to_on from lines
    union all
    -- a period that is stated without an end may end in the year 9999: no further than the case's day, if there are no lines
    select account_id, covered_from as from_on, greatest(covered_from, least(covered_to, $as_of)) as to_on
    from money_coverage
    union all
    select account_id, start_on as from_on, greatest(start_on, end_on) as to_on from lent
),

ranges as (
    select
        account_id,
        date_trunc('month', min(from_on)) as from_on,
        date_trunc('month', max(to_on)) as to_on
    from spans
    where account_id in (select account_id from money_accounts)
    group by account_id
),

months as (
    select account_id, cast(unnest(generate_series(from_on, to_on, interval 1 month)) as date) as month_on
    from ranges
),

filled as (
    select
        months.account_id,
        months.month_on,
        coalesce(lines.lines, 0) as lines,
        lines.first_on,
        lines.last_on,
        money_balances.opening_yuan,
        money_balances.closing_yuan,
        -- of the nearest months with lines: whether their balances are known is part of what is looked up
        last_value(case when lines.lines > 0 then { 'yuan': closing_yuan } end ignore nulls) over earlier as before,
        first_value(case when lines.lines > 0 then { 'yuan': opening_yuan } end ignore nulls) over later as after
    from months
    left join lines on months.account_id = lines.account_id and months.month_on = lines.month_on
    left join money_balances on months.account_id = money_balances.account_id and months.month_on = money_balances.month
    window
        earlier as (
            partition by months.account_id order by months.month_on rows between unbounded preceding and 1 preceding
        ),
        later as (
            partition by months.account_id order by months.month_on rows between 1 following and unbounded following
        )
)

select
    filled.account_id,
    filled.month_on as "month",
    filled.lines,
    filled.first_on,
    filled.last_on,
    case when filled.lines > 0 then filled.opening_yuan else filled.before.yuan end as opening_yuan,
    case when filled.lines > 0 then filled.closing_yuan else filled.after.yuan end as closing_yuan,
    case
        when filled.lines > 0 then 'covered'
        when money_coverage.account_id is null then 'no_statements'
        when last_day(filled.month_on) < money_coverage.covered_from then 'before'
        when filled.month_on > money_coverage.covered_to then 'after'
        when filled.before.yuan = filled.after.yuan then 'idle'
        when filled.before.yuan <> filled.after.yuan then 'missing'
        else 'unproven'
    end as state
from filled
left join money_coverage on filled.account_id = money_coverage.account_id
order by filled.account_id, filled.month_on
