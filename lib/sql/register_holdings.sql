-- register_holdings: the holdings of a day with the numbers of their parties
-- grain:   one row per holding record, in no order
-- inputs:  holdings_on_day, register_parties
-- params:  none
select
    above.rowid as holder,
    below.rowid as held,
    holdings_on_day.holding_id,
    holdings_on_day.valid_from,
    holdings_on_day.share,
    holdings_on_day.votes,
    holdings_on_day.unknown,
    holdings_on_day.ignored
from holdings_on_day
inner join register_parties as above on holdings_on_day.holder_id = above.party_id
inner join register_parties as below on holdings_on_day.held_id = below.party_id
