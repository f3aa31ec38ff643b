-- apr_flows: what borrowers received and paid, by loan and day
-- grain:   one row per loan and movement, fen: received positive, paid negative
-- inputs:  transfers, money_payouts(loan_id, match, transfer_ids, paid_fen, first_on), money_claims, money_moves, money_settled
-- params:  $by_bank boolean, payments are those that the bank shows; else those of the ledger, and of the bank what it lacks
with named as (
    select loan_id, unnest(transfer_ids) as transfer_id
    from money_payouts
    where match <> 'batch'
),

settled as (
    select
        money_claims.loan_id,
        money_claims.in_ledger,
        money_moves.paid_on as on_day,
        -money_settled.fen as fen,
        money_moves.transfer_id
    from money_settled
    inner join money_claims on money_settled.claim = money_claims.claim
    inner join money_moves on money_settled.move = money_moves.move
)

select
    named.loan_id,
    cast(transfers.at as date) as on_day,
    cast(transfers.amount_yuan * 100 as bigint) as fen,
    named.transfer_id,
    cast(null as text) as repayment_id
from named
inner join transfers on named.transfer_id = transfers.transfer_id
union all
select loan_id, first_on as on_day, paid_fen as fen, transfer_ids[1] as transfer_id, null as repayment_id
from money_payouts
where match = 'batch'
union all
select loan_id, on_day, fen, transfer_id, null as repayment_id
from settled
where $by_bank or not in_ledger
union all
select loan_id, on_day, -fen as fen, null as transfer_id, repayment_id
from money_claims
where in_ledger and not $by_bank and fen is not null and on_day is not null
union all
select loan_id, paid_on as on_day, -fen as fen, transfer_id, null as repayment_id
from money_moves
where named and move not in (select move from money_settled)
order by loan_id, on_day, fen, transfer_id, repayment_id
