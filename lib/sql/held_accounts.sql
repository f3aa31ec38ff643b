-- held_accounts: every account that has a record, its holder, and why it belongs to the case
-- grain:   one row per account
-- inputs:  money_accounts(account_id, why), accounts, parties
-- params:  none
select
    accounts.account_id,
    accounts.holder_id,
    coalesce(parties.name, accounts.holder_name) as holder_name,
    money_accounts.why
from accounts
left join money_accounts on accounts.account_id = money_accounts.account_id
left join parties on accounts.holder_id = parties.party_id
where accounts.account_id is not null
order by accounts.account_id
