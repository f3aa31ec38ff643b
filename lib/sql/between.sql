-- between: transfers between two sets of accounts
-- grain:   one row per transfer, by time and in file order; direction is seen from the first set
-- inputs:  transfers
-- params:  $a, $b lists of account ids · $first_on, $last_on date or null
select
    transfers.transfer_id,
    transfers.at as "at",
    case
        when list_contains($a, transfers.payer_account) and list_contains($b, transfers.payee_account) then 'out' else 'in'
    end as direction,
    transfers.payer_account,
    transfers.payee_account,
    transfers.amount_yuan,
    transfers.kind,
    transfers.loan_id,
    transfers.memo
from transfers
where
    (
        (list_contains($a, transfers.payer_account) and list_contains($b, transfers.payee_account))
        or (list_contains($b, transfers.payer_account) and list_contains($a, transfers.payee_account))
    )
    and (cast($first_on as date) is null or cast(transfers.at as date) >= cast($first_on as date))
    and (cast($last_on as date) is null or cast(transfers.at as date) <= cast($last_on as date))
order by transfers.at, transfers.file_order, transfers.transfer_id
