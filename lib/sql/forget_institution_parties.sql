-- forget_institution_parties: take out what institution_parties made, before new files are folded in
-- grain:   a statement
-- inputs:  parties, institutions
-- params:  none
delete from store.parties
where (source_id, line) in (select i.source_id, i.line from store.institutions as i)
