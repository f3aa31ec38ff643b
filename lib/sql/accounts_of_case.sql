-- accounts_of_case: the accounts of a case with their holders
-- grain:   one row per account
-- inputs:  money_accounts(account_id, why), accounts, parties
-- params:  none
select
    money_accounts.account_id,
    accounts.holder_id,
    coalesce(parties.name, accounts.holder_name) as holder_name,
    accounts.bank,
    accounts.purpose,
    money_accounts.why
from money_accounts
left join accounts on money_accounts.account_id = accounts.account_id
left join parties on accounts.holder_id = parties.party_id
order by case money_accounts.why when 'own' then 1 when 'related' then 2 else 3 end, money_accounts.account_id
