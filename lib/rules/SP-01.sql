/*+++
id = "SP-01"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments", "holdings"]
params = {days = 30, alike_share = 0.8, person_cap_yuan = 200000, body_cap_yuan = 1000000}
derive = {owed_spans = {}, register_controllers = {}}

[title]
zh = "金额拆标 (同一融资拆成多个标的规避限额)"
en = "One financing split into listings below the cap"

[logic]
zh = """\
同一借款人、或在同一控制人之下的借款人, 在 {days} 天内 (按签约日, 滚动) 有两个以上标的 (没有标的号的按合同), 用途文本相同或相似度 \
(Jaccard, 按字二元组) 不低于 {alike_share}, 各标的本金都不超过单平台上限 (自然人 {person_cap_yuan} 元, 其他 {body_cap_yuan} \
元) 而同时待偿的合计超过该上限。控制人之下既有自然人又有企业的, 按较高的上限。"""
en = """\
One borrower, or borrowers under one controller, has two or more listings (contracts, where there is no \
listing) within {days} rolling days of signing, of one purpose or texts similar by {alike_share} or more \
(Jaccard, pairs of characters), each at or below the single-platform cap ({person_cap_yuan} yuan for \
persons, {body_cap_yuan} for others), that are owed at one time and together above it. Under a controller of \
persons and companies the higher cap counts."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "13(2), 17"
checked = "text"

[[basis]]
law = {zh = "天数与相似度为设计设定", en = "Days and similarity: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "真实的循环使用: 前一笔还清后再借 (同时待偿不超限的不算)"
en = "True revolving use, each repaid before the next (not counted unless both are owed at once)"

[[innocent]]
zh = "同一控制人之下独立经营的企业"
en = "Companies of one controller that run on their own"
+++*/
-- facts: one row per listing of a platform and borrower: principal, days, purpose, and who controls the borrower
--
-- A borrower whom nobody controls, or who is controlled by several, is a group of its own.
with controlled as (
    select
        below.entity_id,
        min(below.controller_id) as controller_id
    from register_controllers as below
    left join register_controllers as above on below.controller_id = above.entity_id
    where above.entity_id is null
    group by below.entity_id
    having count(distinct below.controller_id) = 1
),

lent as (
    select
        loans.institution_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(nullif(loans.project_id, ''), loans.loan_id) as listing,
        projects.project_id,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        nullif(regexp_replace(coalesce(loans.purpose, projects.purpose, projects.title), '\s+', '', 'g'), '') as purpose,
        parties.kind,
        coalesce(controlled.controller_id, loans.borrower_id) as group_id,
        owed_spans.start_on,
        owed_spans.sure_until,
        owed_spans.may_until
    from loans
    left join projects on loans.project_id = projects.project_id
    left join parties on loans.borrower_id = parties.party_id
    left join controlled on loans.borrower_id = controlled.entity_id
    left join owed_spans on loans.loan_id = owed_spans.loan_id
    where
        loans.institution_id in (select scope.institution_id from scope)
        and coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
)

select
    institution_id,
    listing,
    group_id,
    borrower_id,
    min(project_id) as project_id,
    bool_or(kind is null) as kind_unknown,
    bool_and(kind = 'person') as is_person,
    case when count(*) = count(principal_yuan) then sum(principal_yuan) end as principal_yuan,
    min(signed_on) as signed_on,
    min(start_on) as start_on,
    case when count(*) = count(sure_until) then max(sure_until) end as sure_until,
    case when count(*) = count(may_until) then max(may_until) end as may_until,
    bool_or(start_on is null) as day_unknown,
    min(purpose) as purpose,
    list_distinct(
        list_transform(range(1, greatest(length(min(purpose)), 2)), lambda place: substr(min(purpose), place, 2))
    ) as grams,
    list(loan_id order by loan_id) as loan_ids
from lent
group by institution_id, listing, group_id, borrower_id;

-- hits: the borrower (or controller), the most that is owed at once on listings of one financing, and all of these
with several as (
    select facts.*
    from facts
    where group_id is not null and not kind_unknown and principal_yuan is not null and not day_unknown
    qualify count(*) over (partition by institution_id, group_id) > 1
),

-- each listing, and those of the 30 days from its day of signing on that resemble it and are owed beside it
pairs as (
    select
        one.institution_id,
        one.group_id,
        one.listing as anchor,
        other.listing,
        other.borrower_id,
        other.principal_yuan,
        other.is_person,
        other.project_id,
        other.loan_ids,
        other.signed_on,
        other.start_on,
        other.sure_until,
        one.listing = other.listing or coalesce(one.purpose = other.purpose, false) as is_same,
        len(list_intersect(one.grams, other.grams)) as common_grams,
        len(list_distinct(list_concat(one.grams, other.grams))) as all_grams
    from several as one
    inner join several as other
        on
            one.institution_id = other.institution_id
            and one.group_id = other.group_id
            and other.signed_on between one.signed_on and one.signed_on + $days
),

alike as (
    select *
    from pairs
    where is_same or common_grams >= all_grams * cast($alike_share as double)
),

-- what is owed on the day on which one of them begins
moments as (
    select
        one.institution_id,
        one.group_id,
        one.anchor,
        one.start_on as on_day,
        sum(other.principal_yuan) as owed_yuan,
        max(other.principal_yuan) as largest_yuan,
        case when bool_and(other.is_person) then $person_cap_yuan else $body_cap_yuan end as cap_yuan,
        min(other.signed_on) as first_on,
        max(other.signed_on) as last_on,
        count(distinct other.borrower_id) as borrowers,
        min(other.borrower_id) as borrower_id,
        list(other.listing order by other.listing) as listings,
        flatten(list(other.loan_ids order by other.listing)) as loan_ids,
        list(other.project_id order by other.project_id) filter (where other.project_id is not null) as project_ids
    from alike as one
    inner join alike as other
        on one.institution_id = other.institution_id and one.group_id = other.group_id and one.anchor = other.anchor
    where other.start_on <= one.start_on and (other.sure_until is null or other.sure_until > one.start_on)
    group by one.institution_id, one.group_id, one.anchor, one.listing, one.start_on
),

found as (
    select *
    from moments
    where len(listings) > 1 and owed_yuan > cap_yuan and largest_yuan <= cap_yuan
    qualify
        row_number() over (
            partition by institution_id, group_id
            order by owed_yuan desc, on_day asc, anchor asc, listings asc
        ) = 1
)

select
    scope.case_id,
    case when found.borrowers = 1 then found.borrower_id else found.group_id end as subject_id,
    cast(found.owed_yuan as decimal(18, 2)) as amount_yuan,
    found.first_on,
    found.last_on,
    cast(1 as double) as confidence,
    list_concat(
        list_transform(list_sort(found.loan_ids), lambda loan_id: { 'table': 'loans', 'id': loan_id }),
        list_transform(coalesce(found.project_ids, []), lambda listed: { 'table': 'projects', 'id': listed })
    ) as evidence,
    list_concat(
        [{ 'code': 'split_listings', 'v': cast(len(found.listings) as text) }],
        case when found.borrowers > 1 then [{ 'code': 'one_controller', 'v': cast(found.borrowers as text) }] else [] end
    ) as detail
from scope
inner join found on scope.institution_id = found.institution_id;

-- coverage: listings signed under the measures; tested: those of which all is known, or that are alone in their group
with held as (
    select distinct held_id
    from holdings
    where coalesce(valid_from, $as_of) <= $as_of and (valid_to is null or valid_to > $as_of)
),

grouped as (
    select
        institution_id,
        coalesce(group_id, listing) as group_id,
        count(*) as listings,
        sum(principal_yuan) as group_yuan
    from facts
    group by institution_id, coalesce(group_id, listing)
),

weighed as (
    select
        scope.case_id,
        facts.*,
        grouped.listings > 1 as has_others,
        not facts.is_person and held.held_id is null as group_unknown,
        -- owed beside another only if nothing was repaid that the records leave open
        coalesce(facts.sure_until, date '9999-12-31') <> coalesce(facts.may_until, date '9999-12-31')
        and grouped.group_yuan > case when facts.is_person then $person_cap_yuan else $body_cap_yuan end as repaid_unknown
    from scope
    inner join facts on scope.institution_id = facts.institution_id
    inner join grouped
        on facts.institution_id = grouped.institution_id and coalesce(facts.group_id, facts.listing) = grouped.group_id
    left join held on facts.borrower_id = held.held_id
),

asked as (
    select
        case_id,
        listing,
        case
            when borrower_id is null then 'listing_borrower_unknown'
            when kind_unknown then 'listing_kind_unknown'
            when principal_yuan is null then 'listing_amount_unknown'
            when group_unknown then 'listing_group_unknown'
            when not has_others then 'tested'
            when day_unknown then 'listing_day_unknown'
            when purpose is null then 'listing_purpose_unknown'
            when repaid_unknown then 'listing_repaid_unknown'
            else 'tested'
        end as verdict
    from weighed
)

select
    scope.case_id,
    count(asked.listing) as population,
    count(asked.listing) filter (where asked.verdict = 'tested') as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null
                and exists (select 1 from loans)
                and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'listing_borrower_unknown', 'v': count(*) filter (where asked.verdict = 'listing_borrower_unknown') },
        { 'code': 'listing_kind_unknown', 'v': count(*) filter (where asked.verdict = 'listing_kind_unknown') },
        { 'code': 'listing_amount_unknown', 'v': count(*) filter (where asked.verdict = 'listing_amount_unknown') },
        { 'code': 'listing_group_unknown', 'v': count(*) filter (where asked.verdict = 'listing_group_unknown') },
        { 'code': 'listing_day_unknown', 'v': count(*) filter (where asked.verdict = 'listing_day_unknown') },
        { 'code': 'listing_purpose_unknown', 'v': count(*) filter (where asked.verdict = 'listing_purpose_unknown') },
        { 'code': 'listing_repaid_unknown', 'v': count(*) filter (where asked.verdict = 'listing_repaid_unknown') }
    ] as why_not,
    [
        {
            'code': 'legacy_loans',
            'v': (
                select count(*) from loans
                where
                    loans.institution_id = scope.institution_id
                    and coalesce(loans.signed_on, loans.started_on) < $in_force_from
            )
        }
    ] as note
from scope
left join asked on scope.case_id = asked.case_id
group by scope.case_id, scope.institution_id;
