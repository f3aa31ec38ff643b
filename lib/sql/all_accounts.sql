-- all_accounts: every account that a record, a statement or a transfer names
-- grain:   one row per account
-- inputs:  accounts, flows, transfers
-- params:  none
with named as (
    select account_id from accounts
    union
    select account_id from flows
    union
    select payer_account from transfers
    union
    select payee_account from transfers
)

select account_id, 'own' as why
from named
where account_id is not null
order by account_id
