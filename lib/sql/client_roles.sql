-- client_roles: what the holder of each account is to the loans and the institutions of a case
-- grain:   one row per account that has a record
-- inputs:  money_scope(case_id, institution_id, party_id), money_related(case_id, party_id), money_loans(case_id, loan_id),
--          accounts, loans, assignments, parties
-- params:  none
--
-- own: of the institution; related: of its related set; hub: a payment, tax or settlement account; lender, borrower or both: a
-- party of loans of the case (buyers of claims too); guarantor: of such a loan; other; unknown: nobody knows the holder.
with own as (
    select party_id from money_scope
    union
    select institution_id as party_id from money_scope
),

mine as (
    select loans.*
    from loans
    where loans.loan_id in (select loan_id from money_loans)
),

lenders as (
    select lender_id as party_id from mine
    union
    select from_lender_id as party_id from assignments where loan_id in (select loan_id from mine)
    union
    select to_lender_id as party_id from assignments where loan_id in (select loan_id from mine)
),

marked as (
    select
        accounts.account_id,
        accounts.holder_id,
        coalesce(parties.name, accounts.holder_name) as holder_name,
        accounts.purpose,
        accounts.holder_id in (select party_id from own where party_id is not null) as is_own,
        accounts.holder_id in (select party_id from money_related) as is_related,
        accounts.holder_id in (select party_id from lenders where party_id is not null) as is_lender,
        accounts.holder_id in (select borrower_id from mine where borrower_id is not null) as is_borrower,
        accounts.holder_id in (select guarantor_id from mine where guarantor_id is not null) as is_guarantor
    from accounts
    left join parties on accounts.holder_id = parties.party_id
    where accounts.account_id is not null
)

select
    account_id,
    holder_id,
    holder_name,
    purpose,
    coalesce(starts_with(purpose, 'custody_'), false) as is_custody,
    case
        when is_own then 'own'
        when purpose in ('payment', 'tax', 'settlement') then 'hub'
        when is_related then 'related'
        when is_lender and is_borrower then 'both'
        when is_lender then 'lender'
        when is_borrower then 'borrower'
        when is_guarantor then 'guarantor'
        when holder_id is not null then 'other'
        else 'unknown'
    end as role
from marked
order by account_id
