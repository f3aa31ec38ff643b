-- marked_accounts: accounts whose holder's name says what money is used for there
-- grain:   one row per account; the first word of the list that is in one of its names
-- inputs:  use_words(rank, applies, category, word), accounts, parties, flows
-- params:  none
with named as (
    select accounts.account_id, coalesce(parties.name, accounts.holder_name) as name
    from accounts
    left join parties on accounts.holder_id = parties.party_id
    union
    select counterparty_account as account_id, counterparty_name as name
    from flows
)

select
    named.account_id,
    arg_min(use_words.category, use_words.rank) as category,
    arg_min(use_words.word, use_words.rank) as word
from named
inner join use_words on use_words.applies = 'name' and contains(named.name, use_words.word)
where named.account_id is not null
group by named.account_id
order by named.account_id
