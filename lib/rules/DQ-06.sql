/*+++
id = "DQ-06"
severity = "dq"
in_force = {}
needs = ["holdings"]
params = {tol_share = 0.0005}
derive = {holding_gaps = {}}

[title]
zh = "股权比例合计不等于100%"
en = "Shareholding does not add up to 100 %"

[logic]
zh = "基准日机构及其上层有股东记录的每个主体, 股东持股比例合计与 100% 相差超过 {tol_share}; 上市公司只列主要股东, 不足的不算。"
en = """\
On the day asked, of the institution and of everyone above it that has holders on record, the shares differ from 100 % by more \
than {tol_share}; listed companies name their main holders only, and may be below."""

[[basis]]
law = {zh = "审计程序: 股权数据完整性", en = "Audit procedure: completeness of holdings"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "股权变更当日新旧记录重叠, 或旧记录没有终止日期"
en = "Old and new records overlap on the day of a sale, or the old one has no end"

[[innocent]]
zh = "登记比例四舍五入"
en = "The register rounds shares"
+++*/
-- facts: one row per case and party with holders on record, and by how much their shares miss the whole
with recursive above as (
    select
        case_id,
        party_id as held_id
    from scope
    union
    select
        above.case_id,
        holdings.holder_id as held_id
    from above
    inner join holdings on above.held_id = holdings.held_id
    where
        coalesce(holdings.valid_from, $as_of) <= $as_of
        and (holdings.valid_to is null or holdings.valid_to > $as_of)
        and holdings.holder_id is not null
),

held as (
    select
        above.case_id,
        above.held_id,
        list(holdings.holding_id order by holdings.holding_id) as holding_ids,
        max(holdings.valid_from) as since_on
    from above
    inner join holdings on above.held_id = holdings.held_id
    where
        coalesce(holdings.valid_from, $as_of) <= $as_of
        and (holdings.valid_to is null or holdings.valid_to > $as_of)
    group by above.case_id, above.held_id
),

gaps as (
    select
        case_id,
        party_id,
        max(measure) filter (where gap = 'sum_above_1') as total,
        max(measure) filter (where gap = 'sum_below_1') as lacking,
        coalesce(bool_or(gap in ('share_missing', 'share_out_of_range', 'range_reversed')), false) as vague
    from holding_gaps
    where gap is not null
    group by case_id, party_id
)

select
    held.*,
    coalesce(gaps.total, 1 - coalesce(gaps.lacking, 0)) as total,
    case
        -- sums of written fractions: a difference that is exactly the tolerance may exceed it by its last digit
        when gaps.total - 1 > cast($tol_share as double) + 1e-9 then 'above'
        when gaps.vague then 'vague'
        when gaps.lacking > cast($tol_share as double) + 1e-9 and not coalesce(parties.listed, false) then 'below'
        else 'fine'
    end as verdict
from held
left join gaps on held.case_id = gaps.case_id and held.held_id = gaps.party_id
left join parties on held.held_id = parties.party_id;

-- hits: the party whose holders do not add up, and their holdings
select
    case_id,
    held_id as subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    since_on as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_transform(holding_ids, lambda holding_id: { 'table': 'holdings', 'id': holding_id }) as evidence,
    [{ 'code': 'shares_total', 'v': format('{:.4f}%', 100 * total) }] as detail
from facts
where verdict in ('above', 'below');

-- coverage: parties with holders on record; the institution itself is one of them, be its holders known or not
select
    scope.case_id,
    count(facts.held_id) + 1 - count(facts.held_id) filter (where facts.held_id = scope.party_id) as population,
    count(facts.held_id) filter (where facts.verdict <> 'vague') as tested,
    [
        { 'code': 'no_holders', 'v': 1 - count(facts.held_id) filter (where facts.held_id = scope.party_id) },
        { 'code': 'parties_with_missing_shares', 'v': count(facts.held_id) filter (where facts.verdict = 'vague') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.party_id;
