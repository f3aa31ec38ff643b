-- identity_keys: what parties and mentions can be known by, beside their ids
-- grain:   one row per mention of a key of a party (node: its id) or of a mention without one (node: record: and its id)
-- inputs:  store.parties, store.accounts, store.party_records, number_checks; the macros of check_digits
-- params:  none
--
-- A number that fails its check digit or hides digits is no key; placeholders are left out where keys are read. Other documents
-- (passports, permits, old business licences) have no check digit and count together with the name, as phones do: by is number
-- or phone then.
with described as (
    select
        party_id as node,
        name,
        kind,
        upper(id_number) as number,
        upper(uscc) as code,
        phone,
        cast(null as text) as account
    from store.parties
    union all by name
    select
        'record:' || record_id as node,
        written_name as name,
        upper(written_number) as number,
        nullif(regexp_extract(seen_in, '^accounts\.holder_name (.+)$', 1), '') as account
    from store.party_records
    where record_id = source_id || ':' || line
    union all by name
    select
        accounts.holder_id as node,
        coalesce(parties.name, accounts.holder_name) as name,
        accounts.account_id as account
    from store.accounts
    left join store.parties on accounts.holder_id = parties.party_id
    where accounts.holder_id is not null
),

judged as (
    select
        described.*,
        own.identity_reason is null as may_be_identity,
        coalesce(kind in ('company', 'partnership', 'fund', 'state'), false) as is_body,
        coalesce(
            regexp_full_match(described.number, '[0-9]{15}|[0-9]{17}[0-9X]') and own.identity_reason is null, false
        ) as is_identity,
        coalesce(length(described.number) = 18 and not hides_digits(described.number) and own.uscc_reason is null, false)
            as is_code,
        coalesce(length(code) = 18 and not contains(code, '*') and of_code.uscc_reason is null, false) as has_code
    from described
    left join number_checks as own on described.number = own.number
    left join number_checks as of_code on described.code = of_code.number
),

phones as (
    select
        node,
        name,
        kind,
        unnest(regexp_split_to_array(phone, '[;,、/；， ]+')) as phone
    from judged
    where phone is not null and name is not null
),

dialled as (
    select
        node,
        name,
        kind,
        regexp_replace(regexp_replace(phone, '[^0-9]', '', 'g'), '^(00)?86(1[3-9][0-9]{9})$', '\2') as phone
    from phones
    where not contains(phone, '*')
),

keys as (
    select node, 'identity_number' as "by", identity_18(number) as value, name, kind from judged
    where is_identity and not is_body
    union all by name
    select node, 'uscc' as "by", code as value, name, kind from judged
    where has_code
    union all by name
    select node, 'uscc' as "by", number as value, name, kind from judged
    where is_code and (is_body or not is_identity)
    union all by name
    select node, 'number' as "by", number as value, name, kind from judged
    where
        name is not null
        and regexp_full_match(number, '[A-Z0-9]{6,20}')
        and not hides_digits(number)
        and not is_code
        and (is_body or (not is_identity and may_be_identity))
    union all by name
    select node, 'account' as "by", upper(regexp_replace(account, '[\s-]', '', 'g')) as value, name, kind from judged
    where account is not null and not contains(account, '*')
    union all by name
    select node, 'phone' as "by", phone as value, name, kind from dialled
    where length(phone) between 7 and 12
)

select
    node,
    "by",
    value,
    name,
    kind
from keys
