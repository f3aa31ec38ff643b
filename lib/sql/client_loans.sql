-- client_loans: whose money lies in the loans of a case, and what may be kept back when they are paid out
-- grain:   one row per loan
-- inputs:  money_loans(loan_id), loans, repayments
-- params:  none
select
    loans.loan_id,
    loans.lender_id,
    cast(coalesce(loans.principal_yuan, 0) * 100 as bigint) as principal_fen,
    cast(coalesce(loans.upfront_fee_yuan, 0) * 100 as bigint) as upfront_fen,
    loans.loan_id in (select repayments.loan_id from repayments where repayments.fee_yuan is not null) as fee_stated
from loans
where loans.loan_id in (select money_loans.loan_id from money_loans)
order by loans.loan_id
