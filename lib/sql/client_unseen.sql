-- client_unseen: transfers of some accounts that no answer about clients' money counts
-- grain:   one row
-- inputs:  client_accounts(account_id), transfers
-- params:  none
--
-- Undated: without a time or an amount, or of a negative one. Reversed: what undid another transfer, and what was undone.
with theirs as (
    select
        *,
        transfers.at is null or amount_yuan is null or amount_yuan < 0 as is_undated,
        reversal_of is not null
        or transfer_id in (select other.reversal_of from transfers as other where other.reversal_of is not null) as is_reversed
    from transfers
    where
        payer_account in (select account_id from client_accounts)
        or payee_account in (select account_id from client_accounts)
)

select
    count(*) filter (where is_undated and not is_reversed) as undated,
    cast(coalesce(sum(amount_yuan) filter (where is_undated and not is_reversed), 0) as decimal(18, 2)) as undated_yuan,
    count(*) filter (where is_reversed) as reversed
from theirs
