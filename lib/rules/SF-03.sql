/*+++
id = "SF-03"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["loans", "flows", "accounts", "holdings"]
params = {share = 0.2, min_amount_yuan = 50000}
derive = {uses_of_funds = {hops = 4, days = 30}}

[title]
zh = "借款资金最终流入机构或关联方 (自融)"
en = "Loan proceeds end with the platform or its related parties"

[logic]
zh = """\
自放款起按比例法 (pro rata) 向前追踪, 至多 {hops} 跳、{days} 天; 流入机构及其关联方账户 (合同约定的服务费除外) 的金额达到放款额的 {share} 且不少于 \
{min_amount_yuan} 元。"""
en = """\
Traced forward from the payout pro rata, at most {hops} hops and {days} days: what reaches accounts of the \
institution and its related parties (contractual fees apart) is {share} of the payout or more, and at least \
{min_amount_yuan} yuan."""

[[basis]]
law = {zh = "网络借贷信息中介机构业务活动管理暂行办法", en = "Interim Measures for Online Lending Information Intermediaries"}
article = "10(1)"
checked = "text"

[[innocent]]
zh = "合同约定的服务费"
en = "Contractual service fees"

[[innocent]]
zh = "借款人归还以前借款的分期款"
en = "Instalments by which the borrower repays earlier loans"

[[innocent]]
zh = "借款人与关联方有真实交易 (请索取发票和合同)"
en = "The borrower genuinely trades with a related party (ask for invoices and contracts)"
+++*/
-- facts: one row per loan of the platform signed under the measures, or without a day, and what became of its payout
select
    scope.case_id,
    loans.loan_id,
    uses.disbursed_yuan,
    uses.related_yuan,
    uses.unknown_yuan,
    uses.transfer_ids,
    cast(uses.first_at as date) as first_on,
    cast(uses.last_at as date) as last_on,
    exists(
        select 1 from holdings
        where
            holdings.held_id = scope.party_id
            and coalesce(holdings.valid_from, $as_of) <= $as_of
            and (holdings.valid_to is null or holdings.valid_to > $as_of)
    ) as holders_known,
    -- in 38 digits: 18 would overflow, and a double would miss a share that is met exactly
    uses.related_yuan >= $min_amount_yuan
    and uses.related_yuan >= cast(uses.disbursed_yuan as decimal(38, 2)) * $share as hit,
    uses.related_yuan + uses.unknown_yuan >= $min_amount_yuan
    and uses.related_yuan + uses.unknown_yuan >= cast(uses.disbursed_yuan as decimal(38, 2)) * $share as open
from scope
inner join loans on scope.institution_id = loans.institution_id
left join uses_of_funds as uses
    on scope.case_id = uses.case_id and loans.loan_id = uses.loan_id and uses.disbursed_yuan > 0
where coalesce(loans.signed_on, loans.started_on, $as_of) between $in_force_from and $as_of;

-- hits: the loan, what reached related parties, first and last transfer; sure is the part of the payout whose end is known
select
    case_id,
    loan_id as subject_id,
    related_yuan as amount_yuan,
    first_on,
    last_on,
    greatest(1 - cast(unknown_yuan as double) / cast(disbursed_yuan as double), 0) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
    ) as evidence,
    list_filter(
        [
            { 'code': 'disbursed', 'v': cast(disbursed_yuan as text) },
            { 'code': 'end_unknown', 'v': case when unknown_yuan > 0 then cast(unknown_yuan as text) end }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where hit;

-- coverage: loans of the platform; tested: those whose payout was found and whose unknown part could not change the answer
select
    scope.case_id,
    count(facts.loan_id) as population,
    count(facts.loan_id) filter (where facts.hit or (facts.holders_known and not facts.open)) as tested,
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
        { 'code': 'no_disbursement', 'v': count(facts.loan_id) filter (where facts.disbursed_yuan is null) },
        { 'code': 'money_leaves_data', 'v': count(facts.loan_id) filter (where facts.open and not facts.hit) },
        {
            'code': 'related_unknown',
            'v': count(facts.loan_id) filter (where not facts.holders_known and not facts.hit and not facts.open)
        }
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
