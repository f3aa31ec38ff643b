/*+++
id = "LU-03"
severity = "prohibited"
in_force = {from = "2017-05-27"}
needs = ["loans", "parties"]
params = {min_age = 16, max_age = 24}
derive = {}

[title]
zh = "校园贷 (向在校学生放贷)"
en = "Lending to students"

[logic]
zh = """\
签约日借款人标明为学生且未超过 {max_age} 周岁 (年龄未知的也算); 或年龄在 {min_age} 至 {max_age} 周岁 (含)、未标明不是学生,\
 且地址、邮箱为学校, 或合同、标的文本含学生、校园、学院、大学、助学、培训贷、求职贷、回租字样。"""
en = """\
On the day of signing the borrower is marked as a student and no older than {max_age} (or of unknown age); \
or is {min_age} to {max_age} years old, not marked as none, and has a school's address or e-mail, or the \
texts of the contract speak of students, campus, colleges, training, job or lease-back loans."""

[[basis]]
law.zh = "关于进一步加强校园贷规范管理工作的通知 (银监发〔2017〕26号): 一律暂停网贷机构开展校园贷"
law.en = "Notice on Campus Lending (2017) 26: platforms must suspend all of it"
article = "-"
checked = "text"

[[basis]]
law = {zh = "年龄界限与字样为设计设定", en = "Ages and words: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "学校教职工, 或住在学校附近"
en = "Staff of a school, or a neighbour of one"

[[innocent]]
zh = "成年在职进修"
en = "An adult who studies beside a job"
+++*/
-- facts: one row per loan of the platform to a person, or to somebody of unknown kind, signed since campus lending is suspended
with asked as (
    select
        scope.case_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        parties.kind,
        parties.student,
        nullif(parties.address, '') as address,
        parties.email,
        coalesce(
            parties.born_on,
            case length(parties.id_number)
                when 18 then try_strptime(parties.id_number[7:14], '%Y%m%d')
                when 15 then try_strptime('19' || parties.id_number[7:12], '%Y%m%d')
            end
        ) as born,
        regexp_extract(
            concat_ws(' ', loans.purpose, projects.title, projects.purpose, projects.product_type),
            '学生|校园|学院|大学|助学|培训贷|求职贷|回租'
        ) as words
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    left join projects on loans.project_id = projects.project_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
        and coalesce(parties.kind, 'person') = 'person'
),

aged as (
    select
        *,
        coalesce(address ~ '大学|学院|学校|职校|技校|学生公寓|学生宿舍', false) as at_school,
        coalesce(lower(email) ~ '\.edu(\.cn)?\z', false) as by_mail,
        signed_on < cast(born + to_years($min_age) as date) as too_young,
        signed_on >= cast(born + to_years($max_age + 1) as date) as too_old
    from asked
)

select
    *,
    case
        when borrower_id is null then 'unknown_borrower'
        when kind is null then 'unknown_kind'
        when signed_on is null then 'unknown_day'
        when student and not coalesce(too_old, false) then 'hit'
        when student is not null or too_old or too_young then 'clear'
        when born is null then 'unknown_birth'
        when at_school or by_mail or words <> '' then 'hit'
        else 'student_unknown'
    end as verdict
from aged;

-- hits: the contract and what tells of a student
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    signed_on as first_on,
    signed_on as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'loans', 'id': loan_id }, { 'table': 'parties', 'id': borrower_id }] as evidence,
    list_filter(
        [
            { 'code': 'marked_student', 'v': case when student then '1' end },
            { 'code': 'years_old', 'v': cast(year(age(cast(signed_on as timestamp), cast(born as timestamp))) as text) },
            { 'code': 'school_address', 'v': case when at_school then '1' end },
            { 'code': 'school_mail', 'v': case when by_mail then '1' end },
            { 'code': 'purpose_says', 'v': nullif(words, '') }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts of persons; tested: those of whom it is known whether they study, or whose age rules it out
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
        { 'code': 'unknown_kind', 'v': count(*) filter (where facts.verdict = 'unknown_kind') },
        { 'code': 'unknown_day', 'v': count(*) filter (where facts.verdict = 'unknown_day') },
        { 'code': 'unknown_birth', 'v': count(*) filter (where facts.verdict = 'unknown_birth') },
        { 'code': 'student_unknown', 'v': count(*) filter (where facts.verdict = 'student_unknown') }
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
