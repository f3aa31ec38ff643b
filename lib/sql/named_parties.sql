-- named_parties: parties with a name, and what else may tell two of them apart or support that they are one
-- grain:   one row per party
-- inputs:  parties, flags
-- params:  none
select
    p.party_id,
    p.name,
    p.former_names,
    case
        when p.kind = 'person' then 'person'
        when p.kind in ('company', 'partnership', 'fund', 'state') then 'body'
    end as kind,
    if(
        number_flags.row_id is null and regexp_full_match(upper(p.id_number), '[0-9]{15}|[0-9]{17}[0-9X]'),
        upper(p.id_number),
        null
    ) as id_number,
    if(code_flags.row_id is null and not contains(p.uscc, '*'), upper(p.uscc), null) as uscc,
    p.phone,
    p.address,
    lower(p.email) as email,
    cast(p.born_on as text) as born_on,
    p.legal_representative
from parties as p
left join flags as number_flags
    on
        p.party_id = number_flags.row_id
        and number_flags.table_name = 'parties'
        and number_flags.column_name = 'id_number'
left join flags as code_flags
    on p.party_id = code_flags.row_id and code_flags.table_name = 'parties' and code_flags.column_name = 'uscc'
where p.name is not null
order by p.party_id
