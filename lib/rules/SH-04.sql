/*+++
id = "SH-04"
severity = "watch"
in_force = {}
needs = ["holdings"]
params = {min_share = 0.01}
derive = {components = {}}

[title]
zh = "交叉或循环持股"
en = "Cross or circular holding"

[logic]
zh = "基准日的持股图中存在闭环 (两个以上主体互相持有, 或自持), 且闭环包含本机构, 或闭环中的主体穿透后持有本机构 {min_share} 以上 (含)。"
en = """\
On the day asked, holdings form a loop (two or more parties, or one that holds itself) that contains the \
institution, or a member of which holds {min_share} or more of it by look-through."""

[[basis]]
law = {zh = "穿透原则", en = "Look-through principle"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "工商登记未及时更新, 旧持股记录没有终止日期"
en = "Stale register entries: an old holding without an end date"
+++*/
-- hits: the loop, from the day on which its last holding began
select
    components.case_id,
    components.component_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    (select max(valid_from) from holdings where list_contains(components.holding_ids, holding_id)) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_transform(components.holding_ids, lambda holding_id: { 'table': 'holdings', 'id': holding_id }) as evidence,
    [
        { 'code': 'members', 'v': cast(len(components.member_ids) as text) },
        { 'code': 'loop_share', 'v': format('{:.2f}%', 100 * components.max_share) }
    ] as detail
from components
-- the tolerance is that of the look-through shares: a solve may miss a boundary that is met exactly by its last digit
where components.holds_target or components.max_share >= cast($min_share as double) - 1e-9;

-- coverage: one holding graph per row of scope; tested where a holder of the institution was on record on the day
with known as (
    select
        scope.case_id,
        exists(
            select 1 from holdings
            where
                holdings.held_id = scope.party_id
                and coalesce(holdings.valid_from, $as_of) <= $as_of
                and (holdings.valid_to is null or holdings.valid_to > $as_of)
        ) as holders
    from scope
)

select
    case_id,
    1 as population,
    cast(holders as bigint) as tested,
    [{ 'code': 'no_holders', 'v': cast(not holders as bigint) }] as why_not
from known;
