/*+++
id = "CU-02"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "transfers", "accounts"]
params = {outside_share = 0.01}
derive = {}

[title]
zh = "合同资金在存管体系外流转 (体外循环)"
en = "Contract money that moves outside custody"

[logic]
zh = """\
存管户启用后, 按合同编号属于本平台合同的划转 (收费除外) 中, 收付双方都不是存管户 (存管总户、存管子账户) 的金额超过全部的 {outside_share}; \
对方账户不明或用途不明的不计入, 足以改变结果时不作认定。冲正及其对象不计。"""
en = """\
Of the transfers that name a contract of the platform (fees apart) since its custody account was opened, those whose sides are \
no custody accounts add up to more than {outside_share}; where a side or its purpose is unknown it is not counted, and \
nothing is said if that could change the answer. Reversals and what they undo are left out."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "10(2), 28"
checked = "text"

[[innocent]]
zh = "存管系统上线初期的存量合同按原路径结清"
en = "Contracts from before custody were settled on the old way"

[[innocent]]
zh = "存管子账户在账户表中登记为其他用途"
en = "Custody sub-accounts are registered under another purpose"
+++*/
-- facts: one row per transfer of a contract since custody began, and whether a side of it is a custody account
with custody as (
    select
        scope.case_id,
        scope.institution_id,
        min(coalesce(accounts.opened_on, $in_force_from)) as since_on
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    where scope.institution_id is not null and accounts.purpose in ('custody_total', 'custody_sub')
    group by scope.case_id, scope.institution_id
),

undone as (
    select transfer_id
    from transfers
    where reversal_of is not null
    union
    select reversal_of as transfer_id
    from transfers
    where reversal_of is not null
),

moved as (
    select
        custody.case_id,
        custody.institution_id,
        transfers.transfer_id,
        transfers.loan_id,
        cast(transfers.at as date) as on_day,
        transfers.amount_yuan,
        payer.purpose as payer_purpose,
        payee.purpose as payee_purpose,
        coalesce(payer.purpose in ('custody_total', 'custody_sub'), false)
        or coalesce(payee.purpose in ('custody_total', 'custody_sub'), false) as in_custody,
        payer.purpose is null or payee.purpose is null as unclear
    from custody
    inner join loans on custody.institution_id = loans.institution_id
    inner join transfers on loans.loan_id = transfers.loan_id
    left join undone on transfers.transfer_id = undone.transfer_id
    left join accounts as payer on transfers.payer_account = payer.account_id
    left join accounts as payee on transfers.payee_account = payee.account_id
    where
        transfers.kind is distinct from 'fee'
        and not coalesce(regexp_matches(transfers.memo, '手续费|服务费|管理费'), false)
        and cast(transfers.at as date) between greatest(custody.since_on, $in_force_from) and $as_of
        and undone.transfer_id is null
)

select
    *,
    case when in_custody then 'inside' when unclear then 'unclear' else 'outside' end as verdict
from moved;

-- hits: the institution, what moved outside custody
with summed as (
    select
        case_id,
        institution_id,
        sum(amount_yuan) as all_yuan,
        sum(amount_yuan) filter (where verdict = 'outside') as outside_yuan
    from facts
    group by case_id, institution_id
)

select
    facts.case_id,
    facts.institution_id as subject_id,
    cast(any_value(summed.outside_yuan) as decimal(18, 2)) as amount_yuan,
    min(facts.on_day) as first_on,
    max(facts.on_day) as last_on,
    cast(1 as double) as confidence,
    list({ 'table': 'transfers', 'id': facts.transfer_id } order by facts.on_day, facts.transfer_id) as evidence,
    [
        { 'code': 'outside_transfers', 'v': cast(count(*) as text) },
        {
            'code': 'outside_part',
            'v': format(
                '{:.2f}%', 100 * cast(any_value(summed.outside_yuan) as double) / cast(any_value(summed.all_yuan) as double)
            )
        }
    ] as detail
from facts
inner join summed on facts.case_id = summed.case_id
where facts.verdict = 'outside' and summed.outside_yuan > summed.all_yuan * $outside_share
group by facts.case_id, facts.institution_id;

-- coverage: transfers of the platform's contracts since custody began
with summed as (
    select
        case_id,
        count(*) as transfers,
        count(*) filter (where verdict = 'unclear') as unclear,
        coalesce(sum(amount_yuan) filter (where verdict <> 'inside'), 0) > sum(amount_yuan) * $outside_share
        and coalesce(sum(amount_yuan) filter (where verdict = 'outside'), 0) <= sum(amount_yuan) * $outside_share as open
    from facts
    group by case_id
),

custody as (
    select distinct scope.case_id
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    where accounts.purpose in ('custody_total', 'custody_sub')
)

select
    scope.case_id,
    coalesce(summed.transfers, 0) as population,
    coalesce(case when summed.open then summed.transfers - summed.unclear else summed.transfers end, 0) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'custody_unknown', 'v': cast(scope.institution_id is not null and custody.case_id is null as bigint) },
        {
            'code': 'no_contract_transfers',
            'v': cast(custody.case_id is not null and scope.institution_id is not null and summed.case_id is null as bigint)
        },
        { 'code': 'sides_unclear', 'v': case when summed.open then summed.unclear else 0 end }
    ] as why_not
from scope
left join summed on scope.case_id = summed.case_id
left join custody on scope.case_id = custody.case_id;
