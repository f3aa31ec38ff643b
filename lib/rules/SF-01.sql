/*+++
id = "SF-01"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "parties"]
params = {}
derive = {}

[title]
zh = "机构以自身名义在本平台融资"
en = "The platform borrows on itself"

[logic]
zh = """\
借款人就是本机构或其运营主体 (编号或统一社会信用代码相同; 名称与本机构现用名、曾用名相同而信用代码不相异的, 须核对,\
 不能检验); 已撤销、流标的合同除外。"""
en = """\
The borrower is the institution or its operating company: the same id or credit code. One that bears its \
present or a former name, with no code that differs, must be looked at and cannot be tested. Cancelled \
contracts are left out."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "3, 10(1)"
checked = "text"

[[innocent]]
zh = "未成标的测试标"
en = "A test listing that was never funded"

[[innocent]]
zh = "同名的另一家公司 (比对信用代码)"
en = "Another company of the same name: compare the credit codes"
+++*/
-- facts: one row per loan of the platform that was not cancelled
with own_names as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        parties.uscc,
        list_filter(
            list_transform(
                string_split(concat_ws(';', institutions.name, parties.name, parties.former_names), ';'),
                lambda name: translate(upper(regexp_replace(name, '[\s　]+', '', 'g')), '（）', '()')
            ),
            lambda name: name <> ''
        ) as names
    from scope
    left join institutions on scope.institution_id = institutions.institution_id
    left join parties on scope.party_id = parties.party_id
),

asked as (
    select
        own_names.*,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        loans.due_on,
        borrowers.uscc as borrower_uscc,
        borrowers.kind,
        borrowers.party_id is not null as is_described,
        translate(upper(regexp_replace(borrowers.name, '[\s　]+', '', 'g')), '（）', '()') as borrower_name
    from own_names
    inner join loans on own_names.institution_id = loans.institution_id
    left join parties as borrowers on loans.borrower_id = borrowers.party_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
        and not coalesce(loans.status ~ '撤销|流标|取消|作废|[Cc]ancel', false)
)

select
    *,
    case
        when borrower_id in (party_id, institution_id) then 'hit'
        when upper(borrower_uscc) = upper(uscc) and borrower_uscc <> '' then 'hit'
        when borrower_id is null then 'unknown_borrower'
        when
            coalesce(kind <> 'person', true)
            and list_contains(names, borrower_name)
            and (nullif(borrower_uscc, '') is null or nullif(uscc, '') is null) then 'namesake'
        else 'clear'
    end as verdict
from asked;

-- hits: the contract and its principal
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    signed_on as first_on,
    due_on as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        case when is_described then [{ 'table': 'parties', 'id': borrower_id }] else [] end
    ) as evidence,
    case
        when borrower_id in (party_id, institution_id) then [{ 'code': 'borrower_is_platform', 'v': '1' }]
        else [{ 'code': 'borrower_same_code', 'v': '1' }]
    end as detail
from facts
where verdict = 'hit';

-- coverage: contracts signed under the measures; tested: those whose borrower can be told from the institution
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
        { 'code': 'unknown_borrower', 'v': count(*) filter (where facts.verdict = 'unknown_borrower') },
        { 'code': 'namesake', 'v': count(*) filter (where facts.verdict = 'namesake') }
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
