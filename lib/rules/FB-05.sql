/*+++
id = "FB-05"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments"]
params = {}
derive = {owed_spans = {}}

[title]
zh = "重复融资 (同一抵押物、发票或凭证)"
en = "One pledge, invoice or deed for several financings"

[logic]
zh = """\
合同用途、标的名称或用途中写明的同一车架号、不动产权证号、房产证号、发票号码或车牌号, 用于两个以上标的 (没有标的号的按合同) \
的借款, 且在同一天都有未还本金; 后一份合同签订于依据施行之后; 一份当日还清、另一份当日起息不算。"""
en = """\
The same vehicle identification number, title deed, invoice number or plate, as written in a purpose or \
title, stands behind loans of two or more listings (contracts, where there is no listing) on which something \
is owed on the same day; the later one was signed under the measures. Repaid on the day on which the other \
begins is no overlap."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "13(2)"
checked = "text"

[[innocent]]
zh = "已登记并披露的第二顺位抵押 (余值抵押)"
en = "A declared second mortgage on what the first leaves"

[[innocent]]
zh = "发票号码相同而发票代码不同, 是两张发票"
en = "Two invoices of one number under different codes"

[[innocent]]
zh = "同一笔融资分成多个标的, 借款人、抵押登记相同 (见金额拆标)"
en = "One financing in several listings under one registration: see splitting by amount"
+++*/
-- facts: one row per loan and pledge that its texts name; loans of the platform without one have one row, if they need one
with described as (
    select
        loans.loan_id,
        loans.institution_id,
        loans.borrower_id,
        loans.project_id,
        loans.principal_yuan,
        coalesce(nullif(loans.project_id, ''), loans.loan_id) as listing,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        translate(
            upper(concat_ws(' ', loans.purpose, projects.title, projects.purpose)),
            '０１２３４５６７８９（）：', '0123456789():'
        ) as texts,
        coalesce(loans.purpose, projects.title, projects.purpose) is not null as has_text,
        projects.project_id is not null as is_listed
    from loans
    left join projects on loans.project_id = projects.project_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
),

found as (
    select
        *,
        list_distinct(
            list_concat(
                regexp_extract_all(texts, '(?:车架号码?|VIN码?|识别代?[号码]+)[\s:]*([0-9A-HJ-NPR-Z]{17})', 1),
                regexp_extract_all(texts, '[^\s:,;，；。()]*不动产权第[0-9]+号'),
                regexp_extract_all(texts, '[^\s:,;，；。()]*房权证[^\s:,;，；。()]*[0-9]+号?'),
                regexp_extract_all(texts, '发票号码?:?\s*([0-9]{8,20})', 1),
                regexp_extract_all(texts, '[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][A-Z0-9]{5,6}')
            )
        ) as pledges
    from described
),

keyed as (
    select
        * exclude (pledges, texts),
        unnest(case when len(pledges) > 0 then pledges else [null] end) as pledge,
        texts ~ '抵押|质押|发票|保理|应收账款' as pledged
    from found
)

select
    keyed.*,
    owed_spans.start_on,
    owed_spans.sure_until,
    owed_spans.may_until
from keyed
left join owed_spans on keyed.loan_id = owed_spans.loan_id
where keyed.pledge is not null or keyed.institution_id in (select scope.institution_id from scope);

-- hits: the pledge, the principal of all that stands behind it at one time, and the days on which two are open
with pairs as (
    select
        one.pledge,
        one.loan_id,
        other.loan_id as other_id,
        greatest(one.start_on, other.start_on) as from_on,
        least(coalesce(one.sure_until - 1, $as_of), coalesce(other.sure_until - 1, $as_of)) as to_on
    from facts as one
    inner join facts as other on one.pledge = other.pledge and one.listing <> other.listing
    where
        one.start_on is not null
        and other.start_on is not null
        and coalesce(one.sure_until, $as_of + 1) > greatest(one.start_on, other.start_on)
        and coalesce(other.sure_until, $as_of + 1) > greatest(one.start_on, other.start_on)
        and greatest(one.signed_on, other.signed_on) >= $in_force_from
),

together as (
    select
        pledge,
        loan_id,
        min(from_on) as from_on,
        max(to_on) as to_on
    from pairs
    group by pledge, loan_id
),

touched as (
    select distinct
        scope.case_id,
        together.pledge
    from scope
    inner join facts on scope.institution_id = facts.institution_id
    inner join together on facts.loan_id = together.loan_id and facts.pledge = together.pledge
)

select
    touched.case_id,
    touched.pledge as subject_id,
    cast(sum(facts.principal_yuan) as decimal(18, 2)) as amount_yuan,
    min(together.from_on) as first_on,
    max(together.to_on) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        list({ 'table': 'loans', 'id': facts.loan_id } order by facts.start_on, facts.loan_id),
        list_transform(
            list_sort(list_distinct(list(facts.project_id) filter (where facts.is_listed))),
            lambda listed: { 'table': 'projects', 'id': listed }
        )
    ) as evidence,
    list_concat(
        [{ 'code': 'listings', 'v': cast(count(distinct facts.listing) as text) }],
        case
            when count(distinct facts.institution_id) > 1
                then [{ 'code': 'platforms', 'v': cast(count(distinct facts.institution_id) as text) }]
            else []
        end
    ) as detail
from touched
inner join together on touched.pledge = together.pledge
inner join facts on together.loan_id = facts.loan_id and together.pledge = facts.pledge
group by touched.case_id, touched.pledge;

-- coverage: contracts signed under the measures that name a pledge, or of which no text was delivered
with possible as (
    select distinct one.loan_id
    from facts as one
    inner join facts as other on one.pledge = other.pledge and one.listing <> other.listing
    where
        one.start_on is null
        or other.start_on is null
        or (
            coalesce(one.may_until, $as_of + 1) > greatest(one.start_on, other.start_on)
            and coalesce(other.may_until, $as_of + 1) > greatest(one.start_on, other.start_on)
            and not (
                coalesce(one.sure_until, $as_of + 1) > greatest(one.start_on, other.start_on)
                and coalesce(other.sure_until, $as_of + 1) > greatest(one.start_on, other.start_on)
            )
        )
),

judged as (
    select distinct
        scope.case_id,
        facts.loan_id,
        case
            when not facts.has_text then 'no_text'
            when facts.pledge is null then 'pledge_without_number'
            when facts.signed_on is null then 'unknown_day'
            when possible.loan_id is not null then 'unknown_repaid'
            else 'tested'
        end as verdict
    from scope
    inner join facts on scope.institution_id = facts.institution_id
    left join possible on facts.loan_id = possible.loan_id
    where
        coalesce(facts.signed_on, $as_of) >= $in_force_from
        and (not facts.has_text or facts.pledge is not null or facts.pledged)
)

select
    scope.case_id,
    count(judged.loan_id) as population,
    count(judged.loan_id) filter (where judged.verdict = 'tested') as tested,
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
        { 'code': 'no_text', 'v': count(*) filter (where judged.verdict = 'no_text') },
        { 'code': 'pledge_without_number', 'v': count(*) filter (where judged.verdict = 'pledge_without_number') },
        { 'code': 'unknown_day', 'v': count(*) filter (where judged.verdict = 'unknown_day') },
        { 'code': 'unknown_repaid', 'v': count(*) filter (where judged.verdict = 'unknown_repaid') }
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
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
