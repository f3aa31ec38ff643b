-- loans_of_cases: the loans of each case, with what following their payout needs
-- grain:   one row per case and loan
-- inputs:  money_loans(case_id, loan_id, position), money_scope(case_id, party_id), money_related(case_id, party_id), loans,
--          projects, parties
-- params:  $platform_only whether only loans of which the case is the platform
select
    money_loans.case_id,
    loans.loan_id,
    loans.borrower_id,
    parties.name as borrower_name,
    coalesce(nullif(trim(loans.purpose), ''), nullif(trim(projects.purpose), '')) as purpose,
    cast(loans.principal_yuan * 100 as bigint) as principal_fen,
    cast(coalesce(loans.upfront_fee_yuan, 0) * 100 as bigint) as fee_fen,
    coalesce(loans.borrower_id in (money_scope.party_id, money_scope.institution_id), false)
    or money_related.party_id is not null as borrower_related
from money_loans
inner join loans on money_loans.loan_id = loans.loan_id
inner join money_scope on money_loans.case_id = money_scope.case_id
left join money_related on money_loans.case_id = money_related.case_id and loans.borrower_id = money_related.party_id
left join projects on loans.project_id = projects.project_id
left join parties on loans.borrower_id = parties.party_id
where money_loans.position = 'platform' or not $platform_only
order by money_loans.case_id, loans.loan_id
