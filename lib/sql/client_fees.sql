-- client_fees: what the platform says it may keep of the loans of a case
-- grain:   one row per loan and day on which the ledger books a fee; loans without such a day have none
-- inputs:  money_loans(loan_id), repayments
-- params:  none
select
    loan_id,
    paid_on,
    cast(sum(fee_yuan) * 100 as bigint) as fen
from repayments
where loan_id in (select loan_id from money_loans) and fee_yuan is not null and paid_on is not null
group by loan_id, paid_on
order by loan_id, paid_on
