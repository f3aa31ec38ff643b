/*+++
id = "LM-05"
severity = "major"
in_force = {from = "2016-08-24"}
needs = ["loans", "repayments", "parties", "holdings"]
params = {person_cap_yuan = 200000}
derive = {owed_by_group = {cap_yuan = 1000000, signed_from = 2016-08-24}}

[title]
zh = "同一控制集团在单个平台合并超过 {cap_yuan} 元"
en = "Group under one controller above {cap_yuan} yuan on one platform"

[logic]
zh = """\
基准日在同一最终控制人 (表决权过半或协议控制, 可多层) 之下、且没有其他最终控制人的借款人 (控制人自己也是借款人的一并计入) \
合并计算: 日终待偿本金 (只计 {signed_from} 起签订的合同) 的最高值超过 {cap_yuan} 元, 而最高日各成员都未超过自身上限 \
(自然人 {person_cap_yuan} 元, 其他 {cap_yuan} 元)。条文只限单个借款人, 本规则是穿透线索。"""
en = """\
Borrowers under one ultimate controller on the day asked (a majority of votes or control by contract, \
through any layers, and no other controller), the controller's own loans included: the highest end-of-day \
principal they owe together (contracts signed from {signed_from} on) is above {cap_yuan} yuan, while on that \
day no member is above its own cap ({person_cap_yuan} yuan for persons, {cap_yuan} for others). The article \
caps single borrowers: this is a look-through lead."""

[[basis]]
law.zh = "网络借贷信息中介机构业务活动管理暂行办法"
law.en = "Interim Measures for Online Lending Information Intermediaries"
article = "17"
checked = "text"

[[basis]]
law.zh = "互联网金融风险专项整治工作实施方案 (国办发〔2016〕21号): 穿透原则"
law.en = "Implementation Plan for the Special Rectification of Internet Finance Risks (2016) 21: look-through"
article = "-"
checked = "text"

[[basis]]
law = {zh = "合并口径为设计设定", en = "Adding up a group: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "第十七条以单个借款人为限, 集团成员各自独立经营"
en = "Article 17 caps single borrowers; the members run on their own"

[[innocent]]
zh = "控制关系在借款之后才形成"
en = "Control began only after the loans"
+++*/
-- hits: the controller, the highest amount certainly owed, the first and last day above the cap, the loans open at the peak
with owed as (
    select
        case_id,
        borrower_id,
        peak_yuan,
        peak_on,
        first_on,
        last_on,
        loan_ids,
        unnest(member_ids) as member_id,
        unnest(owed_yuan) as owed_yuan
    from owed_by_group
    where certain
),

members as (
    select
        case_id,
        borrower_id,
        member_id,
        peak_yuan,
        peak_on,
        first_on,
        last_on,
        loan_ids,
        sum(owed_yuan) as owed_yuan
    from owed
    group by all
),

weighed as (
    select
        members.case_id,
        members.borrower_id,
        members.peak_yuan,
        members.peak_on,
        members.first_on,
        members.last_on,
        members.loan_ids,
        count(*) as members,
        bool_and(parties.kind is not null) as kinds_known,
        bool_or(members.owed_yuan > case when parties.kind = 'person' then $person_cap_yuan else $cap_yuan end) as one_above
    from members
    left join parties on members.member_id = parties.party_id
    group by all
)

select
    case_id,
    borrower_id as subject_id,
    peak_yuan as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        list_transform(loan_ids, lambda loan_id: { 'table': 'loans', 'id': loan_id }),
        -- the holdings that are there now between the controller and the members that it holds itself
        coalesce(
            (
                select list({ 'table': 'holdings', 'id': holdings.holding_id } order by holdings.holding_id)
                from holdings
                inner join members
                    on holdings.held_id = members.member_id and holdings.holder_id = members.borrower_id
                where
                    members.case_id = weighed.case_id
                    and members.borrower_id = weighed.borrower_id
                    and coalesce(holdings.valid_from, $as_of) <= $as_of
                    and (holdings.valid_to is null or holdings.valid_to > $as_of)
            ),
            []
        )
    ) as evidence,
    [
        { 'code': 'one_controller', 'v': cast(members as text) },
        { 'code': 'peak_on', 'v': cast(peak_on as text) }
    ] as detail
from weighed
where members > 1 and kinds_known and not one_above;

-- coverage: loans of the platform signed under the measures; tested: those of borrowers whose controllers can be known, in
-- groups that are above the cap for certain, or below it whatever was repaid
with held as (
    select distinct held_id
    from holdings
    where coalesce(valid_from, $as_of) <= $as_of and (valid_to is null or valid_to > $as_of)
),

undecided as (
    select
        case_id,
        unnest(loan_ids) as loan_id
    from owed_by_group
    where not certain
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
            when parties.kind <> 'person' and held.held_id is null then 'group_unknown'
            when undecided.case_id is not null then 'unknown_repaid'
            else 'tested'
        end as verdict
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    left join held on loans.borrower_id = held.held_id
    left join undecided on scope.case_id = undecided.case_id and loans.loan_id = undecided.loan_id
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
        { 'code': 'group_unknown', 'v': count(*) filter (where asked.verdict = 'group_unknown') },
        { 'code': 'unknown_repaid', 'v': count(*) filter (where asked.verdict = 'unknown_repaid') }
    ] as why_not,
    [
        { 'code': 'legacy_loans', 'v': count(*) filter (where asked.verdict = 'legacy') }
    ] as note
from scope
left join asked on scope.case_id = asked.case_id
group by scope.case_id, scope.institution_id;
