-- aliases: the party for which the id of an institution stands: its operating company, unless a party has that id
-- grain:   macro, one row per institution of which that is so
-- inputs:  institutions, parties
-- params:  none
--
-- Made for every handle on a Store, over its views of merged parties where it has any.
create or replace temp macro aliases() as table
    select
        institution_id,
        min(party_id) as party_id
    from institutions
    where nullif(party_id, '') is not null and institution_id not in (select p.party_id from parties as p)
    group by institution_id
