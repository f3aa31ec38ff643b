-- monthly: what was paid out and repaid on the case's loans, and what came in and went out of its own accounts
-- grain:   one row per month from the first to the last with a transfer of these
-- inputs:  money_own(account_id), money_loan_ids(loan_id), money_payouts(transfer_id), transfers
-- params:  none
with own as (
    select account_id from money_own
),

marked as (
    select
        cast(date_trunc('month', transfers.at) as date) as month_on,
        transfers.amount_yuan,
        transfers.payee_account in (select account_id from own) as to_own,
        transfers.payer_account in (select account_id from own) as from_own,
        transfers.loan_id in (select loan_id from money_loan_ids) as of_loan,
        transfers.transfer_id in (select transfer_id from money_payouts) as is_payout,
        transfers.kind
    from transfers
    where transfers.at is not null and transfers.amount_yuan is not null
),

sorted as (
    select
        month_on,
        amount_yuan,
        is_payout or coalesce(of_loan and kind = 'disbursement', false) as is_disbursed,
        coalesce(of_loan and kind = 'repayment', false) as is_repaid,
        coalesce(to_own, false) and not coalesce(from_own, false) as is_in,
        coalesce(from_own, false) and not coalesce(to_own, false) as is_out,
        coalesce(to_own or from_own, false) as touches_own
    from marked
),

counted as (
    select
        month_on,
        sum(amount_yuan) filter (where is_disbursed) as disbursed,
        sum(amount_yuan) filter (where is_repaid) as repaid,
        sum(amount_yuan) filter (where is_in) as into_own,
        sum(amount_yuan) filter (where is_out) as from_own,
        count(*) as moved
    from sorted
    where is_disbursed or is_repaid or touches_own
    group by month_on
),

months as (
    select cast(unnest(generate_series(min(month_on), max(month_on), interval 1 month)) as date) as month_on
    from counted
)

select
    months.month_on as "month",
    cast(coalesce(counted.disbursed, 0) as decimal(18, 2)) as disbursed_yuan,
    cast(coalesce(counted.repaid, 0) as decimal(18, 2)) as repaid_yuan,
    cast(coalesce(counted.into_own, 0) as decimal(18, 2)) as in_yuan,
    cast(coalesce(counted.from_own, 0) as decimal(18, 2)) as out_yuan,
    coalesce(counted.moved, 0) as transfers
from months
left join counted on months.month_on = counted.month_on
order by months.month_on
