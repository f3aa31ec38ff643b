-- nominee_holdings_as_of: the holdings that are recorded as held for somebody else, valid on a day
-- grain:   one row per holding record, ordered
-- inputs:  holdings, aliases()
-- params:  $as_of date
--
-- An institution's id stands for its operating company, as in holdings_as_of.
with named as (
    select
        holdings.holding_id,
        coalesce(nominees.party_id, holdings.holder_id) as nominee_id,
        coalesce(principals.party_id, holdings.nominee_for) as principal_id,
        coalesce(below.party_id, holdings.held_id) as held_id
    from holdings
    left join aliases() as nominees on holdings.holder_id = nominees.institution_id
    left join aliases() as principals on holdings.nominee_for = principals.institution_id
    left join aliases() as below on holdings.held_id = below.institution_id
    where
        nullif(holdings.nominee_for, '') is not null
        and nullif(holdings.holder_id, '') is not null
        and (holdings.valid_from is null or holdings.valid_from <= $as_of)
        and (holdings.valid_to is null or holdings.valid_to > $as_of)
)

select * from named
where nominee_id <> principal_id
order by holding_id, nominee_id
