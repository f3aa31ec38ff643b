-- anyone_described: whether any file says anything about a party; if none does, nobody need be told from anybody
-- grain:   one row
-- inputs:  store.parties, store.accounts, store.party_records
-- params:  none
select exists (from store.parties) or exists (from store.accounts) or exists (from store.party_records) as found
