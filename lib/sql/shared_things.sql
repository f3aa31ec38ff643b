-- shared_things: what two institutions have in common: operators, controllers, officers, contacts, devices, accounts, borrowers
-- grain:   one row per pair of institutions, kind of link and thing, ordered
-- inputs:  institutions, parties, roles, accounts, devices, loans, repayments, aliases(), and
--          institution_controllers(institution_id, thing, table_name, record_id)
-- params:  $as_of date
--
-- Accounts through which everybody's money goes (custody, payment companies, tax offices, settlement) are nobody's link,
-- and a borrower's own accounts are told by the borrower.
-- Contacts are those of the operating company, without blanks, dashes and brackets.
with members as (
    select
        institution_id,
        name,
        nullif(trim(website), '') as website,
        coalesce(nullif(party_id, ''), institution_id) as party_id
    from institutions
),

own_loans as (
    select
        loan_id,
        institution_id,
        nullif(borrower_id, '') as borrower_id,
        nullif(disbursement_account, '') as disbursement_account,
        principal_yuan
    from loans
    where institution_id is not null and coalesce(signed_on, started_on, $as_of) <= $as_of
),

repaid as (
    select
        own_loans.institution_id,
        repayments.repayment_id,
        own_loans.borrower_id,
        unnest([nullif(repayments.payer_account, ''), nullif(repayments.lender_paid_account, '')]) as account_id
    from repayments
    inner join own_loans on repayments.loan_id = own_loans.loan_id
    where coalesce(repayments.paid_on, $as_of) <= $as_of
),

contacts as (
    select
        members.institution_id,
        parties.party_id,
        unnest(['phone', 'address', 'email', 'website']) as link,
        unnest([
            regexp_replace(parties.phone, '[\s\-()（）]', '', 'g'),
            regexp_replace(parties.address, '\s', '', 'g'),
            lower(trim(parties.email)),
            lower(regexp_replace(regexp_replace(members.website, '^\w+://(www\.)?', ''), '/+$', ''))
        ]) as thing
    from members
    left join parties on members.party_id = parties.party_id
),

things as (
    select
        institution_id,
        'operator' as link,
        party_id as thing,
        'institutions' as table_name,
        institution_id as record_id,
        cast(null as decimal(18, 2)) as amount_yuan
    from members
    union all
    select
        institution_id,
        'controller' as link,
        thing,
        table_name,
        record_id,
        null as amount_yuan
    from institution_controllers
    union all
    select
        members.institution_id,
        'officer' as link,
        roles.person_id as thing,
        'roles' as table_name,
        roles.role_id as record_id,
        null as amount_yuan
    from roles
    inner join members on roles.entity_id in (members.institution_id, members.party_id)
    where
        roles.role in ('legal_representative', 'director', 'supervisor', 'senior_manager')
        and nullif(roles.person_id, '') is not null
        and not coalesce(roles.claimed_only, false)
        and (roles.valid_from is null or roles.valid_from <= $as_of)
        and (roles.valid_to is null or roles.valid_to > $as_of)
    union all
    select
        institution_id,
        link,
        thing,
        if(link = 'website' or party_id is null, 'institutions', 'parties') as table_name,
        if(link = 'website' or party_id is null, institution_id, party_id) as record_id,
        null as amount_yuan
    from contacts
    where nullif(thing, '') is not null
    union all
    select
        members.institution_id,
        'device' as link,
        devices.device_id as thing,
        'devices' as table_name,
        devices.sign_in_id as record_id,
        null as amount_yuan
    from devices
    inner join accounts on devices.account_id = accounts.account_id
    inner join members on accounts.holder_id = members.party_id
    where nullif(devices.device_id, '') is not null and (devices.at is null or cast(devices.at as date) <= $as_of)
    union all
    select
        own_loans.institution_id,
        'account' as link,
        own_loans.disbursement_account as thing,
        'loans' as table_name,
        own_loans.loan_id as record_id,
        null as amount_yuan
    from own_loans
    left join accounts on own_loans.disbursement_account = accounts.account_id
    where own_loans.disbursement_account is not null and accounts.holder_id is distinct from own_loans.borrower_id
    union all
    select
        repaid.institution_id,
        'account' as link,
        repaid.account_id as thing,
        'repayments' as table_name,
        repaid.repayment_id as record_id,
        null as amount_yuan
    from repaid
    left join accounts on repaid.account_id = accounts.account_id
    where repaid.account_id is not null and accounts.holder_id is distinct from repaid.borrower_id
    union all
    select
        institution_id,
        'borrower' as link,
        borrower_id as thing,
        'loans' as table_name,
        loan_id as record_id,
        principal_yuan as amount_yuan
    from own_loans
    where borrower_id is not null
),

hubs as (
    select account_id
    from accounts
    where starts_with(purpose, 'custody_') or purpose in ('payment', 'tax', 'settlement')
),

common as (
    select
        link,
        thing,
        count(distinct institution_id) as institutions
    from things
    where link <> 'account' or thing not in (select hubs.account_id from hubs)
    group by link, thing
    having count(distinct institution_id) > 1
),

sides as (
    select
        things.institution_id,
        things.link,
        things.thing,
        common.institutions,
        len(list(distinct struct_pack("table" := things.table_name, id := things.record_id))) as records,
        list_sort(list(distinct struct_pack("table" := things.table_name, id := things.record_id)))[:20] as evidence,
        if(count(*) = count(things.amount_yuan), sum(things.amount_yuan), null) as amount_yuan
    from things
    inner join common on things.link = common.link and things.thing = common.thing
    group by things.institution_id, things.link, things.thing, common.institutions
)

select
    a.institution_id as a_id,
    b.institution_id as b_id,
    a.link,
    a.thing as shared,
    case
        when a.link in ('phone', 'address', 'email', 'website', 'device') then null
        when a.link = 'account' then accounts.holder_name
        else parties.name
    end as shared_name,
    a.institutions,
    cast(a.amount_yuan as decimal(18, 2)) as a_yuan,
    cast(b.amount_yuan as decimal(18, 2)) as b_yuan,
    a.records + b.records as records,
    list_distinct(list_concat(a.evidence, b.evidence)) as evidence
from sides as a
inner join sides as b on a.link = b.link and a.thing = b.thing and a.institution_id < b.institution_id
left join parties on a.thing = parties.party_id and a.link in ('operator', 'controller', 'officer', 'borrower')
left join accounts on a.thing = accounts.account_id and a.link = 'account'
order by
    list_position(
        ['operator', 'controller', 'officer', 'account', 'borrower', 'device', 'phone', 'address', 'email', 'website'], a.link
    ),
    a.institution_id,
    b.institution_id,
    a.thing
