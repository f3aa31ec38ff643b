-- shared_contacts: which of some parties have a telephone, address, e-mail or device in common, on a day
-- grain:   one row per party, other party, kind of contact and record that shows it, ordered
-- inputs:  parties, links, devices, accounts
-- params:  $as_of date · $ids list of parties · $most parties beyond which a contact is nobody's own (agents' addresses)
with asked as (
    select unnest(cast($ids as text[])) as party_id
),

written as (
    select
        party_id,
        unnest(['phone', 'address', 'email']) as contact,
        unnest([phone, address, email]) as written
    from parties
),

stated as (
    select distinct
        party_id,
        contact,
        regexp_replace(written, '\s+', '', 'g') as written
    from written
    where nullif(trim(written), '') is not null
),

own as (
    select
        contact,
        written
    from stated
    group by contact, written
    having count(distinct party_id) between 2 and $most
),

named as (
    select
        stated.party_id,
        stated.contact,
        stated.written
    from stated
    inner join own on stated.contact = own.contact and stated.written = own.written
    inner join asked on stated.party_id = asked.party_id
),

used as (
    select
        accounts.holder_id as party_id,
        devices.device_id,
        min(devices.sign_in_id) as sign_in_id
    from devices
    inner join accounts on devices.account_id = accounts.account_id
    where nullif(devices.device_id, '') is not null and (devices.at is null or cast(devices.at as date) <= $as_of)
    group by accounts.holder_id, devices.device_id
),

own_devices as (
    select device_id
    from used
    group by device_id
    having count(distinct party_id) between 2 and $most
),

signed_in as (
    select used.*
    from used
    inner join own_devices on used.device_id = own_devices.device_id
    inner join asked on used.party_id = asked.party_id
),

linked as (
    select
        a_id,
        b_id,
        replace(kind, 'same_', '') as contact,
        link_id
    from links
    where
        kind in ('same_phone', 'same_address', 'same_device')
        and (valid_from is null or valid_from <= $as_of)
        and (valid_to is null or valid_to > $as_of)
),

shared as (
    select
        one.party_id,
        other.party_id as other_id,
        one.contact,
        'parties' as table_name,
        unnest([one.party_id, other.party_id]) as record_id
    from named as one
    inner join named as other on one.contact = other.contact and one.written = other.written
    union all
    select
        one.party_id,
        other.party_id as other_id,
        'device' as contact,
        'devices' as table_name,
        unnest([one.sign_in_id, other.sign_in_id]) as record_id
    from signed_in as one
    inner join signed_in as other on one.device_id = other.device_id
    union all
    select
        a_id as party_id,
        b_id as other_id,
        contact,
        'links' as table_name,
        link_id as record_id
    from linked
    union all
    select
        b_id as party_id,
        a_id as other_id,
        contact,
        'links' as table_name,
        link_id as record_id
    from linked
)

select distinct
    party_id,
    other_id,
    contact,
    table_name,
    record_id
from shared
where
    party_id <> other_id
    and party_id in (select asked.party_id from asked)
    and other_id in (select asked.party_id from asked)
order by party_id, other_id, contact, table_name, record_id
