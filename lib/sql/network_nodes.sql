-- network_nodes: accounts with their holders and what they are to the case
-- grain:   one row per account asked for
-- inputs:  money_nodes(account_id), money_roles(account_id, why), accounts, parties
-- params:  none
select
    money_nodes.account_id,
    accounts.holder_id,
    coalesce(parties.name, accounts.holder_name) as holder_name,
    parties.kind,
    accounts.purpose,
    case
        when starts_with(accounts.purpose, 'custody_') or accounts.purpose in ('payment', 'tax', 'settlement') then 'hub'
        when money_roles.why = 'loan' then 'borrower'
        else coalesce(money_roles.why, 'other')
    end as "group"
from money_nodes
left join money_roles on money_nodes.account_id = money_roles.account_id
left join accounts on money_nodes.account_id = accounts.account_id
left join parties on accounts.holder_id = parties.party_id
order by money_nodes.account_id
