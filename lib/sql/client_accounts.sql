-- client_accounts: the accounts of an institution, of its circle, and those that hold its clients' money
-- grain:   one row per account that is own, related or held by staff, or that holds clients' money
-- inputs:  client_roles, client_holding(account_id), money_scope(case_id, institution_id, party_id),
--          money_loans(case_id, loan_id), money_coverage(account_id, covered_from, covered_to), accounts, roles, loans,
--          transfers
-- params:  $as_of date, on which staff is staff
--
-- `lent_from`, `lent_to`: first and last day on which a loan of the case begins. `undated`: transfers of the account without a
-- time or an amount, which no answer counts; what was undone, and what undid it, apart.
with staff as (
    select distinct roles.person_id as party_id
    from roles
    inner join money_scope on roles.entity_id in (money_scope.institution_id, money_scope.party_id)
    where
        roles.role = 'staff'
        and coalesce(roles.valid_from, $as_of) <= $as_of
        and (roles.valid_to is null or roles.valid_to > $as_of)
),

lent as (
    select
        min(coalesce(loans.started_on, loans.signed_on)) as lent_from,
        max(coalesce(loans.started_on, loans.signed_on)) as lent_to
    from loans
    where
        loans.loan_id in (select money_loans.loan_id from money_loans)
        and coalesce(loans.started_on, loans.signed_on) <= $as_of
),

kept as (
    select
        client_roles.*,
        case
            when client_roles.role in ('lender', 'borrower', 'both', 'guarantor', 'other') and staff.party_id is not null
                then 'staff'
            else client_roles.role
        end as position,
        client_holding.account_id is not null as holds_clients
    from client_roles
    left join staff on client_roles.holder_id = staff.party_id
    left join client_holding on client_roles.account_id = client_holding.account_id
),

undone as (
    select reversal_of as transfer_id from transfers
    where reversal_of is not null
    union
    select transfer_id from transfers
    where reversal_of is not null
),

undated as (
    select
        unnest([payer_account, payee_account]) as account_id,
        transfer_id
    from transfers
    where
        (transfers.at is null or amount_yuan is null or amount_yuan < 0)
        and transfer_id not in (select undone.transfer_id from undone)
),

counted as (
    select
        account_id,
        count(distinct transfer_id) as undated
    from undated
    group by account_id
)

select
    kept.account_id,
    kept.holder_id,
    kept.holder_name,
    kept.purpose,
    kept.position as role,
    kept.is_custody,
    kept.holds_clients,
    money_coverage.covered_from,
    money_coverage.covered_to,
    accounts.opened_on,
    accounts.closed_on,
    lent.lent_from,
    lent.lent_to,
    coalesce(counted.undated, 0) as undated
from kept
cross join lent
left join accounts on kept.account_id = accounts.account_id
left join money_coverage on kept.account_id = money_coverage.account_id
left join counted on kept.account_id = counted.account_id
where kept.position in ('own', 'related', 'staff') or kept.holds_clients
order by kept.account_id
