-- coverage: the days that an account's statements cover
-- grain:   one row per account that has statement lines or a stated period of statements
-- inputs:  flows, accounts
-- params:  none
with shown as (
    select
        account_id,
        cast(min(flows.at) as date) as first_on,
        cast(max(flows.at) as date) as last_on,
        count(*) as lines,
        count(balance_yuan) as lines_with_balance
    from flows
    where account_id is not null
    group by account_id
)

select
    coalesce(accounts.account_id, shown.account_id) as account_id,
    coalesce(accounts.statement_from, shown.first_on) as covered_from,
    coalesce(accounts.statement_to, shown.last_on) as covered_to,
    coalesce(shown.lines, 0) as lines,
    coalesce(shown.lines_with_balance, 0) as lines_with_balance
from accounts
full join shown on accounts.account_id = shown.account_id
where shown.lines > 0 or (accounts.statement_from is not null and accounts.statement_to is not null)
order by account_id
