-- payment_edges: which transfers may be which payments of a loan
-- grain:   one row per claim and transfer; how = flow_id (the ledger names the statement line), loan_id (it names the loan) or
--          payer (it names none and is paid by the borrower, or from the account that the ledger states)
-- inputs:  money_claims, money_moves (as payment_claims and loan_payments give them), loans, accounts, repayments
-- params:  $days integer, days before and after
with payers as (
    select loans.loan_id, accounts.account_id
    from loans
    inner join accounts on loans.borrower_id = accounts.holder_id
    union
    select loan_id, payer_account as account_id
    from repayments
    where payer_account is not null
),

lines as (
    select move, unnest(flow_ids) as flow_id
    from money_moves
)

select
    money_claims.claim,
    lines.move,
    'flow_id' as how,
    0 as apart
from money_claims
inner join lines on money_claims.flow_id = lines.flow_id
union
select
    money_claims.claim,
    money_moves.move,
    'loan_id' as how,
    abs(money_moves.paid_on - money_claims.on_day) as apart
from money_claims
inner join money_moves on money_claims.loan_id = money_moves.loan_id
where money_moves.named and abs(money_moves.paid_on - money_claims.on_day) <= $days
union
select
    money_claims.claim,
    money_moves.move,
    'payer' as how,
    abs(money_moves.paid_on - money_claims.on_day) as apart
from money_claims
inner join payers on money_claims.loan_id = payers.loan_id
inner join money_moves on payers.account_id = money_moves.payer_account
where not money_moves.named and money_moves.loan_id is null and abs(money_moves.paid_on - money_claims.on_day) <= $days
order by claim, move
