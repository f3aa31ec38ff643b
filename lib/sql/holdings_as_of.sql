-- holdings_as_of: the holdings that are valid on a day, as fractions that can be trusted
-- grain:   one row per holding record, in no order
-- inputs:  holdings, aliases()
-- params:  $as_of date · $principals whether a holding for somebody else (nominee_for) counts as that party's
--
-- An institution's id stands for its operating company, unless a party has that id. A fraction outside 0 to 1 is taken as
-- unknown and counted in `ignored`. `share` is what is known at the least: the share, else its lower bound, else 0.
with valid as (
    select
        holding_id,
        if($principals, coalesce(nullif(nominee_for, ''), holder_id), holder_id) as holder_id,
        held_id,
        valid_from,
        share,
        share_low,
        voting_share,
        if(share between 0 and 1, share, null) as good_share,
        if(share_low between 0 and 1, share_low, null) as good_low,
        if(voting_share between 0 and 1, voting_share, null) as good_votes
    from holdings
    where
        nullif(holdings.holder_id, '') is not null
        and nullif(held_id, '') is not null
        and (valid_from is null or valid_from <= $as_of)
        and (valid_to is null or valid_to > $as_of)
)

select
    valid.holding_id,
    coalesce(above.party_id, valid.holder_id) as holder_id,
    coalesce(below.party_id, valid.held_id) as held_id,
    valid.valid_from,
    coalesce(valid.good_share, valid.good_low, 0) as share,
    coalesce(valid.good_votes, valid.good_share, valid.good_low, 0) as votes,
    valid.good_share is null as unknown,
    (
        (valid.share is not null and valid.good_share is null)
        or (valid.share_low is not null and valid.good_low is null)
        or (valid.voting_share is not null and valid.good_votes is null)
    ) as ignored
from valid
left join aliases() as above on valid.holder_id = above.institution_id
left join aliases() as below on valid.held_id = below.institution_id
