-- nominee_holdings_as_of: the holdings that are recorded as held for somebody else, valid on a day
-- grain:   one row per holding record, ordered
-- inputs:  holdings
-- params:  $as_of date
select
    holding_id,
    holder_id as nominee_id,
    nominee_for as principal_id
from holdings
where
    nullif(nominee_for, '') is not null
    and nullif(holder_id, '') is not null
    and nominee_for <> holder_id
    and (valid_from is null or valid_from <= $as_of)
    and (valid_to is null or valid_to > $as_of)
order by holding_id, holder_id
