-- network_edges: what ran from one account to another, by kind
-- grain:   one row per payer, payee and kind, largest first; a side that is unknown is null
-- inputs:  money_accounts(account_id), transfers
-- params:  $everything boolean, every transfer (the whole district) · $examples integer, largest transfers to name
select
    transfers.payer_account,
    transfers.payee_account,
    transfers.kind,
    cast(sum(transfers.amount_yuan) as decimal(18, 2)) as amount_yuan,
    count(*) as moved,
    min(transfers.at) as first_at,
    max(transfers.at) as last_at,
    list_slice(
        list(transfers.transfer_id order by transfers.amount_yuan desc, transfers.transfer_id asc), 1, $examples
    ) as transfer_ids
from transfers
where
    $everything
    or transfers.payer_account in (select account_id from money_accounts)
    or transfers.payee_account in (select account_id from money_accounts)
group by transfers.payer_account, transfers.payee_account, transfers.kind
order by amount_yuan desc, transfers.payer_account asc, transfers.payee_account asc, transfers.kind asc
