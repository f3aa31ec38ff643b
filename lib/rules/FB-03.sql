/*+++
id = "FB-03"
severity = "watch"
in_force = {from = "2016-08-24"}
needs = ["loans", "parties"]
params = {score = 3, young_days = 90, capital_times = 5, watched_days = 90, addresses = 5, offices = 5, gone_days = 180}
derive = {}

[title]
zh = "新设或空壳借款企业"
en = "New or shell company as borrower"

[logic]
zh = """\
借款企业具备下列特征 {score} 项以上 (含): 签约时成立不足 {young_days} 天; 实缴出资为零; 借款本金超过实缴出资的 {capital_times} \
倍; 有流水的至少 {watched_days} 天内没有缴税、社保或发放工资; 登记地址由 {addresses} 家以上 (含) 借款企业共用; 法定代表人任职 \
{offices} 家以上 (含) 企业; 起息后不足 {gone_days} 天注销。"""
en = """\
A company that borrows has {score} or more of these signs: registered less than {young_days} days before \
signing; nothing paid in; principal above {capital_times} times what was paid in; no taxes, social insurance \
or wages paid in statements of {watched_days} days or more; an address shared by {addresses} or more \
borrowing companies; a legal representative of {offices} or more companies; struck off less than {gone_days} \
days after the loan began."""

[[basis]]
law.zh = "郑经管办〔2018〕109号 抽样核查 借款企业基础信息"
law.en = "Notice Zheng Jing Guan Ban (2018) 109, sampling: basic facts of borrowing companies"
article = "二(二)2"
checked = "text"

[[basis]]
law = {zh = "各项特征及界限为设计设定", en = "Signs and limits: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "真实的初创企业"
en = "A true start-up"

[[innocent]]
zh = "工资、税款由集团内其他企业或其他账户支付"
en = "Wages and taxes are paid by the group or from another account"

[[innocent]]
zh = "孵化器、园区的集中登记地址"
en = "An incubator's address"
+++*/
-- facts: one row per loan of the platform to a company, and its signs: true, false, or null where nothing tells
with asked as (
    select
        scope.case_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.signed_on, loans.started_on) as on_day,
        coalesce(loans.started_on, loans.signed_on) as start_on,
        parties.kind,
        parties.registered_on,
        nullif(regexp_replace(parties.address, '\s+', '', 'g'), '') as address,
        parties.status
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join parties on loans.borrower_id = parties.party_id
    where
        coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of
        and coalesce(parties.kind, 'company') in ('company', 'partnership')
),

borrowers as (
    select distinct borrower_id
    from asked
    where borrower_id is not null
),

capital as (
    select
        asked.case_id,
        asked.loan_id,
        list(holdings.holding_id order by holdings.holding_id) as holding_ids,
        case when count(*) = count(holdings.paid_in_yuan) then sum(holdings.paid_in_yuan) end as paid_in_yuan
    from asked
    inner join holdings on asked.borrower_id = holdings.held_id
    where
        coalesce(holdings.valid_from, asked.on_day) <= asked.on_day
        and (holdings.valid_to is null or holdings.valid_to > asked.on_day)
    group by asked.case_id, asked.loan_id
),

held as (
    select
        accounts.holder_id as borrower_id,
        accounts.account_id,
        coalesce(accounts.statement_from, min(cast(flows.at as date))) as from_on,
        coalesce(accounts.statement_to, max(cast(flows.at as date))) as to_on
    from borrowers
    inner join accounts on borrowers.borrower_id = accounts.holder_id
    left join flows on accounts.account_id = flows.account_id
    group by accounts.holder_id, accounts.account_id, accounts.statement_from, accounts.statement_to
),

watched as (
    select
        borrower_id,
        bool_and(from_on is not null and to_on is not null) as all_held,
        max(to_on - from_on + 1) as days
    from held
    group by borrower_id
),

staffed as (
    select distinct held.borrower_id
    from held
    inner join transfers on held.account_id = transfers.payer_account
    left join accounts as payees on transfers.payee_account = payees.account_id
    where payees.purpose = 'tax' or transfers.memo ~ '工资|薪|社保|社会保险|公积金|税'
),

addresses as (
    select
        nullif(regexp_replace(parties.address, '\s+', '', 'g'), '') as address,
        count(distinct parties.party_id) as companies
    from parties
    where
        parties.kind in ('company', 'partnership')
        and parties.party_id in (select loans.borrower_id from loans where loans.borrower_id is not null)
    group by nullif(regexp_replace(parties.address, '\s+', '', 'g'), '')
),

heads as (
    select
        asked.case_id,
        asked.loan_id,
        roles.person_id,
        roles.role_id
    from asked
    inner join roles on asked.borrower_id = roles.entity_id
    where
        roles.role = 'legal_representative'
        and not coalesce(roles.claimed_only, false)
        and coalesce(roles.valid_from, asked.on_day) <= asked.on_day
        and (roles.valid_to is null or roles.valid_to > asked.on_day)
),

offices as (
    select
        heads.case_id,
        heads.loan_id,
        count(distinct others.entity_id) as companies,
        list(distinct others.role_id order by others.role_id) as role_ids
    from heads
    inner join asked on heads.case_id = asked.case_id and heads.loan_id = asked.loan_id
    inner join roles as others on heads.person_id = others.person_id
    where
        others.role = 'legal_representative'
        and not coalesce(others.claimed_only, false)
        and coalesce(others.valid_from, asked.on_day) <= asked.on_day
        and (others.valid_to is null or others.valid_to > asked.on_day)
    group by heads.case_id, heads.loan_id
),

gone as (
    select
        asked.case_id,
        asked.loan_id,
        min(changes.changed_on) as gone_on,
        arg_min(changes.change_id, (changes.changed_on, changes.change_id)) as change_id
    from asked
    inner join registry_changes as changes on asked.borrower_id = changes.entity_id
    where
        changes.changed_on >= asked.start_on
        and changes.after_text ~ '注销'
        and changes.item ~ '状态|注销'
        and not changes.item ~ '公告|备案'
    group by asked.case_id, asked.loan_id
),

signs as (
    select
        asked.*,
        capital.paid_in_yuan,
        capital.holding_ids,
        offices.role_ids,
        gone.change_id,
        gone.gone_on,
        asked.on_day - asked.registered_on < $young_days as is_young,
        capital.paid_in_yuan = 0 as is_empty,
        asked.principal_yuan > capital.paid_in_yuan * $capital_times as is_large,
        case
            when staffed.borrower_id is not null then false
            when watched.all_held and watched.days >= $watched_days then true
        end as is_idle,
        addresses.companies >= $addresses as is_crowded,
        offices.companies >= $offices as is_serial,
        case
            when gone.gone_on is not null then gone.gone_on - asked.start_on < $gone_days
            when asked.status ~ '注销|cancelled' or asked.status is null then null
            else false
        end as is_gone
    from asked
    left join capital on asked.case_id = capital.case_id and asked.loan_id = capital.loan_id
    left join watched on asked.borrower_id = watched.borrower_id
    left join staffed on asked.borrower_id = staffed.borrower_id
    left join addresses on asked.address = addresses.address
    left join offices on asked.case_id = offices.case_id and asked.loan_id = offices.loan_id
    left join gone on asked.case_id = gone.case_id and asked.loan_id = gone.loan_id
),

scored as (
    select
        *,
        len(list_filter(signs_seen, lambda seen: seen)) as points,
        len(list_filter(signs_seen, lambda seen: seen is null)) as open_points
    from (
        select
            *,
            [is_young, is_empty, is_large, is_idle, is_crowded, is_serial, is_gone] as signs_seen
        from signs
    ) as seen
)

select
    *,
    case
        when kind is not null and points >= $score then 'hit'
        when borrower_id is null then 'unknown_borrower'
        when kind is null then 'unknown_kind'
        when on_day is null then 'unknown_day'
        when points + open_points >= $score then 'signs_unknown'
        else 'clear'
    end as verdict
from scored;

-- hits: the contract, its principal and every sign
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    on_day as first_on,
    on_day as last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }, { 'table': 'parties', 'id': borrower_id }],
        case
            when is_empty or is_large
                then list_transform(holding_ids, lambda holding_id: { 'table': 'holdings', 'id': holding_id })
            else []
        end,
        case when is_serial then list_transform(role_ids, lambda held: { 'table': 'roles', 'id': held }) else [] end,
        case when is_gone then [{ 'table': 'registry_changes', 'id': change_id }] else [] end
    ) as evidence,
    list_filter(
        [
            { 'code': 'shell_young', 'v': case when is_young then cast(registered_on as text) end },
            { 'code': 'shell_empty', 'v': case when is_empty then '1' end },
            { 'code': 'shell_large', 'v': case when is_large then cast(cast(paid_in_yuan as decimal(18, 2)) as text) end },
            { 'code': 'shell_idle', 'v': case when is_idle then '1' end },
            { 'code': 'shell_crowded', 'v': case when is_crowded then '1' end },
            { 'code': 'shell_serial', 'v': case when is_serial then '1' end },
            { 'code': 'shell_gone', 'v': case when is_gone then cast(gone_on as text) end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts of companies signed under the measures; tested: those whose unknown signs could not change the answer
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
        { 'code': 'signs_unknown', 'v': count(*) filter (where facts.verdict = 'signs_unknown') }
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
