-- transfer_pairs: which line of the payer's statement and which of the payee's show the same movement
-- grain:   one row per pair: the line out, the line in; no line stands in two
-- inputs:  booked (booked.sql), accounts
-- params:  none
--
-- Two lines are one movement where the amount and the day are the same and, the first that holds:
--   by reference  the bank's reference agrees, and neither line names another account than the other's, nor writes one with
--                 stars (0099****1234) that the other's does not fit: first where both lines name the other account, then
--                 where one does, then where none does.
--   by account    each names the other's account: the k-th out with the k-th in.
--   by mask       one line names the other account in full, the other writes with stars a number that fits and shows its last
--                 four characters; names of holders and references do not gainsay it; and it is the only reading: no other
--                 account fits, and between the two accounts there are as many lines out as in.
-- Lines that are paired stand aside for what follows. References come first because two payments of one amount on one day are
-- told apart by nothing else; by account before, the first out took the second in where not every line names the other side.
-- The account that is written in full is kept. Nothing else is paired: two banks that book on different days give two
-- movements, as do lines that both write stars without a reference that agrees. That is seen (unshown.sql finds movements that
-- the other side's statement ought to show), where a wrong pair would not be.
--
-- Only lines are looked at that can have a counterpart: the same amount went the other way on that day, and the account on the
-- other side is one of which there are statements, or is not known in full.
with opposite as (
    select distinct
        amount_yuan,
        day_on,
        direction
    from booked
),

paired_days as (
    select
        o.amount_yuan,
        o.day_on
    from opposite as o
    inner join opposite as i on o.amount_yuan = i.amount_yuan and o.day_on = i.day_on
    where o.direction = 'out' and i.direction = 'in'
),

candidates as (
    select *
    from booked
    where
        (amount_yuan, day_on) in (select paired_days.amount_yuan, paired_days.day_on from paired_days)
        and (
            counterparty_account is null or contains(counterparty_account, '*')
            or counterparty_account in (select own.account_id from booked as own)
        )
),

sided as (
    select
        *,
        case when not contains(counterparty_account, '*') then counterparty_account end as other,
        -- the other account as written with stars: in its column, or where profiles keep it (masked_account of readings.sql)
        case
            when contains(counterparty_account, '*') then counterparty_account
            when counterparty_account is null
                then nullif(replace(regexp_extract(memo, '对方账号 ([0-9A-Za-z* ]*(?:\*|[xX]{2})[0-9A-Za-z* ]*)$', 1), ' ', ''), '')
        end as starred
    from candidates
),

-- what an account that is written with stars (or x) may stand for; null where it is written in full, or not at all
patterned as (
    select
        *,
        regexp_replace(regexp_replace(starred, '([\\%_])', '\\\1', 'g'), '[*]+|[xX]{2,}', '%', 'g') as pattern
    from sided
),

-- lines with a reference that may tell a movement: 0 or - is none. `shared` is the account that both lines of a movement know:
-- of the line that names the other account, that; of the line that does not, its own.
referenced as (
    select
        flow_id,
        account_id,
        direction,
        payer,
        payee,
        other,
        coalesce(other, account_id) as shared,
        bank_ref,
        amount_yuan,
        day_on,
        pattern,
        row(coalesce(day_only, false), "at", seq, place) as booked_when
    from patterned
    where regexp_matches(bank_ref, '[1-9A-Za-z]')
),

referenced_named as (
    select
        *,
        row_number() over (
            partition by bank_ref, payer, payee, amount_yuan, day_on, direction
            order by booked_when
        ) as k
    from referenced
    where other is not null
),

paired_both_named as (
    select
        o.flow_id as out_id,
        i.flow_id as in_id
    from referenced_named as o
    inner join referenced_named as i
        on
            o.bank_ref = i.bank_ref and o.payer = i.payer and o.payee = i.payee
            and o.amount_yuan = i.amount_yuan and o.day_on = i.day_on and o.k = i.k
    where o.direction = 'out' and i.direction = 'in'
),

referenced_shared as (
    select
        *,
        row_number() over (
            partition by bank_ref, shared, other is null, amount_yuan, day_on, direction
            order by booked_when
        ) as k
    from referenced
    where
        flow_id not in (select out_id from paired_both_named)
        and flow_id not in (select in_id from paired_both_named)
),

paired_one_named as (
    select
        o.flow_id as out_id,
        i.flow_id as in_id
    from referenced_shared as o
    inner join referenced_shared as i
        on
            o.bank_ref = i.bank_ref and o.shared = i.shared
            and o.amount_yuan = i.amount_yuan and o.day_on = i.day_on and o.k = i.k
    where
        o.direction = 'out' and i.direction = 'in'
        and (o.other is null) <> (i.other is null)
        and o.account_id <> i.account_id
        and coalesce(i.account_id like o.pattern escape '\', true)
        and coalesce(o.account_id like i.pattern escape '\', true)
),

referenced_unnamed as (
    select
        *,
        row_number() over (
            partition by bank_ref, amount_yuan, day_on, direction
            order by booked_when
        ) as k
    from referenced
    where
        other is null
        and flow_id not in (select out_id from paired_one_named)
        and flow_id not in (select in_id from paired_one_named)
),

paired_by_reference as (
    select
        out_id,
        in_id
    from paired_both_named
    union all
    select
        out_id,
        in_id
    from paired_one_named
    union all
    select
        o.flow_id as out_id,
        i.flow_id as in_id
    from referenced_unnamed as o
    inner join referenced_unnamed as i
        on o.bank_ref = i.bank_ref and o.amount_yuan = i.amount_yuan and o.day_on = i.day_on and o.k = i.k
    where
        o.direction = 'out' and i.direction = 'in'
        and o.account_id <> i.account_id
        and coalesce(i.account_id like o.pattern escape '\', true)
        and coalesce(o.account_id like i.pattern escape '\', true)
),

named as (
    select
        flow_id,
        direction,
        payer,
        payee,
        amount_yuan,
        day_on,
        row_number() over (
            partition by payer, payee, amount_yuan, day_on, direction
            order by coalesce(day_only, false), "at", seq, place
        ) as k
    from sided
    where
        payer is not null and payee is not null
        and flow_id not in (select out_id from paired_by_reference)
        and flow_id not in (select in_id from paired_by_reference)
),

paired_by_account as (
    select
        o.flow_id as out_id,
        i.flow_id as in_id
    from named as o
    inner join named as i
        on
            o.payer = i.payer and o.payee = i.payee and o.amount_yuan = i.amount_yuan
            and o.day_on = i.day_on and o.k = i.k
    where o.direction = 'out' and i.direction = 'in'
),

-- lines that are still alone, with what is known of the account whose statement it is
alone as (
    select
        patterned.*,
        accounts.bank,
        regexp_replace(accounts.holder_name, '[\s()（）]', '', 'g') as holder,
        regexp_replace(patterned.counterparty_name, '[\s()（）]', '', 'g') as other_holder
    from patterned
    left join accounts on patterned.account_id = accounts.account_id
    where
        patterned.flow_id not in (select out_id from paired_by_reference)
        and patterned.flow_id not in (select in_id from paired_by_reference)
        and patterned.flow_id not in (select out_id from paired_by_account)
        and patterned.flow_id not in (select in_id from paired_by_account)
),

-- a line that names the other account, and one of that account's statement whose stars it fits
fitting as (
    select
        plain.flow_id as plain_id,
        starred.flow_id as starred_id,
        plain.direction,
        plain.account_id as plain_account,
        row(plain.account_id, starred.account_id, plain.direction, plain.amount_yuan, plain.day_on) as dealing,
        row(coalesce(plain.day_only, false), plain.at, plain.seq, plain.place) as plain_when,
        row(coalesce(starred.day_only, false), starred.at, starred.seq, starred.place) as starred_when
    from alone as plain
    inner join alone as starred
        on
            plain.other = starred.account_id and plain.amount_yuan = starred.amount_yuan and plain.day_on = starred.day_on
            and right(plain.account_id, 4) = right(starred.starred, 4)
    where
        plain.direction <> starred.direction
        and plain.account_id <> starred.account_id
        and length(plain.account_id) > 4
        and plain.account_id like starred.pattern escape '\'
        -- a bank does not number one payment twice; two banks may
        and (coalesce(plain.bank_ref = starred.bank_ref, true) or coalesce(plain.bank <> starred.bank, false))
        and coalesce(
            contains(plain.holder, '*') or contains(starred.other_holder, '*')
            or contains(plain.holder, starred.other_holder) or contains(starred.other_holder, plain.holder),
            true
        )
        and coalesce(
            contains(starred.holder, '*') or contains(plain.other_holder, '*')
            or contains(starred.holder, plain.other_holder) or contains(plain.other_holder, starred.holder),
            true
        )
),

weighed as (
    select
        *,
        min(plain_account) over (partition by starred_id) <> max(plain_account) over (partition by starred_id) as contested,
        dense_rank() over (partition by dealing order by plain_when) as plain_k,
        dense_rank() over (partition by dealing order by starred_when) as starred_k
    from fitting
),

-- what two accounts did on a day with one amount, where every line has its counterpart and nobody else could be it
settled as (
    select dealing
    from weighed
    group by dealing
    having
        count(distinct plain_id) = count(distinct starred_id)
        and count(*) = count(distinct plain_id) * count(distinct starred_id)
        and not bool_or(contested)
),

paired_by_mask as (
    select
        case when direction = 'out' then plain_id else starred_id end as out_id,
        case when direction = 'out' then starred_id else plain_id end as in_id
    from weighed
    where plain_k = starred_k and dealing in (select dealing from settled)
)

select out_id, in_id from paired_by_reference
union all
select out_id, in_id from paired_by_account
union all
select out_id, in_id from paired_by_mask
