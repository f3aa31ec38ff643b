-- marked_transfers: transfers of which the kind, the channel, the memo or the name of an unstated payee says what they are for
-- grain:   one row per transfer; repayments first, then the first word of the list that fits
-- inputs:  use_words(rank, applies, category, word), transfers, flows
-- params:  none
with said as (
    select transfer_id, 'memo' as applies, memo as text from transfers
    union
    select transfers.transfer_id, 'channel' as applies, flows.channel as text
    from transfers, unnest(transfers.flow_ids) as one (flow_id)
    inner join flows on one.flow_id = flows.flow_id
    union
    select transfers.transfer_id, 'name' as applies, flows.counterparty_name as text
    from transfers, unnest(transfers.flow_ids) as one (flow_id)
    inner join flows on one.flow_id = flows.flow_id
    where (transfers.payee_account is null or contains(transfers.payee_account, '*')) and flows.direction = 'out'
),

texts as (
    select distinct applies, text from said where text is not null
),

meant as (
    select
        texts.applies,
        texts.text,
        min(use_words.rank) as rank,
        arg_min(use_words.category, use_words.rank) as category
    from texts
    inner join use_words on texts.applies = use_words.applies and contains(texts.text, use_words.word)
    group by texts.applies, texts.text
),

found as (
    select transfer_id, 0 as rank, 'repayment' as category from transfers where kind = 'repayment'
    union all
    select said.transfer_id, meant.rank, meant.category
    from said
    inner join meant on said.applies = meant.applies and said.text = meant.text
)

select transfer_id, arg_min(category, rank) as category
from found
group by transfer_id
order by transfer_id
