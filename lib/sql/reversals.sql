-- reversals: transfers that undo an earlier one, where the two accounts are compared in one way
-- grain:   one row per reversal found: itself and the transfer that it undoes
-- inputs:  transfers, flows, undoing(transfer_id): those whose lines say that they undo something
-- params:  $blind text, how accounts are compared: none (the same two, or unknown alike) · masked (by the first and last four
--          characters, where one of them is written with stars) · payer, payee (only the other account of the original, where
--          one of the two transfers does not state this one) · $by_reversal boolean, it is the reversal that does not state it
--          · $days integer, days after which nothing is undone
--
-- Each reversal takes the nearest original before it that is still free. Seen in order of time that is how brackets close, so
-- it is counted, not searched: an original opens a level, a reversal closes the one that is open, and where neither is between
-- them they stand one after the other on their level. Two that lie further apart than $days do not keep any others apart.
with open as (
    select
        transfers.transfer_id,
        transfers.amount_yuan,
        undoing.transfer_id is not null as undoes,
        case when undoing.transfer_id is null then transfers.payer_account else transfers.payee_account end as paid_by,
        case when undoing.transfer_id is null then transfers.payee_account else transfers.payer_account end as paid_to,
        cast(transfers.at as date) as day_on,
        -- a day without a time may be any moment of it: an original its first, a reversal its last
        case
            when not coalesce(transfers.day_only, false) then transfers.at
            else cast(cast(transfers.at as date) + cast(undoing.transfer_id is not null as integer) as timestamp)
        end as moment,
        transfers.file_order
    from transfers
    left join undoing on transfers.transfer_id = undoing.transfer_id
    where
        transfers.at is not null
        and transfers.amount_yuan > 0
        and transfers.reversal_of is null
        and not exists (select 1 from transfers as other where other.reversal_of = transfers.transfer_id)
),

compared as (
    select
        *,
        case
            when $blind = 'masked' then left(paid_by, 4) || ' ' || right(paid_by, 4)
            when $blind <> 'payer' then paid_by
        end as by_key,
        case
            when $blind = 'masked' then left(paid_to, 4) || ' ' || right(paid_to, 4)
            when $blind <> 'payee' then paid_to
        end as to_key
    from open
    where
        case $blind
            when 'payer' then paid_to is not null and (paid_by is null or undoes <> $by_reversal)
            when 'payee' then paid_by is not null and (paid_to is null or undoes <> $by_reversal)
            else true
        end
),

concerned as (
    select *
    from compared
    where exists (
        select 1 from compared as other
        where
            other.undoes
            and other.amount_yuan = compared.amount_yuan
            and other.by_key is not distinct from compared.by_key
            and other.to_key is not distinct from compared.to_key
    )
),

levels as (
    select
        *,
        sum(case when undoes then -1 else 1 end) over (
            partition by by_key, to_key, amount_yuan
            order by moment, undoes, file_order, transfer_id
            rows between unbounded preceding and current row
        ) + cast(undoes as integer) as depth
    from concerned
),

neighbours as (
    select
        *,
        lag({ 'id': transfer_id, 'undoes': undoes, 'paid_by': paid_by, 'paid_to': paid_to, 'day_on': day_on }) over (
            partition by by_key, to_key, amount_yuan, depth
            order by moment, undoes, file_order, transfer_id
        ) as original
    from levels
)

select
    transfer_id as reversal_id,
    original.id as original_id
from neighbours
where
    undoes
    and not original.undoes
    and day_on - original.day_on <= $days
    and (
        $blind <> 'masked'
        or (
            (paid_by = original.paid_by or contains(paid_by, '*') or contains(original.paid_by, '*'))
            and (paid_to = original.paid_to or contains(paid_to, '*') or contains(original.paid_to, '*'))
        )
    )
