-- patterns_untested: money of a case that is in no pattern, or in some only by one side, and why
-- grain:   one row per reason that there is
-- inputs:  money_accounts(account_id), transfers, flows
-- params:  $everything boolean, every transfer and line (the whole district)
with mine as (
    select *
    from transfers
    where
        $everything
        or transfers.payer_account in (select account_id from money_accounts)
        or transfers.payee_account in (select account_id from money_accounts)
),

reasons as (
    select 'undated' as unknown, transfer_id as id, amount_yuan, "at" from mine where "at" is null or amount_yuan is null
    union all
    select 'negative' as unknown, transfer_id as id, amount_yuan, "at" from mine where amount_yuan < 0
    union all
    select 'nothing' as unknown, transfer_id as id, amount_yuan, "at" from mine where amount_yuan = 0
    union all
    select 'payer_unknown' as unknown, transfer_id as id, amount_yuan, "at" from mine where payer_account is null
    union all
    select 'payee_unknown' as unknown, transfer_id as id, amount_yuan, "at" from mine where payee_account is null
    union all
    select 'masked' as unknown, transfer_id as id, amount_yuan, "at"
    from mine
    where contains(payer_account, '*') or contains(payee_account, '*')
    union all
    select 'direction_unknown' as unknown, flow_id as id, amount_yuan, "at"
    from flows
    where
        (direction is null or direction not in ('in', 'out') or amount_yuan is null)
        and ($everything or account_id in (select account_id from money_accounts))
)

select
    unknown,
    count(*) as transfers,
    cast(sum(abs(amount_yuan)) as decimal(18, 2)) as amount_yuan,
    cast(min("at") as date) as first_on,
    cast(max("at") as date) as last_on,
    list(id order by id) as transfer_ids
from reasons
group by unknown
order by unknown
