-- nominee_holdings_as_of: the holdings that are recorded as held for somebody else, valid on a day
-- grain:   one row per holding record, ordered
-- inputs:  holdings, aliases()
-- params:  $as_of date
--
-- An institution's id stands for its operating company, as in holdings_as_of.
select
    holdings.holding_id,
    holdings.holder_id as nominee_id,
    holdings.nominee_for as principal_id,
    coalesce(aliases.party_id, holdings.held_id) as held_id
from holdings
left join aliases() as aliases on holdings.held_id = aliases.institution_id
where
    nullif(holdings.nominee_for, '') is not null
    and nullif(holdings.holder_id, '') is not null
    and holdings.nominee_for <> holdings.holder_id
    and (holdings.valid_from is null or holdings.valid_from <= $as_of)
    and (holdings.valid_to is null or holdings.valid_to > $as_of)
order by holdings.holding_id, nominee_id
