-- forget_party_mentions: take out what party_mentions made and what joined the others, before new files are folded in
-- grain:   statements
-- inputs:  party_records
-- params:  none
delete from store.party_records
where record_id <> source_id || ':' || line;

update store.party_records
set party_id = null, joined_by = null, confidence = null
where party_id is not null
