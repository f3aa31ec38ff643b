-- left_out: transfers that no trail can carry, by reason
-- grain:   one row per reason that occurs
-- inputs:  transfers
-- params:  none
select
    case
        when amount_yuan is null then 'amount_missing'
        when amount_yuan < 0 then 'amount_negative'
        else 'time_missing'
    end as reason,
    count(*) as transfers,
    cast(sum(amount_yuan) as decimal(38, 2)) as amount_yuan
from transfers
where amount_yuan is null or amount_yuan < 0 or "at" is null
group by all
order by 1
