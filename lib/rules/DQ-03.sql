/*+++
id = "DQ-03"
severity = "dq"
in_force = {}
needs = ["parties"]
params = {}
derive = {case_loans = {}, case_accounts = {}, related = {}}

[title]
zh = "证件号、统一社会信用代码或卡号未通过校验"
en = "Identity numbers, credit codes or card numbers that fail their check"

[logic]
zh = """\
本案借款人、出借人、关联方的身份证号 (含出生日期) 和统一社会信用代码, 以及个人账户的卡号, 校验位、长度、字符或日期不符, 或末位被表格软件变为零; \
15 位旧证号只查日期, 企业账号没有校验位。"""
en = """\
Identity numbers (with the day of birth in them) and credit codes of borrowers, lenders and related parties, and card \
numbers of persons, whose check digit, length, characters or date is wrong, or whose last digits a spreadsheet has made zeros; \
of old numbers of 15 digits the date alone is checked, and accounts of companies have no check digit."""

[[basis]]
law = {zh = "GB 11643 公民身份号码; GB 32100 统一社会信用代码; ISO/IEC 7812 卡号", en = "GB 11643, GB 32100, ISO/IEC 7812"}
article = "-"
checked = "memory"

[[innocent]]
zh = "录入、识别或导出错误, 主体本身有效"
en = "Typed, recognised or exported wrongly; the party itself is genuine"

[[innocent]]
zh = "港澳台居民、外籍人员的证件"
en = "Papers of persons from Hong Kong, Macau, Taiwan or abroad"
+++*/
-- facts: one row per party and account of the case with a number, and what is wrong with it (never the number itself)
with case_parties as (
    select
        case_id,
        party_id
    from related
    union
    select
        case_loans.case_id,
        loans.borrower_id as party_id
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    where loans.borrower_id is not null
    union
    select
        case_loans.case_id,
        loans.lender_id as party_id
    from case_loans
    inner join loans on case_loans.loan_id = loans.loan_id
    where loans.lender_id is not null
),

bad as (
    -- flags keep the ids that files give
    select
        flags.table_name,
        coalesce(party_ids.resolved_id, flags.row_id) as subject_id,
        list(distinct flags.reason order by flags.reason) as reasons,
        list(distinct flags.column_name order by flags.column_name) as column_names
    from flags
    left join party_ids on flags.table_name = 'parties' and flags.row_id = party_ids.party_id
    where flags.table_name in ('parties', 'accounts')
    group by flags.table_name, coalesce(party_ids.resolved_id, flags.row_id)
)

select
    case_parties.case_id,
    'parties' as table_name,
    case_parties.party_id as subject_id,
    parties.id_number is not null or parties.uscc is not null as numbered,
    bad.reasons,
    bad.column_names
from case_parties
left join parties on case_parties.party_id = parties.party_id
left join bad on bad.table_name = 'parties' and case_parties.party_id = bad.subject_id
union all
select
    case_accounts.case_id,
    'accounts' as table_name,
    accounts.account_id as subject_id,
    true as numbered,
    bad.reasons,
    bad.column_names
from case_accounts
inner join accounts on case_accounts.account_id = accounts.account_id
left join bad on bad.table_name = 'accounts' and accounts.account_id = bad.subject_id;

-- hits: the party or the account
select
    case_id,
    subject_id,
    cast(null as decimal(18, 2)) as amount_yuan,
    cast(null as date) as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    [{ 'table': table_name, 'id': subject_id }] as evidence,
    list_concat(
        list_transform(column_names, lambda name: { 'code': 'number_' || name, 'v': '1' }),
        list_transform(reasons, lambda reason: { 'code': 'it_' || reason, 'v': '1' })
    ) as detail
from facts
where reasons is not null;

-- coverage: parties and accounts of the case; tested are those with a number, or one that failed
select
    scope.case_id,
    count(facts.subject_id) filter (where facts.table_name = 'accounts' or facts.subject_id is distinct from scope.party_id)
    + 1 as population,
    count(facts.subject_id) filter (where facts.numbered or facts.reasons is not null) as tested,
    [
        {
            'code': 'parties_without_number',
            'v': 1 + count(facts.subject_id) filter (
                where facts.table_name = 'parties' and facts.subject_id is distinct from scope.party_id
            ) - count(facts.subject_id) filter (
                where facts.table_name = 'parties' and (facts.numbered or facts.reasons is not null)
            )
        }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.party_id;
