/*+++
id = "SF-06"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "holdings"]
params = {}
derive = {related = {}, register_controllers = {}}

[title]
zh = "关联担保"
en = "Related guarantor"

[logic]
zh = "担保人属于本机构的关联方; 或担保人和借款人都是企业, 且在同一最终控制人之下。"
en = """\
The guarantor is a related party of the institution; or guarantor and borrower are both companies under one \
ultimate controller."""

[[basis]]
law.zh = "融资担保公司监督管理条例 (国务院令第683号)"
law.en = "Regulation on Financing Guarantee Companies (State Council Decree 683)"
article = "17"
checked = "text"

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "10(3)"
checked = "text"

[[innocent]]
zh = "已披露的集团内部担保"
en = "A guarantee within a group that is disclosed"

[[innocent]]
zh = "关联关系在签约之后才形成"
en = "The relation began only after signing"
+++*/
-- facts: one row per loan of the platform signed under the measures, and how its guarantor is related
with controlled as (
    select
        below.entity_id,
        below.controller_id
    from register_controllers as below
    left join register_controllers as above on below.controller_id = above.entity_id
    where above.entity_id is null
),

guaranteed as (
    select distinct institution_id
    from loans
    where nullif(guarantor_id, '') is not null
),

asked as (
    select
        scope.case_id,
        scope.party_id as own_id,
        loans.loan_id,
        loans.borrower_id,
        nullif(loans.guarantor_id, '') as guarantor_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        loans.due_on,
        guaranteed.institution_id is not null as has_guarantors,
        related.reason,
        (
            select min(one.controller_id)
            from controlled as one
            inner join controlled as other on one.controller_id = other.controller_id
            where
                one.entity_id = loans.guarantor_id
                and other.entity_id = loans.borrower_id
                and loans.guarantor_id <> loans.borrower_id
        ) as controller_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join guaranteed on loans.institution_id = guaranteed.institution_id
    left join related on scope.case_id = related.case_id and loans.guarantor_id = related.party_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
),

held as (
    select distinct held_id
    from holdings
    where coalesce(valid_from, $as_of) <= $as_of and (valid_to is null or valid_to > $as_of)
)

select
    asked.*,
    case
        when asked.reason is not null or asked.controller_id is not null then 'hit'
        when asked.guarantor_id is null and not asked.has_guarantors then 'no_guarantors'
        when asked.guarantor_id is null then 'clear'
        when own.held_id is null then 'related_unknown'
        when asked.borrower_id is null then 'unknown_borrower'
        when parties.kind is null then 'guarantor_kind_unknown'
        when parties.kind <> 'person' and guarantors.held_id is null then 'guarantor_holders_unknown'
        else 'clear'
    end as verdict
from asked
left join parties on asked.guarantor_id = parties.party_id
left join held as own on asked.own_id = own.held_id
left join held as guarantors on asked.guarantor_id = guarantors.held_id;

-- hits: the contract, the principal that is guaranteed, and the relation
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    signed_on as first_on,
    due_on as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        case
            when guarantor_id in (select parties.party_id from parties) then [{ 'table': 'parties', 'id': guarantor_id }]
            else []
        end
    ) as evidence,
    list_filter(
        [
            { 'code': 'guarantor_related', 'v': case when reason is not null then '1' end },
            { 'code': 'guarantor_same_controller', 'v': case when controller_id is not null then '1' end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts signed under the measures; tested: those without a guarantor where others have one, and those whose
-- guarantor's holders are on record
select
    scope.case_id,
    count(facts.loan_id) as population,
    count(facts.loan_id) filter (where facts.verdict in ('hit', 'clear')) as tested,
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
        { 'code': 'no_guarantors', 'v': count(*) filter (where facts.verdict = 'no_guarantors') },
        { 'code': 'related_unknown', 'v': count(*) filter (where facts.verdict = 'related_unknown') },
        { 'code': 'unknown_borrower', 'v': count(*) filter (where facts.verdict = 'unknown_borrower') },
        { 'code': 'guarantor_kind_unknown', 'v': count(*) filter (where facts.verdict = 'guarantor_kind_unknown') },
        { 'code': 'guarantor_holders_unknown', 'v': count(*) filter (where facts.verdict = 'guarantor_holders_unknown') }
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
