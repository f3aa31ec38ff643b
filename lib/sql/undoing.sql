-- undoing: transfers whose statement lines say that they undo another one
-- grain:   one row per transfer, by its kind or by a word in the memo of either side's line
-- inputs:  transfers, flows
-- params:  $words, $unless regular expressions: what a memo must hold, and what it must not (paid once more, not undone)
with undoing as (
    select flow_id
    from flows
    where
        (kind = 'refund' or coalesce(regexp_matches(memo, $words), false))
        and not coalesce(regexp_matches(memo, $unless), false)
)

select transfers.transfer_id
from transfers
where
    transfers.flow_ids[1] in (select undoing.flow_id from undoing)
    or transfers.flow_ids[2] in (select undoing.flow_id from undoing)
