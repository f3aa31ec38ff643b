-- ledger: transfers as the replay needs them, with what the statement of either side says of them
-- grain:   one row per transfer with a time and an amount, in file order
-- inputs:  transfers, flows
-- params:  none
with sides as (
    select
        transfers.transfer_id,
        bool_or(flows.account_id = transfers.payer_account and flows.direction = 'out') as payer_shown,
        bool_or(flows.account_id = transfers.payee_account and flows.direction = 'in') as payee_shown,
        max(flows.seq) filter (where flows.account_id = transfers.payer_account and flows.direction = 'out') as payer_seq,
        max(flows.seq) filter (where flows.account_id = transfers.payee_account and flows.direction = 'in') as payee_seq
    from transfers, unnest(transfers.flow_ids) as shown (flow_id)
    inner join flows on shown.flow_id = flows.flow_id
    group by transfers.transfer_id
)

select
    transfers.transfer_id,
    transfers.payer_account,
    transfers.payee_account,
    transfers.kind,
    transfers.loan_id,
    transfers.amount_yuan,
    cast(transfers.amount_yuan * 100 as bigint) as amount_fen,
    sides.payer_seq,
    sides.payee_seq,
    coalesce(transfers.day_only, false) as day_only,
    coalesce(sides.payer_shown, false) as payer_shown,
    coalesce(sides.payee_shown, false) as payee_shown,
    transfers.at as "at"
from transfers
left join sides on transfers.transfer_id = sides.transfer_id
where transfers.at is not null and transfers.amount_yuan >= 0
order by transfers.file_order, transfers.transfer_id
