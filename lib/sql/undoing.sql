-- undoing: transfers whose statement lines say that they undo another one
-- grain:   one row per transfer, by its kind or by a word in the memo of either side's line
-- inputs:  transfers, flows
-- params:  $words, $unless regular expressions: what a memo must hold, and what it must not (paid once more, not undone)
select distinct transfers.transfer_id
from transfers, unnest(transfers.flow_ids) as shown (flow_id)
inner join flows on shown.flow_id = flows.flow_id
where
    (flows.kind = 'refund' or coalesce(regexp_matches(flows.memo, $words), false))
    and not coalesce(regexp_matches(flows.memo, $unless), false)
