-- pooling: who paid into and out of an account, and was paid from it, without a contract with its holder
-- grain:   one row per account and party on the other side; without a known party, per account on the other side
-- inputs:  client_moves, client_roles, loans
-- params:  $account text, only this one (null: those that pool) · $lenders integer, lenders without a contract on an account
--          of the institution or its related set · $crowd integer, parties that both paid into an account and were paid from it
--          · $everything boolean, also accounts of such a crowd on which nobody of the case stands
--
-- A contract: the transfer is tied to a loan of which the holder is borrower, lender or guarantor; of any loan of the case,
-- where the account is one of custody. `named_yuan`: of the amounts, what names a loan to which the holder is no party.
with bare as (
    select client_moves.*
    from client_moves
    where $account is null or $account in (payer_account, payee_account)
),

sides as (
    select
        payee_account as account,
        true as comes,
        payer_account as other_account,
        payer_id as other_id,
        payer_role as other_role,
        came = 'lender' as of_lender,
        bare.*
    from bare
    union all
    select
        payer_account as account,
        false as comes,
        payee_account as other_account,
        payee_id as other_id,
        payee_role as other_role,
        went in ('lender', 'refund', 'sale') as of_lender,
        bare.*
    from bare
),

loose as (
    select
        sides.*,
        client_roles.holder_id,
        client_roles.holder_name,
        client_roles.purpose,
        coalesce(client_roles.role, 'unknown') as role,
        coalesce(client_roles.is_custody, false) as is_custody,
        coalesce(sides.other_id, sides.other_account, '') as other
    from sides
    left join client_roles on sides.account = client_roles.account_id
    left join loans on sides.loan_id = loans.loan_id
    where
        sides.account is not null
        and ($account is null or sides.account = $account)
        and not (
            sides.loan_id is not null
            and (
                coalesce(client_roles.is_custody, false)
                or coalesce(client_roles.holder_id in (loans.borrower_id, loans.lender_id, loans.guarantor_id), false)
            )
        )
),

by_party as (
    select
        account,
        holder_id,
        any_value(holder_name) as holder_name,
        any_value(purpose) as purpose,
        any_value(role) as role,
        bool_or(is_custody) as is_custody,
        other,
        any_value(other_id) as party_id,
        any_value(other_role) as other_role,
        bool_or(of_lender) as of_lender,
        bool_or(comes) and not bool_and(comes) and other <> '' as is_both,
        coalesce(sum(amount_yuan) filter (where comes), 0) as came_yuan,
        coalesce(sum(amount_yuan) filter (where not comes), 0) as went_yuan,
        coalesce(sum(amount_yuan) filter (where loan_id is not null), 0) as named,
        list_sort(list_distinct(list(other_account))) as accounts,
        min(loose.at) as first_moved,
        max(loose.at) as last_moved,
        list(transfer_id order by loose.at, transfer_id) as moved
    from loose
    group by account, holder_id, other
),

pools as (
    select
        account,
        count(*) filter (where of_lender) as lenders,
        count(*) filter (where is_both) as crowd,
        bool_or(other_role in ('own', 'related', 'lender', 'borrower', 'both', 'guarantor')) as touches
    from by_party
    group by account
)

select
    by_party.account,
    by_party.holder_id,
    by_party.holder_name,
    by_party.purpose,
    case
        when by_party.role in ('own', 'related') and pools.lenders >= $lenders then by_party.role
        when pools.crowd >= $crowd then 'crowd'
        else 'asked'
    end as why,
    by_party.party_id,
    parties.name,
    by_party.other_role as role,
    cast(by_party.came_yuan as decimal(18, 2)) as in_yuan,
    cast(by_party.went_yuan as decimal(18, 2)) as out_yuan,
    cast(by_party.named as decimal(18, 2)) as named_yuan,
    by_party.first_moved as first_at,
    by_party.last_moved as last_at,
    by_party.accounts as other_accounts,
    by_party.moved as transfer_ids
from by_party
inner join pools on by_party.account = pools.account
left join parties on by_party.party_id = parties.party_id
where
    $account is not null
    or (
        not by_party.is_custody
        and (
            (by_party.role in ('own', 'related') and pools.lenders >= $lenders)
            or (by_party.role not in ('own', 'related', 'hub') and pools.crowd >= $crowd and (pools.touches or $everything))
        )
    )
order by
    by_party.account asc,
    by_party.other_role <> 'lender' asc,
    by_party.came_yuan + by_party.went_yuan desc,
    by_party.other asc
