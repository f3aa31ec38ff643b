/*+++
id = "LU-04"
severity = "major"
in_force = {}
needs = ["loans", "parties"]
params = {term_days = 30, principal_yuan = 5000}
derive = {disbursements = {tol_yuan = 1.00, days = 3}}

[title]
zh = "现金贷特征 (无用途、无场景、无抵押、小额或短期)"
en = "Features of cash loans: no purpose, scene or pledge, small or short"

[logic]
zh = """\
自然人的借款: 用途缺失或只写资金周转、消费等笼统字样, 文本没有抵押或质押, 约定收款账户和实际到账账户 (放款按合同编号,\
 否则按金额相差不超过 {tol_yuan} 元、起息日前后 {days} 天认定) 不属于借款人以外的企业 (无场景), 且期限不超过 {term_days} \
天或本金不超过 {principal_yuan} 元。签约早于141号文的, 另行注明。"""
en = """\
A loan of a natural person without a purpose or with a vague one (turnover, consumption), without a pledge \
in its texts, agreed and paid out (found by number, else within {tol_yuan} yuan and {days} days of the \
start) to no company's account (no scene), for {term_days} days or less or of {principal_yuan} yuan or less. \
Contracts from before notice 141 are marked."""

[[basis]]
law.zh = "关于规范整顿“现金贷”业务的通知 (整治办函〔2017〕141号, 2017-12-01 起)"
law.en = "Notice on Cash Loans (2017) 141, from 2017-12-01"
article = "一"
checked = "text"

[[basis]]
law = {zh = "金额、期限与字样为设计设定", en = "Amount, term and words: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "有消费场景的分期, 商家账户未提供"
en = "Instalments for goods, where the merchant's account is not known"
+++*/
-- facts: one row per loan of the platform to a person, or to somebody of unknown kind
with paid as (
    select
        ids.case_id,
        ids.loan_id,
        list(distinct transfers.payee_account) filter (where transfers.payee_account is not null) as accounts
    from (
        select
            case_id,
            loan_id,
            unnest(transfer_ids) as transfer_id
        from disbursements
    ) as ids
    inner join transfers on ids.transfer_id = transfers.transfer_id
    group by ids.case_id, ids.loan_id
),

-- a platform none of whose contracts has a purpose did not deliver the column
worded as (
    select distinct loans.institution_id
    from loans
    where nullif(loans.purpose, '') is not null
),

asked as (
    select
        scope.case_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        coalesce(loans.term_days, loans.due_on - coalesce(loans.started_on, loans.signed_on)) as term,
        parties.kind,
        coalesce(nullif(trim(loans.purpose), ''), nullif(trim(projects.purpose), '')) as purpose,
        concat_ws(' ', loans.purpose, projects.title, projects.purpose) as texts,
        worded.institution_id is not null as has_purposes,
        list_concat(coalesce(paid.accounts, []), [loans.disbursement_account]) as accounts
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join worded on loans.institution_id = worded.institution_id
    left join parties on loans.borrower_id = parties.party_id
    left join projects on loans.project_id = projects.project_id
    left join paid on scope.case_id = paid.case_id and loans.loan_id = paid.loan_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
        and coalesce(parties.kind, 'person') = 'person'
),

scened as (
    select distinct
        asked.case_id,
        asked.loan_id
    from asked
    inner join accounts on list_contains(asked.accounts, accounts.account_id)
    inner join parties on accounts.holder_id = parties.party_id
    where
        parties.kind <> 'person'
        and accounts.holder_id is distinct from asked.borrower_id
        and not coalesce(starts_with(accounts.purpose, 'custody_'), false)
        and coalesce(accounts.purpose, 'own') not in ('payment', 'tax', 'settlement')
),

signs as (
    select
        asked.*,
        purpose is null
        or regexp_full_match(
            regexp_replace(purpose, '[\s()（）,，.。:：]', '', 'g'),
            '(个人|日常|综合|短期|临时|其他|一般)*(消费|资金周转|周转|资金|应急|生活|用途|借款|现金|其他|其它|无)+(需求|使用|支出)?'
        ) as is_vague,
        texts ~ '抵押|质押' as is_pledged,
        scened.loan_id is not null as has_scene,
        principal_yuan <= $principal_yuan as is_small,
        term <= $term_days as is_short
    from asked
    left join scened on asked.case_id = scened.case_id and asked.loan_id = scened.loan_id
)

select
    *,
    case
        when not has_scene and not is_pledged and is_vague and has_purposes and kind = 'person' and (is_small or is_short)
            then 'hit'
        when has_scene or is_pledged or not is_vague then 'clear'
        when not (coalesce(is_small, true) or coalesce(is_short, true)) then 'clear'
        when borrower_id is null then 'unknown_borrower'
        when kind is null then 'unknown_kind'
        when not has_purposes then 'no_purposes'
        when is_small is null then 'unknown_principal'
        else 'unknown_term'
    end as verdict
from signs;

-- hits: the contract, its purpose, principal and term
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    signed_on as first_on,
    signed_on as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'loans', 'id': loan_id }] as evidence,
    list_filter(
        [
            { 'code': 'purpose_stated', 'v': coalesce(purpose, '-') },
            { 'code': 'small_loan', 'v': case when is_small then cast(principal_yuan as text) end },
            { 'code': 'short_loan', 'v': case when is_short then cast(term as text) end },
            { 'code': 'before_141', 'v': case when signed_on < date '2017-12-01' then '1' end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts of persons up to the day asked; tested: those of which enough is known
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
        { 'code': 'no_purposes', 'v': count(*) filter (where facts.verdict = 'no_purposes') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where facts.verdict = 'unknown_principal') },
        { 'code': 'unknown_term', 'v': count(*) filter (where facts.verdict = 'unknown_term') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
