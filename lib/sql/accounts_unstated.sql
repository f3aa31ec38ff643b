-- accounts_unstated: accounts of a case of which no statement line is held
-- grain:   one row, or none
-- inputs:  money_accounts(account_id), flows
-- params:  none
select list(account_id order by account_id) as centre_accounts
from money_accounts
where account_id is not null and account_id not in (select flows.account_id from flows where flows.account_id is not null)
having count(*) > 0
