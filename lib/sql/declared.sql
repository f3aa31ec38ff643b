-- declared: who an institution says controls it or owns it in the end, as last said in each channel
-- grain:   one row per disclosure
-- inputs:  disclosures
-- params:  $institution_id · $as_of date
select
    disclosure_id,
    case when starts_with(metric, '实际控制人') then 'controller' else 'beneficial_owner' end as what,
    as_of_on,
    value_text
from disclosures
where
    institution_id = $institution_id
    and (starts_with(metric, '实际控制人') or starts_with(metric, '受益所有人'))
    and as_of_on <= $as_of
    and trim(value_text) <> ''
qualify as_of_on = max(as_of_on) over (partition by what, channel)
order by disclosure_id
