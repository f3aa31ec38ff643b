-- transfers: the movements of money that the lines of statements show
-- grain:   one row per movement; a line of the payer's statement and one of the payee's that show the same one are paired
-- inputs:  flows, sources
-- params:  none
--
-- Two lines are one movement where each names the other's account, with the same amount on the same day, the k-th out with the
-- k-th in. Where a side does not name the other, or writes its account with stars (0099****1234), the bank's reference has to
-- agree as well, and the account without stars is kept. Nothing else is paired: two banks that book on different days give two
-- movements, which is seen, where a wrong pair would not be. A line that is booked negative moves money the other way.
with booked as (
    select
        flows.* replace (
            case
                when flows.amount_yuan >= 0 then flows.direction
                when flows.direction = 'out' then 'in'
                else 'out'
            end as direction,
            abs(flows.amount_yuan) as amount_yuan
        ),
        sources.seq as source_seq
    from flows
    inner join sources on flows.source_id = sources.source_id
    where flows.direction in ('in', 'out') and flows.amount_yuan is not null
),

sided as (
    select
        *,
        case when direction = 'out' then account_id else counterparty_account end as payer,
        case when direction = 'out' then counterparty_account else account_id end as payee,
        cast("at" as date) as day_on,
        row_number() over (order by source_seq, line, flow_id) as place
    from booked
),

named as (
    select
        flow_id,
        direction,
        payer,
        payee,
        amount_yuan,
        day_on,
        row_number() over (
            partition by payer, payee, amount_yuan, day_on, direction
            order by coalesce(day_only, false), "at", seq, place
        ) as k
    from sided
    where payer is not null and payee is not null
),

paired_by_name as (
    select
        o.flow_id as out_id,
        i.flow_id as in_id
    from named as o
    inner join named as i
        on
            o.payer = i.payer and o.payee = i.payee and o.amount_yuan = i.amount_yuan
            and o.day_on = i.day_on and o.k = i.k
    where o.direction = 'out' and i.direction = 'in'
),

referenced as (
    select
        flow_id,
        account_id,
        direction,
        payer,
        payee,
        bank_ref,
        amount_yuan,
        day_on,
        -- what an account that is written with stars may stand for; null where it is written in full, or not at all
        case
            when contains(counterparty_account, '*')
                then regexp_replace(regexp_replace(counterparty_account, '([\\%_])', '\\\1', 'g'), '[*]+', '%', 'g')
        end as pattern,
        row_number() over (
            partition by bank_ref, amount_yuan, day_on, direction
            order by coalesce(day_only, false), "at", seq, place
        ) as k
    from sided
    where
        bank_ref is not null
        and flow_id not in (select out_id from paired_by_name)
        and flow_id not in (select in_id from paired_by_name)
),

paired_by_reference as (
    select
        o.flow_id as out_id,
        i.flow_id as in_id
    from referenced as o
    inner join referenced as i
        on o.bank_ref = i.bank_ref and o.amount_yuan = i.amount_yuan and o.day_on = i.day_on and o.k = i.k
    where
        o.direction = 'out' and i.direction = 'in'
        and o.account_id <> i.account_id
        and (o.payee is null or i.payer is null or o.pattern is not null or i.pattern is not null)
        and (coalesce(o.payee, i.account_id) = i.account_id or coalesce(i.account_id like o.pattern escape '\', false))
        and (coalesce(i.payer, o.account_id) = o.account_id or coalesce(o.account_id like i.pattern escape '\', false))
),

pairs as (
    select out_id, in_id from paired_by_name
    union all
    select out_id, in_id from paired_by_reference
),

sides as (
    select out_id, in_id from pairs
    union all
    select flow_id as out_id, null as in_id from sided
    where direction = 'out' and flow_id not in (select out_id from pairs)
    union all
    select null as out_id, flow_id as in_id from sided
    where direction = 'in' and flow_id not in (select in_id from pairs)
)

select
    coalesce(sides.out_id, sides.in_id) as transfer_id,
    case
        when sides.in_id is null then [sides.out_id]
        when sides.out_id is null then [sides.in_id]
        else [sides.out_id, sides.in_id]
    end as flow_ids,
    coalesce(o.payer, i.payer) as payer_account,
    coalesce(i.payee, o.payee) as payee_account,
    case when coalesce(o.day_only, true) and not coalesce(i.day_only, true) then i.at else coalesce(o.at, i.at) end as "at",
    coalesce(o.day_only, true) and coalesce(i.day_only, true) as day_only,
    coalesce(o.amount_yuan, i.amount_yuan) as amount_yuan,
    coalesce(o.kind, i.kind) as kind,
    coalesce(o.loan_id, i.loan_id) as loan_id,
    coalesce(o.memo, i.memo) as memo,
    least(coalesce(o.place, i.place), coalesce(i.place, o.place)) as file_order
from sides
left join sided as o on sides.out_id = o.flow_id
left join sided as i on sides.in_id = i.flow_id
order by file_order, transfer_id
