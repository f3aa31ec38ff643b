-- booked: the lines of statements as movements of money between two accounts
-- grain:   a view: one row per line with a direction and an amount
-- inputs:  flows, sources, corrections
-- params:  none
--
-- A line that is booked negative moves money the other way. `place` sorts lines as they stand: source, then line; one that
-- a person corrected stands where the original has it.
create or replace temp view booked as
with turned as (
    select
        flows.* replace (
            case
                when flows.amount_yuan >= 0 then flows.direction
                when flows.direction = 'out' then 'in'
                else 'out'
            end as direction,
            abs(flows.amount_yuan) as amount_yuan
        ),
        (cast(sources.seq as bigint) << 40) + coalesce(corrections.line, flows.line) as place
    from flows
    left join corrections on flows.source_id = corrections.corrected_source_id and flows.line = corrections.corrected_line
    inner join sources on coalesce(corrections.source_id, flows.source_id) = sources.source_id
    where flows.direction in ('in', 'out') and flows.amount_yuan is not null
)

select
    *,
    case when direction = 'out' then account_id else counterparty_account end as payer,
    case when direction = 'out' then counterparty_account else account_id end as payee,
    cast("at" as date) as day_on
from turned
