-- case_accounts: the accounts of each case, and why they belong to it
-- grain:   one row per case and account; own before related before loan, where it is several
-- inputs:  money_scope(case_id, institution_id, party_id), money_related(case_id, party_id), money_loans(case_id, loan_id),
--          accounts, loans
-- params:  none
with loan_accounts as (
    select money_loans.case_id, loans.disbursement_account as account_id
    from money_loans
    inner join loans on money_loans.loan_id = loans.loan_id
    where loans.disbursement_account is not null
    union all
    select money_loans.case_id, accounts.account_id
    from money_loans
    inner join loans on money_loans.loan_id = loans.loan_id
    inner join accounts on loans.borrower_id = accounts.holder_id
),

found as (
    select money_scope.case_id, accounts.account_id, 1 as rank
    from money_scope
    inner join accounts on accounts.holder_id in (money_scope.party_id, money_scope.institution_id)
    union all
    select money_related.case_id, accounts.account_id, 2 as rank
    from money_related
    inner join accounts on money_related.party_id = accounts.holder_id
    union all
    select case_id, account_id, 3 as rank
    from loan_accounts
)

select
    case_id,
    account_id,
    case min(rank) when 1 then 'own' when 2 then 'related' else 'loan' end as why
from found
group by case_id, account_id
order by case_id, account_id
