-- device_kinds: sign-ins take the kind of their device from its registration, which stands in rows without an account
-- grain:   a statement
-- inputs:  devices
-- params:  none
update store.devices
set kind = known.kind
from (
    select
        device_id,
        max(kind) as kind
    from store.devices
    where account_id is null
    group by device_id
    having count(distinct kind) = 1
) as known
where devices.device_id = known.device_id and devices.account_id is not null and devices.kind is null
