-- holder_means: what the records say of some persons that bears on whether they could pay for their shares, on a day
-- grain:   one row per person, sign and record that shows it, ordered
-- inputs:  parties, roles, sanctions
-- params:  $as_of date · $people list of ids · $entities ids whose employees are looked for · $young, $old ages in years
--
-- `measure` is the age in whole years. Without a day of birth that of an 18-digit identity number is taken, if it is a day.
with asked as (
    select unnest(cast($people as text[])) as party_id
),

born as (
    select
        party_id,
        coalesce(
            born_on,
            if(length(id_number) = 18, cast(try_strptime(substr(id_number, 7, 8), '%Y%m%d') as date), null)
        ) as born_on
    from parties
    where kind = 'person'
),

aged as (
    select
        party_id,
        date_sub('year', born_on, cast($as_of as date)) as age
    from born
    where born_on <= $as_of
),

signs as (
    select
        party_id,
        'age' as sign,
        age as measure,
        null as other_id,
        'parties' as table_name,
        party_id as record_id
    from aged
    where age < $young or age > $old
    union all
    select
        party_id,
        'student' as sign,
        null as measure,
        null as other_id,
        'parties' as table_name,
        party_id as record_id
    from parties
    where student
    union all
    select
        party_id,
        'defaulter' as sign,
        null as measure,
        null as other_id,
        'sanctions' as table_name,
        sanction_id as record_id
    from sanctions
    where kind = 'judgment_defaulter' and (decided_on is null or decided_on <= $as_of)
    union all
    select
        person_id as party_id,
        'employee' as sign,
        null as measure,
        entity_id as other_id,
        'roles' as table_name,
        role_id as record_id
    from roles
    where
        role = 'staff'
        and entity_id in (select unnest(cast($entities as text[])))
        and (valid_from is null or valid_from <= $as_of)
        and (valid_to is null or valid_to > $as_of)
)

select distinct signs.*
from signs
inner join asked on signs.party_id = asked.party_id
order by signs.party_id, signs.sign, signs.other_id, signs.record_id
