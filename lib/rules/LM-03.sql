/*+++
id = "LM-03"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments", "parties"]
params = {}
derive = {owed_in_all = {cap_yuan = 1000000, signed_from = 2016-08-24}}

[title]
zh = "自然人在全部平台的借款余额合计超过 {cap_yuan} 元"
en = "Natural person above the cap of all platforms of {cap_yuan} yuan"

[logic]
zh = "同一自然人在数据内全部平台的日终待偿本金合计 (只计 {signed_from} 办法施行起签订的合同) 的最高值超过 {cap_yuan} 元; 等于上限不算; 本平台当时有未还借款的, 列为本平台的疑点。"
en = """\
The highest end-of-day principal that one natural person owes on all platforms in the data together \
(contracts signed under the measures only, from {signed_from} on) is above {cap_yuan} yuan; the cap itself is allowed. A lead \
for each platform that was owed something then."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "17"
checked = "text"

[[innocent]]
zh = "只见到数据库内的平台; 同一证件号的两人需核对原件"
en = "Only platforms in the data are seen; two people under one number: look at the documents"

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
    [{ 'code': 'peak_on', 'v': cast(peak_on as text) }, { 'code': 'platforms', 'v': cast(platforms as text) }] as detail
from owed_in_all
where certain and kind = 'person';

-- coverage: loans of the platform signed under the measures; tested are those of a person who is above the cap for certain, or
-- below it whatever was repaid, if it can be told apart by a number and every platform's contracts are held
with silent as (
    select count(*) as platforms
    from institutions
    where
        coalesce(nullif(business_types, ''), '网贷') ~ '网贷|网络借贷|P2P|小额贷款|网络小贷'
        and not exists (select 1 from loans where loans.institution_id = institutions.institution_id)
),

asked as (
    select
        scope.case_id,
        case
            when coalesce(loans.signed_on, loans.started_on) > $as_of then 'later'
            when coalesce(loans.signed_on, loans.started_on) < $signed_from then 'legacy'
            when coalesce(loans.signed_on, loans.started_on) is null then 'unknown_day'
            when loans.borrower_id is null then 'unknown_borrower'
            when parties.kind is null then 'unknown_kind'
            when loans.principal_yuan is null then 'unknown_principal'
            when above.certain then 'tested'
            when not above.certain then 'unknown_repaid'
            when parties.id_number is null or parties.id_number = '' or contains(parties.id_number, '*') then 'unknown_number'
            when silent.platforms > 0 then 'elsewhere'
            else 'tested'
        end as verdict
    from scope
    cross join silent
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    left join owed_in_all as above on scope.case_id = above.case_id and loans.borrower_id = above.borrower_id
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
        { 'code': 'unknown_repaid', 'v': count(*) filter (where asked.verdict = 'unknown_repaid') },
        { 'code': 'unknown_number', 'v': count(*) filter (where asked.verdict = 'unknown_number') },
        {
            'code': 'platforms_without_loans',
            'v': case when bool_or(asked.verdict = 'elsewhere') then (select silent.platforms from silent) else 0 end
        }
    ] as why_not,
    [
        { 'code': 'legacy_loans', 'v': count(*) filter (where asked.verdict = 'legacy') },
        { 'code': 'platforms_seen', 'v': (select count(distinct loans.institution_id) from loans) }
    ] as note
from scope
left join asked on scope.case_id = asked.case_id
group by scope.case_id, scope.institution_id;
