-- apr_loans: whether the payments for each loan are known to the end
-- grain:   one row per loan
-- inputs:  loans, schedules, repayments, money_payouts(loan_id), money_claims, money_settled, money_apr_flows (apr_flows)
-- params:  $by_bank boolean, payments are those that the bank shows · $tol_fen bigint, difference that still agrees
--
-- At its end is a loan of which the ledger has all principal; or of which as much was paid as the schedule has in all; or whose
-- outstanding amount is stated as nothing while no less than its principal was paid.
with due as (
    select
        loan_id,
        cast(sum(100 * (coalesce(principal_yuan, 0) + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0))) as bigint) as due_fen
    from schedules
    group by loan_id
),

returned as (
    select loan_id, cast(sum(principal_yuan) * 100 as bigint) as principal_fen
    from repayments
    group by loan_id
),

entered as (
    select
        money_claims.loan_id,
        bool_or(money_claims.fen is null or money_claims.on_day is null) as part_unknown,
        bool_or(money_settled.claim is null) as part_unseen
    from money_claims
    left join money_settled on money_claims.claim = money_settled.claim
    where money_claims.in_ledger and coalesce(money_claims.fen, 1) > 0
    group by money_claims.loan_id
),

paid as (
    select loan_id, cast(-sum(fen) as bigint) as paid_fen
    from money_apr_flows
    where fen < 0
    group by loan_id
),

weighed as (
    select
        loans.loan_id,
        loans.rate as stated_rate,
        money_payouts.loan_id is not null as paid_out,
        coalesce(entered.part_unknown, false) as part_unknown,
        coalesce(entered.part_unseen, false) as part_unseen,
        coalesce(paid.paid_fen, 0) as paid_fen,
        cast(loans.principal_yuan * 100 as bigint) as principal_fen,
        returned.principal_fen as returned_fen,
        due.due_fen,
        cast(loans.outstanding_yuan * 100 as bigint) as outstanding_fen
    from loans
    left join money_payouts on loans.loan_id = money_payouts.loan_id
    left join due on loans.loan_id = due.loan_id
    left join returned on loans.loan_id = returned.loan_id
    left join entered on loans.loan_id = entered.loan_id
    left join paid on loans.loan_id = paid.loan_id
    where loans.loan_id is not null
)

select
    loan_id,
    stated_rate,
    case
        when not paid_out then 'no_payout'
        when part_unknown and not $by_bank then 'amount_unknown'
        when part_unseen and $by_bank then 'not_in_bank'
        when
            coalesce(returned_fen >= principal_fen - $tol_fen, false)
            or coalesce(due_fen > 0 and paid_fen >= due_fen - $tol_fen, false)
            or coalesce(outstanding_fen = 0 and paid_fen >= principal_fen - $tol_fen, false) then null
        when due_fen is null and returned_fen is null and outstanding_fen is null then 'end_unknown'
        else 'still_open'
    end as unknown
from weighed
order by loan_id
