/*+++
id = "LM-01"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments", "parties"]
params = {}
derive = {owed_at_platform = {cap_yuan = 200000, signed_from = 2016-08-24}}

[title]
zh = "自然人在单个平台的借款余额超过 {cap_yuan} 元"
en = "Natural person above the single-platform cap of {cap_yuan} yuan"

[logic]
zh = "同一自然人在本平台的日终待偿本金 (本金减已还本金, 只计 {signed_from} 办法施行起签订的合同) 的最高值超过 {cap_yuan} 元; 等于上限不算。"
en = """\
The highest end-of-day principal that one natural person owes on the platform (principal less principal \
repaid, contracts signed under the measures only, from {signed_from} on) is above {cap_yuan} yuan; the cap itself is allowed."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "17"
checked = "text"

[[innocent]]
zh = "个体工商户或企业的借款被登记在经营者个人名下"
en = "A sole trader's or company's loan recorded under the person's name"

[[innocent]]
zh = "合同已撤销或流标, 未实际放款; 或线下还款未记入还款表"
en = "The contract was cancelled or never paid out, or a repayment off line is not in the records"
+++*/
-- hits: the person, the highest amount certainly owed, the first and last day above the cap, the loans open at the peak
select
    case_id,
    borrower_id as subject_id,
    peak_yuan as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_transform(loan_ids, lambda loan_id: { 'table': 'loans', 'id': loan_id }) as evidence,
    [{ 'code': 'peak_on', 'v': cast(peak_on as text) }] as detail
from owed_at_platform
where certain and kind = 'person';

-- coverage: loans of the platform signed under the measures; tested are those of a person who is above the cap for certain,
-- or below it whatever was repaid
with asked as (
    select
        scope.case_id,
        case
            when coalesce(loans.signed_on, loans.started_on) > $as_of then 'later'
            when coalesce(loans.signed_on, loans.started_on) < $signed_from then 'legacy'
            when coalesce(loans.signed_on, loans.started_on) is null then 'unknown_day'
            when loans.borrower_id is null then 'unknown_borrower'
            when parties.kind is null then 'unknown_kind'
            when loans.principal_yuan is null then 'unknown_principal'
            when not above.certain then 'unknown_repaid'
            else 'tested'
        end as verdict
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    left join owed_at_platform as above on scope.case_id = above.case_id and loans.borrower_id = above.borrower_id
    where coalesce(parties.kind, 'person') = 'person'
)

select
    scope.case_id,
    count(asked.verdict) filter (where asked.verdict not in ('later', 'legacy')) as population,
    count(asked.verdict) filter (where asked.verdict = 'tested') as tested,
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
        { 'code': 'unknown_borrower', 'v': count(*) filter (where asked.verdict = 'unknown_borrower') },
        { 'code': 'unknown_kind', 'v': count(*) filter (where asked.verdict = 'unknown_kind') },
        { 'code': 'unknown_day', 'v': count(*) filter (where asked.verdict = 'unknown_day') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where asked.verdict = 'unknown_principal') },
        { 'code': 'unknown_repaid', 'v': count(*) filter (where asked.verdict = 'unknown_repaid') }
    ] as why_not,
    [{ 'code': 'legacy_loans', 'v': count(*) filter (where asked.verdict = 'legacy') }] as note
from scope
left join asked on scope.case_id = asked.case_id
group by scope.case_id, scope.institution_id;
