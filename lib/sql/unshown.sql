-- unshown: movements that an account's own statement ought to show, and that only the other side's shows
-- grain:   one row per account and day that has any
-- inputs:  transfers, flows, money_coverage(account_id, covered_from, covered_to, lines)
-- params:  none
--
-- The account's statement books it on another day, or shows it by a line that could not be paired: then the movement is there
-- twice, and more is on the account than there was. Or the line is missing in the statement.
with alone as (
    select
        case when flows.account_id = transfers.payer_account then payee_account else payer_account end as account_id,
        cast(transfers.at as date) as day_on
    from transfers
    inner join flows on transfers.flow_ids[1] = flows.flow_id
    where
        len(transfers.flow_ids) = 1
        and flows.account_id in (transfers.payer_account, transfers.payee_account)
        and transfers.payer_account <> transfers.payee_account
)

select distinct
    alone.account_id,
    alone.day_on
from alone
inner join money_coverage as coverage on alone.account_id = coverage.account_id
where coverage.lines > 0 and alone.day_on between coverage.covered_from and coverage.covered_to
order by alone.account_id, alone.day_on
