-- party_mentions: every row of a file that describes a party under an id of its own, and the party that the id stands for
-- grain:   one row per line and table
-- inputs:  store.parties, store.accounts, store.origins, store.party_ids
-- params:  none
with described as (
    select
        'parties' as seen_in,
        party_id as row_id,
        party_id as written_id,
        name as written_name,
        coalesce(id_number, uscc) as written_number,
        source_id,
        line
    from store.parties
    union all by name
    select
        'accounts' as seen_in,
        account_id as row_id,
        holder_id as written_id,
        holder_name as written_name,
        source_id,
        line
    from store.accounts
    where holder_id is not null
),

places as (
    select
        row_id,
        seen_in,
        source_id,
        line
    from described
    union distinct
    select
        row_id,
        table_name as seen_in,
        source_id,
        line
    from store.origins
    where table_name in ('parties', 'accounts')
)

select
    d.seen_in || '|' || d.row_id || '|' || p.source_id || ':' || p.line as record_id,
    coalesce(i.resolved_id, d.written_id) as party_id,
    d.written_name,
    d.written_number,
    if(d.seen_in = 'parties', 'parties', 'accounts.holder_id ' || d.row_id) as seen_in,
    d.written_id,
    coalesce(i.joined_by, 'id') as joined_by,
    coalesce(i.confidence, 1.0) as confidence,
    p.source_id,
    p.line
from described as d
inner join places as p on d.row_id = p.row_id and d.seen_in = p.seen_in
left join store.party_ids as i on d.written_id = i.party_id
where p.source_id is not null
order by record_id
