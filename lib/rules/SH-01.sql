/*+++
id = "SH-01"
severity = "major"
in_force = {}
needs = ["holdings", "parties"]
params = {untraced_share = 0.0001}
derive = {holding_gaps = {}}

[title]
zh = "股权未穿透到底"
en = "Ownership chain not traced to its end"

[logic]
zh = """\
基准日穿透后, 通向既非自然人、国资、上市公司又没有任何股东记录的主体, 或股东比例合计不足的部分, 合计超过机构股权的 {untraced_share}; \
上市公司只列主要股东的, 不计其余部分。"""
en = """\
On the day asked, what leads to parties that are neither persons nor the state nor listed and have no holder on record, or to \
shares that do not add up, is more than {untraced_share} of the institution; of a listed company of which only the main \
holders are recorded, the rest does not count."""

[[basis]]
law.zh = "网贷机构自查报告模板 (股权穿透至自然人、国资或国有企业)"
law.en = "Template of the self-inspection report (look-through to persons or the state)"
article = "治理架构"
checked = "text"

[[innocent]]
zh = "基金、信托、有限合伙的出资人不在工商登记中"
en = "The register does not show who is behind a fund, trust or partnership"

[[innocent]]
zh = "上层企业的工商登记资料尚未调取"
en = "The registration of a company above has not been asked for yet"
+++*/
-- facts: one row per case: how much is untraced, and how much of that is certain
with gaps as (
    select
        holding_gaps.case_id,
        holding_gaps.gap,
        holding_gaps.party_id,
        holding_gaps.measure,
        holding_gaps.reach,
        holding_gaps.path,
        parties.kind,
        coalesce(parties.listed, false) as listed
    from holding_gaps
    left join parties on holding_gaps.party_id = parties.party_id
),

vague as (
    -- parties some of whose holdings have no share: what the others leave open may be theirs
    select distinct
        case_id,
        party_id
    from gaps
    where gap in ('share_missing', 'range_reversed', 'share_out_of_range', 'holder_missing')
),

ends as (
    select
        gaps.*,
        gap in ('open_end', 'sum_below_1', 'closed_loop') and not listed as counts,
        gaps.gap = 'open_end' and gaps.kind is null as unknown_kind,
        vague.party_id is not null as vague,
        gaps.reach * coalesce(gaps.measure, 1) as part
    from gaps
    left join vague on gaps.case_id = vague.case_id and gaps.party_id = vague.party_id
),

summed as (
    select
        case_id,
        any_value(measure) filter (where gap is null) as untraced,
        coalesce(sum(part) filter (where gap = 'sum_below_1' and listed), 0) as public_part,
        coalesce(sum(part) filter (where counts and (vague or unknown_kind)), 0) as vague_part,
        bool_or(gap = 'open_end' and len(path) = 1) as nobody,
        bool_or(gap is not null and reach is null) as unsolved,
        bool_or(coalesce(vague, false)) as any_vague,
        bool_or(unknown_kind) as any_unknown_kind,
        list(distinct party_id order by party_id) filter (where counts and not vague and not unknown_kind) as party_ids,
        list(path) filter (where counts and not vague and not unknown_kind) as paths
    from ends
    group by case_id
),

measured as (
    select
        summed.*,
        untraced - public_part as open_part,
        untraced - public_part - vague_part as sure_part
    from summed
)

select
    measured.*,
    scope.party_id as subject_id,
    case
        when nobody then 'no_holders'
        when untraced is null or unsolved then 'unsolved'
        -- the shares are those of a solve: a boundary that is met exactly may be missed by the last digit
        when sure_part > cast($untraced_share as double) + 1e-9 then 'open'
        when
            open_part > cast($untraced_share as double) + 1e-9
            then case when any_vague then 'shares_missing' else 'unknown_kind' end
        else 'traced'
    end as verdict
from scope
inner join measured on scope.case_id = measured.case_id;

-- hits: the party that is looked through, and the holdings on the ways to where the chains end in nothing
with steps as (
    select
        case_id,
        unnest(paths) as path
    from facts
    where verdict = 'open'
),

pairs as (
    select
        steps.case_id,
        steps.path[place] as held_id,
        steps.path[place + 1] as holder_id
    from steps
    cross join lateral unnest(range(1, len(steps.path))) as places (place)
),

proof as (
    select
        pairs.case_id,
        list(distinct holdings.holding_id order by holdings.holding_id) as holding_ids,
        max(holdings.valid_from) as since_on
    from pairs
    inner join holdings on pairs.held_id = holdings.held_id and pairs.holder_id = holdings.holder_id
    where
        coalesce(holdings.valid_from, $as_of) <= $as_of
        and (holdings.valid_to is null or holdings.valid_to > $as_of)
    group by pairs.case_id
)

select
    facts.case_id,
    facts.subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    proof.since_on as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'parties', 'id': facts.subject_id }],
        list_transform(coalesce(proof.holding_ids, []), lambda holding_id: { 'table': 'holdings', 'id': holding_id })
    ) as evidence,
    [
        { 'code': 'untraced', 'v': format('{:.4f}%', 100 * facts.sure_part) },
        { 'code': 'ends_in', 'v': array_to_string(facts.party_ids, '、') }
    ] as detail
from facts
left join proof on facts.case_id = proof.case_id
where facts.verdict = 'open';

-- coverage: one look-through per row of scope
select
    scope.case_id,
    1 as population,
    count(facts.case_id) filter (where facts.verdict in ('open', 'traced')) as tested,
    [
        { 'code': 'no_holders', 'v': count(*) filter (where facts.verdict = 'no_holders') },
        { 'code': 'shares_unsolved', 'v': count(*) filter (where facts.verdict = 'unsolved') },
        { 'code': 'shares_missing', 'v': count(*) filter (where facts.verdict = 'shares_missing') },
        { 'code': 'unknown_kind_above', 'v': count(*) filter (where facts.verdict = 'unknown_kind') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id;
