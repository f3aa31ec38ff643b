-- loans_elsewhere: the loans of no case, with what following their payout needs (columns as in loans_of_cases)
-- grain:   one row per loan
-- inputs:  money_loans(case_id, loan_id, position), loans, projects, parties
-- params:  none
select
    cast(null as text) as case_id,
    loans.loan_id,
    loans.borrower_id,
    parties.name as borrower_name,
    coalesce(nullif(trim(loans.purpose), ''), nullif(trim(projects.purpose), '')) as purpose,
    cast(loans.principal_yuan * 100 as bigint) as principal_fen,
    cast(coalesce(loans.upfront_fee_yuan, 0) * 100 as bigint) as fee_fen,
    cast(null as boolean) as borrower_related
from loans
left join projects on loans.project_id = projects.project_id
left join parties on loans.borrower_id = parties.party_id
where loans.loan_id is not null and loans.loan_id not in (select money_loans.loan_id from money_loans)
order by loans.loan_id
