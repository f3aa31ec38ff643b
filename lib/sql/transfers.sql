-- transfers: the movements of money that the lines of statements show
-- grain:   one row per movement, by its own lines: both, where transfer_pairs has found two of one movement
-- inputs:  booked (booked.sql), transfer_pairs(out_id, in_id)
-- params:  none
--
-- The account that is written in full is kept.
with alone as (
    select *
    from booked
    where
        flow_id not in (select transfer_pairs.out_id from transfer_pairs)
        and flow_id not in (select transfer_pairs.in_id from transfer_pairs)
)

select
    o.flow_id as transfer_id,
    [o.flow_id, i.flow_id] as flow_ids,
    coalesce(o.payer, i.payer) as payer_account,
    coalesce(i.payee, o.payee) as payee_account,
    case when coalesce(o.day_only, true) and not coalesce(i.day_only, true) then i.at else coalesce(o.at, i.at) end as "at",
    coalesce(o.day_only, true) and coalesce(i.day_only, true) as day_only,
    o.amount_yuan,
    coalesce(o.kind, i.kind) as kind,
    coalesce(o.loan_id, i.loan_id) as loan_id,
    coalesce(o.memo, i.memo) as memo,
    least(o.place, i.place) as file_order
from transfer_pairs
inner join booked as o on transfer_pairs.out_id = o.flow_id
inner join booked as i on transfer_pairs.in_id = i.flow_id
union all
select
    alone.flow_id as transfer_id,
    [alone.flow_id] as flow_ids,
    alone.payer as payer_account,
    alone.payee as payee_account,
    alone.at as "at",
    coalesce(alone.day_only, true) as day_only,
    alone.amount_yuan,
    alone.kind,
    alone.loan_id,
    alone.memo,
    alone.place as file_order
from alone
