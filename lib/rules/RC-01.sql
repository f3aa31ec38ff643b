/*+++
id = "RC-01"
severity = "major"
in_force = {}
needs = ["loans", "flows"]
params = {}
derive = {disbursements = {tol_yuan = 1.00, days = 3}, case_loans = {}}

[title]
zh = "有合同而无放款流水"
en = "Contract without disbursement"

[logic]
zh = "按合同编号, 否则按收款账户、金额 (相差不超过 {tol_yuan} 元) 和日期 (起息日前后 {days} 天), 在已覆盖的银行流水中找不到合同的放款; 分笔放款、一笔付多份合同、扣费后放款也算放款。"
en = """\
No payout of the contract is found in statements that cover it: by contract number, else by receiving \
account, amount (within {tol_yuan} yuan) and day (within {days} days of the start); a payout in parts, \
of several contracts at once, or less a deduction counts as one."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号 抽样核查 业务真实性", en = "Notice Zheng Jing Guan Ban (2018) 109, sampling: genuineness of business"}
article = "二(二)2"
checked = "text"

[[innocent]]
zh = "放款付至借款人的其他账户, 该账户流水未提供"
en = "Paid to another account of the borrower, whose statements were not delivered"

[[innocent]]
zh = "合同已撤销或流标"
en = "The contract was cancelled or never filled"
+++*/
-- facts: one row per loan of the case signed up to the day asked, and whether its payout was found
select distinct
    case_loans.case_id,
    loans.loan_id,
    loans.principal_yuan,
    coalesce(loans.started_on, loans.signed_on) as start_on,
    coalesce(disbursements.outcome, 'not_covered') as outcome
from case_loans
inner join loans on case_loans.loan_id = loans.loan_id
left join disbursements on case_loans.case_id = disbursements.case_id and case_loans.loan_id = disbursements.loan_id
where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of;

-- hits: the contract
select
    case_id,
    loan_id as subject_id,
    principal_yuan as amount_yuan,
    start_on as first_on,
    start_on as last_on,
    cast(1 as double) as confidence,
    [{ 'table': 'loans', 'id': loan_id }] as evidence
from facts
where outcome = 'missing';

-- coverage: the case's contracts; tested where a payout was found or statements cover the days on which it should be
select
    scope.case_id,
    count(facts.loan_id) as population,
    count(facts.loan_id) filter (where facts.outcome not in ('not_covered', 'unclear')) as tested,
    [
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null and count(facts.loan_id) = 0 and exists (select 1 from loans) as bigint
            )
        },
        { 'code': 'not_covered', 'v': count(facts.loan_id) filter (where facts.outcome = 'not_covered') },
        { 'code': 'unclear_payout', 'v': count(facts.loan_id) filter (where facts.outcome = 'unclear') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
