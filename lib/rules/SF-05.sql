/*+++
id = "SF-05"
severity = "watch"
in_force = {from = "2016-08-24"}
needs = ["loans", "parties", "holdings"]
params = {most_users = 20}
derive = {related = {}}

[title]
zh = "借款企业与机构或关联方共用注册要素"
en = "Registration shared with the institution or a related party"

[logic]
zh = """\
借款企业 (不属于关联方的) 与本机构或其关联方的地址、电话或邮箱相同, 该要素由 {most_users} 家以下 (含) 主体使用 (更多的视为代办地址);\
 或同一人在签约日同时担任借款企业和关联方的法定代表人、董事或高级管理人员。"""
en = """\
A company that borrows, and is no related party itself, has an address, telephone or e-mail of the \
institution or one of its related parties that {most_users} parties or fewer use (more are an agent's); or \
one person is legal representative, director or senior manager of both on the day of signing."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(1)"
checked = "text"

[[basis]]
law = {zh = "共用要素的用户数为设计设定", en = "Number of users: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "代办注册的秘书公司地址、孵化器"
en = "A registration agent's or an incubator's address"

[[innocent]]
zh = "独立董事、外部会计"
en = "An independent director or an outside accountant"
+++*/
-- facts: one row per company that borrowed on the platform under the measures, and what it shares with a related party
with borrowers as (
    select
        scope.case_id,
        scope.party_id as own_id,
        loans.borrower_id,
        parties.kind,
        nullif(parties.address, '') as address,
        sum(loans.principal_yuan) as principal_yuan,
        min(coalesce(loans.signed_on, loans.started_on)) as first_on,
        max(coalesce(loans.signed_on, loans.started_on)) as last_on,
        list(loans.loan_id order by loans.loan_id) as loan_ids
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
        and loans.borrower_id is not null
        and coalesce(parties.kind, 'company') <> 'person'
        and not exists (
            select 1 from related
            where related.case_id = scope.case_id and related.party_id = loans.borrower_id
        )
    group by scope.case_id, scope.party_id, loans.borrower_id, parties.kind, parties.address
),

stated as (
    select
        party_id,
        unnest(['phone', 'address', 'email']) as contact,
        regexp_replace(lower(unnest([phone, address, email])), '\s+', '', 'g') as written
    from parties
),

own as (
    select
        contact,
        written
    from stated
    where written <> ''
    group by contact, written
    having count(distinct party_id) between 2 and $most_users
),

contacts as (
    select distinct
        borrowers.case_id,
        borrowers.borrower_id,
        'shares_' || theirs.contact as code,
        related.party_id as other_id,
        cast(null as text) as role_id
    from borrowers
    inner join stated as theirs on borrowers.borrower_id = theirs.party_id
    inner join own on theirs.contact = own.contact and theirs.written = own.written
    inner join stated as others on theirs.contact = others.contact and theirs.written = others.written
    inner join related on borrowers.case_id = related.case_id and others.party_id = related.party_id
),

officers as (
    select
        borrowers.case_id,
        borrowers.borrower_id,
        'shares_officer' as code,
        related.party_id as other_id,
        unnest([mine.role_id, others.role_id]) as role_id
    from borrowers
    inner join roles as mine on borrowers.borrower_id = mine.entity_id
    inner join roles as others on mine.person_id = others.person_id
    inner join related on borrowers.case_id = related.case_id and others.entity_id = related.party_id
    inner join parties on related.party_id = parties.party_id
    where
        mine.role in ('legal_representative', 'director', 'senior_manager')
        and others.role in ('legal_representative', 'director', 'senior_manager')
        and not coalesce(mine.claimed_only, false)
        and not coalesce(others.claimed_only, false)
        and coalesce(mine.valid_from, borrowers.last_on) <= borrowers.last_on
        and (mine.valid_to is null or mine.valid_to > borrowers.first_on)
        and coalesce(others.valid_from, borrowers.last_on) <= borrowers.last_on
        and (others.valid_to is null or others.valid_to > borrowers.first_on)
),

shared as (
    select
        case_id,
        borrower_id,
        list_sort(list_distinct(list(code))) as codes,
        list_sort(list_distinct(list(other_id))) as other_ids,
        list_sort(list_distinct(list(role_id) filter (where role_id is not null))) as role_ids
    from (
        select * from contacts
        union all
        select * from officers
    ) as both_kinds
    group by case_id, borrower_id
)

select
    borrowers.*,
    shared.codes,
    shared.other_ids,
    shared.role_ids,
    case
        when borrowers.kind is not null and shared.borrower_id is not null then 'hit'
        when borrowers.kind is null then 'company_kind_unknown'
        when
            not exists (
                select 1 from holdings
                where
                    holdings.held_id = borrowers.own_id
                    and coalesce(holdings.valid_from, $as_of) <= $as_of
                    and (holdings.valid_to is null or holdings.valid_to > $as_of)
            ) then 'company_related_unknown'
        when borrowers.address is null then 'company_address_unknown'
        else 'clear'
    end as verdict
from borrowers
left join shared on borrowers.case_id = shared.case_id and borrowers.borrower_id = shared.borrower_id;

-- hits: the borrower, the principal of its loans, and who shares what
select
    case_id,
    borrower_id as subject_id,
    cast(principal_yuan as decimal(18, 2)) as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        list_transform(loan_ids, lambda loan_id: { 'table': 'loans', 'id': loan_id }),
        list_transform(list_concat([borrower_id], other_ids), lambda party_id: { 'table': 'parties', 'id': party_id }),
        list_transform(coalesce(role_ids, []), lambda held: { 'table': 'roles', 'id': held })
    ) as evidence,
    list_transform(codes, lambda code: { 'code': code, 'v': cast(len(other_ids) as text) }) as detail
from facts
where verdict = 'hit';

-- coverage: companies that borrowed and are not related; tested: those whose address is known, where holders are on record
select
    scope.case_id,
    count(facts.borrower_id) as population,
    count(facts.borrower_id) filter (where facts.verdict in ('hit', 'clear')) as tested,
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
        { 'code': 'company_kind_unknown', 'v': count(*) filter (where facts.verdict = 'company_kind_unknown') },
        { 'code': 'company_related_unknown', 'v': count(*) filter (where facts.verdict = 'company_related_unknown') },
        { 'code': 'company_address_unknown', 'v': count(*) filter (where facts.verdict = 'company_address_unknown') }
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
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
