-- survey_words_found: words of business types in what is known of each institution
-- grain:   one row per institution, word and where it stands, ordered
-- inputs:  institutions, parties, advertisements, accounts, flows, register_entries, and survey_words(type, word, pattern)
-- params:  $as_of date · $institution_id text; null is the whole district
--
-- A clause that says what a company may not do (不得, 禁止, 不从事, 不含, 除外) is a disclaimer: words in it are told apart.
with members as (
    select
        institution_id,
        name,
        coalesce(nullif(party_id, ''), institution_id) as party_id,
        business_types
    from institutions
    where $institution_id is null or institution_id = $institution_id
),

texts as (
    select
        members.institution_id,
        unnest(['name', 'business_types', 'party_name', 'former_names', 'scope_text']) as origin,
        unnest([
            members.name, members.business_types, parties.name, parties.former_names, parties.scope_text
        ]) as written
    from members
    left join parties on members.party_id = parties.party_id
    union all
    select
        members.institution_id,
        'advertisement' as origin,
        advertisements.body as written
    from advertisements
    inner join members on advertisements.institution_id = members.institution_id
    where advertisements.seen_at is null or cast(advertisements.seen_at as date) <= $as_of
    union all
    select distinct
        members.institution_id,
        'counterparty' as origin,
        flows.counterparty_name as written
    from flows
    inner join accounts on flows.account_id = accounts.account_id
    inner join members on accounts.holder_id = members.party_id
    where flows.counterparty_name is not null and cast(flows.at as date) <= $as_of
    union all
    select
        members.institution_id,
        'register' as origin,
        concat_ws('; ', register_entries.category, register_entries.why) as written
    from register_entries
    inner join members on register_entries.institution_id = members.institution_id
    where register_entries.entered_on <= $as_of
),

parted as (
    select
        institution_id,
        origin,
        upper(regexp_replace(written, '[^;；。()（）]*(不得|禁止|不从事|不含|除外)[^;；。()（）]*', '', 'g')) as said,
        upper(written) as written
    from texts
    where nullif(trim(written), '') is not null
)

select
    parted.institution_id,
    survey_words.type,
    survey_words.word,
    parted.origin,
    count(*) filter (where regexp_matches(parted.said, survey_words.pattern)) as times,
    count(*) filter (where not regexp_matches(parted.said, survey_words.pattern)) as disclaimed
from parted
inner join survey_words on regexp_matches(parted.written, survey_words.pattern)
group by parted.institution_id, survey_words.type, survey_words.word, parted.origin
order by parted.institution_id, survey_words.type, survey_words.word, parted.origin
