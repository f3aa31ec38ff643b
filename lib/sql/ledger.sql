-- ledger: transfers as the replay needs them, with what the statement of either side says of them
-- grain:   one row per transfer with a time and an amount, in file order
-- inputs:  transfers, flows
-- params:  none
--
-- A line that is booked negative shows the side that the other direction names. An account that is written with stars is an
-- unknown one: several may be written alike, and money would be followed from one of them into another.
with shown as (
    select
        transfers.transfer_id,
        flows.seq,
        flows.account_id = transfers.payer_account and (flows.direction = 'out') = (flows.amount_yuan >= 0) as by_payer,
        flows.account_id = transfers.payee_account and (flows.direction = 'in') = (flows.amount_yuan >= 0) as by_payee
    from transfers, unnest(transfers.flow_ids) as one (flow_id)
    inner join flows on one.flow_id = flows.flow_id
),

sides as (
    select
        transfer_id,
        bool_or(by_payer) as payer_shown,
        bool_or(by_payee) as payee_shown,
        max(seq) filter (where by_payer) as payer_seq,
        max(seq) filter (where by_payee) as payee_seq
    from shown
    group by transfer_id
)

select
    transfers.transfer_id,
    case when not contains(transfers.payer_account, '*') then transfers.payer_account end as payer_account,
    case when not contains(transfers.payee_account, '*') then transfers.payee_account end as payee_account,
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
