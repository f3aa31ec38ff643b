-- flags: numbers that cannot be right by their own check digits, and those whose last digits a spreadsheet has made zeros
-- grain:   one row per number of a curated row that fails; of flows, one per number, source and column: the first row
-- inputs:  parties, accounts, flows, party_records, number_checks; the macros of check_digits
-- params:  none
--
-- A body may hold its credit code in the column of identity numbers; where it is not known who is a person, a number that is
-- right either way is. Cards are checked where the holder is known to be a person: accounts of companies follow no such rule.
with parties_normal as (
    select
        parties.source_id,
        parties.line,
        parties.party_id,
        parties.kind,
        parties.id_number,
        parties.uscc,
        upper(parties.id_number) as person_number,
        upper(parties.uscc) as body_number,
        coalesce(parties.kind in ('company', 'partnership', 'fund', 'state'), false) as is_body
    from parties
    where parties.id_number is not null or parties.uscc is not null
),

persons as (
    select
        source_id,
        line,
        'parties' as table_name,
        party_id as row_id,
        'id_number' as column_name,
        or_cut(
            case
                when is_body then case when length(person_number) = 18 then uscc_reason end
                when kind = 'person' or length(person_number) <> 18 or uscc_reason is not null then identity_reason
            end,
            person_number
        ) as reason,
        id_number as written
    from parties_normal
    left join number_checks on person_number = number
),

bodies as (
    select
        source_id,
        line,
        'parties' as table_name,
        party_id as row_id,
        'uscc' as column_name,
        or_cut(uscc_reason, body_number) as reason,
        uscc as written
    from parties_normal
    left join number_checks on body_number = number
),

mentions as (
    select
        source_id,
        line,
        'party_records' as table_name,
        record_id as row_id,
        'written_number' as column_name,
        case when length(written_number) <> 18 or uscc_reason is not null then or_cut(identity_reason, number) end as reason,
        written_number as written
    from party_records
    left join number_checks on upper(written_number) = number
    where written_number is not null and record_id = source_id || ':' || line
),

accounts_normal as (
    select
        accounts.source_id,
        accounts.line,
        accounts.account_id,
        lpad(accounts.account_id, 19, '0') as padded,
        coalesce(parties.kind = 'person', accounts.purpose = 'personal', false) as is_personal
    from accounts
    left join parties on accounts.holder_id = parties.party_id
    where regexp_full_match(accounts.account_id, '[0-9]{16,19}')
),

cards as (
    select
        source_id,
        line,
        'accounts' as table_name,
        account_id as row_id,
        'account_id' as column_name,
        case
            when is_cut(account_id) then 'digits_lost'
            when is_personal then or_cut(card_reason(account_id, padded), account_id)
        end as reason,
        account_id as written
    from accounts_normal
),

statements as (
    select
        source_id,
        min(line) as line,
        'flows' as table_name,
        arg_min(flow_id, line) as row_id,
        'account_id' as column_name,
        'digits_lost' as reason,
        account_id as written
    from flows
    where is_cut(account_id)
    group by source_id, account_id
),

counterparties as (
    select
        source_id,
        min(line) as line,
        'flows' as table_name,
        arg_min(flow_id, line) as row_id,
        'counterparty_account' as column_name,
        'digits_lost' as reason,
        counterparty_account as written
    from flows
    where is_cut(counterparty_account)
    group by source_id, counterparty_account
)

select * from persons
where reason is not null
union all by name
select * from bodies
where reason is not null
union all by name
select * from mentions
where reason is not null
union all by name
select * from cards
where reason is not null
union all by name
select * from statements
union all by name
select * from counterparties
order by table_name, column_name, row_id;
