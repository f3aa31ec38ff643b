-- case_loans: the loans of each case, and what the case's party is in them
-- grain:   one row per case and loan; platform before borrower before lender, where it is several
-- inputs:  money_scope(case_id, institution_id, party_id), loans
-- params:  none
with sides as (
    select money_scope.case_id, loans.loan_id, 1 as rank
    from money_scope
    inner join loans on money_scope.institution_id = loans.institution_id
    union all
    select money_scope.case_id, loans.loan_id, 2 as rank
    from money_scope
    inner join loans on loans.borrower_id in (money_scope.party_id, money_scope.institution_id)
    union all
    select money_scope.case_id, loans.loan_id, 3 as rank
    from money_scope
    inner join loans on loans.lender_id in (money_scope.party_id, money_scope.institution_id)
)

select
    case_id,
    loan_id,
    case min(rank) when 1 then 'platform' when 2 then 'borrower' else 'lender' end as position
from sides
group by case_id, loan_id
order by case_id, loan_id
