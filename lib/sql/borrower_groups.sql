-- borrower_groups: who is controlled by one ultimate controller, and no other
-- grain:   one row per controlled party
-- inputs:  money_controllers (graph.derive_register_controllers)
-- params:  none
select
    below.entity_id as member_id,
    min(below.controller_id) as group_id
from money_controllers as below
left join money_controllers as above on below.controller_id = above.entity_id
where above.entity_id is null
group by below.entity_id
having count(distinct below.controller_id) = 1
order by below.entity_id
