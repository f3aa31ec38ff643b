/*+++
id = "EX-02"
severity = "major"
in_force = {}
needs = ["institutions", "licences", "loans", "repayments"]
params = {exit_by_on = 2018-12-31}
derive = {owed_by_loan = {}}

[title]
zh = "未按期退出或网站未关闭"
en = "Not exited in time, or the site still open"

[logic]
zh = """\
未纳入整改类的 P2P 和网络小额贷款平台, 在 {exit_by_on} 之后仍有待还本金 (按已知还款的上限扣除), 或其后最近一次核查时网站仍可访问; \
核查日持有保留网站的书面同意 (许可类型 site_notice) 的除外。"""
en = """\
After {exit_by_on}, a P2P or online micro-lending platform outside the class to be rectified still has principal owed to \
lenders (less all that may have been repaid), or its site answered when last looked at after that day; a written consent \
to keep the site (licence kind site_notice) valid on that day excuses it."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号", en = "Notice Zheng Jing Guan Ban (2018) 109"}
article = "二(三)1"
checked = "text"

[[innocent]]
zh = "网站经批准保留, 仅供债权公告, 批准文件未提供"
en = "The site is kept by consent for notices to creditors, and the consent was not delivered"

[[innocent]]
zh = "余额为和解、诉讼中或线下已兑付而未入还款表的债权"
en = "What is owed is in litigation or settlement, or was repaid off line and is not in the records"
+++*/
-- facts: one row per platform that is to leave, or may be: what is owed, and what the last look at its site saw
with holders as (
    select case_id, institution_id, institution_id as holder_id
    from scope
    where institution_id is not null
    union
    select case_id, institution_id, party_id as holder_id
    from scope
    where institution_id is not null
),

looks as (
    select
        holders.case_id,
        max(licences.site_checked_on) as checked_on,
        arg_max(licences.site_alive, licences.site_checked_on) as alive,
        arg_max(licences.licence_id, licences.site_checked_on) as look_id
    from holders
    inner join licences on holders.holder_id = licences.institution_id
    where
        licences.site_checked_on > $exit_by_on
        and licences.site_checked_on <= $as_of
        and licences.site_alive is not null
    group by holders.case_id
),

excused as (
    select distinct looks.case_id
    from looks
    inner join holders on looks.case_id = holders.case_id
    inner join licences on holders.holder_id = licences.institution_id
    where
        licences.kind = 'site_notice'
        and coalesce(licences.valid_from, looks.checked_on) <= looks.checked_on
        and (licences.valid_to is null or licences.valid_to > looks.checked_on)
),

balances as (
    select
        institution_id,
        sum(owed_low_yuan) as low_yuan,
        sum(owed_high_yuan) as high_yuan,
        count(*) filter (where owed_high_yuan is null) as unknown,
        list(loan_id order by loan_id) filter (where owed_low_yuan > 0) as loan_ids
    from owed_by_loan
    group by institution_id
)

select
    scope.case_id,
    institutions.institution_id,
    looks.checked_on,
    looks.look_id,
    balances.low_yuan,
    balances.loan_ids,
    excused.case_id is not null as excused,
    case
        when institutions.disposal_class is null then 'no_class'
        when institutions.disposal_class in ('rectify', '整改', '整改类') then 'rectified'
        when institutions.business_types is null then 'no_business_type'
        when not regexp_matches(institutions.business_types, '网络借贷|网贷|(?i:p2p)|网络小额|网络小贷') then 'other_business'
        when $as_of <= $exit_by_on then 'not_due'
        else 'asked'
    end as verdict,
    case
        when balances.institution_id is null then 'no_loans'
        when balances.low_yuan > 0 then 'open'
        when balances.high_yuan = 0 and balances.unknown = 0 then 'fine'
        else 'owed_unknown'
    end as balance,
    case
        when looks.case_id is null then 'site_not_checked'
        when looks.alive and excused.case_id is null then 'open'
        else 'fine'
    end as site
from scope
inner join institutions on scope.institution_id = institutions.institution_id
left join balances on scope.institution_id = balances.institution_id
left join looks on scope.case_id = looks.case_id
left join excused on scope.case_id = excused.case_id;

-- hits: the platform, what is certainly owed, from the day after the exit was due
select
    case_id,
    institution_id as subject_id,
    case when balance = 'open' then cast(low_yuan as decimal(18, 2)) end as amount_yuan,
    $exit_by_on + 1 as first_on,
    cast(null as date) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        case when site = 'open' then [{ 'table': 'licences', 'id': look_id }] else [] end,
        list_transform(coalesce(loan_ids, []), lambda loan_id: { 'table': 'loans', 'id': loan_id })
    ) as evidence,
    list_filter(
        [
            { 'code': 'site_answered_on', 'v': case when site = 'open' then cast(checked_on as text) end },
            { 'code': 'loans_owed', 'v': case when balance = 'open' then cast(len(loan_ids) as text) end }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where verdict = 'asked' and (balance = 'open' or site = 'open');

-- coverage: of each platform that is to leave, its balance and its site
select
    scope.case_id,
    2 * count(facts.case_id) filter (where facts.verdict not in ('rectified', 'other_business')) as population,
    count(facts.case_id) filter (where facts.verdict = 'asked' and facts.balance in ('open', 'fine'))
    + count(facts.case_id) filter (where facts.verdict = 'asked' and facts.site in ('open', 'fine')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_class', 'v': count(*) filter (where facts.verdict = 'no_class') },
        { 'code': 'no_business_type', 'v': count(*) filter (where facts.verdict = 'no_business_type') },
        { 'code': 'rectified', 'v': count(*) filter (where facts.verdict = 'rectified') },
        { 'code': 'no_exit_business', 'v': count(*) filter (where facts.verdict = 'other_business') },
        { 'code': 'not_due', 'v': count(*) filter (where facts.verdict = 'not_due') },
        { 'code': 'no_loans', 'v': count(*) filter (where facts.verdict = 'asked' and facts.balance = 'no_loans') },
        { 'code': 'owed_unknown', 'v': count(*) filter (where facts.verdict = 'asked' and facts.balance = 'owed_unknown') },
        {
            'code': 'site_not_checked_since',
            'v': count(*) filter (where facts.verdict = 'asked' and facts.site = 'site_not_checked')
        }
    ] as why_not,
    [{ 'code': 'site_by_consent', 'v': count(*) filter (where facts.excused) }] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
