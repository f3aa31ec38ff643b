/*+++
id = "PZ-01"
severity = "major"
in_force = {}
needs = ["loans", "flows", "repayments"]
params = {window_days = 3, share = 0.8, law_141_from = 2017-12-01}
derive = {disbursements = {tol_yuan = 1.00, days = 3}, loan_payments = {}}

[title]
zh = "借款人借新还旧"
en = "A borrower repays an older loan with a new one"

[logic]
zh = """\
同一借款人在本平台的新借款放款后 {window_days} 天内 (含当日), 归还其更早签订的借款 (银行流水与平台台账取大) \
合计达到新借款放款额的 {share}。\
放款按合同编号、收款账户对应, 相差不超过 {tol_yuan} 元、{days} 天。{law_141_from} 起签订的合同适用141号文, 并予注明。"""
en = """\
Within {window_days} days of the payout of a new loan (the day itself included) the same borrower repays loans of \
the platform signed earlier (by the bank or by the platform's ledger, whichever shows more) with {share} or more of the \
payout. Payouts are matched by contract or account within {tol_yuan} yuan and {days} days. Contracts signed from \
{law_141_from} on are under notice 141, and marked so."""

[[basis]]
law.zh = "关于规范整顿“现金贷”业务的通知 (整治办函〔2017〕141号) 禁止以贷还贷"
law.en = "Notice 141 of 2017 on cash loans: no lending to repay loans"
article = "-"
checked = "memory"

[[basis]]
law = {zh = "天数和比例 (本目录设定)", en = "Days and share (set by this catalogue)"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "季节性周转: 旧借款恰好到期, 以经营收入归还"
en = "Seasonal trade: the older loan fell due and was repaid from sales"

[[innocent]]
zh = "合同已披露的转贷产品, 或经批准的存量债务重组"
en = "A refinancing product that the contract discloses, or an approved restructuring of old debt"
+++*/
-- facts: one row per loan of the platform signed by the day asked, and what its borrower repaid of earlier ones just after
with asked as (
    select
        scope.case_id,
        scope.institution_id,
        loans.loan_id,
        loans.borrower_id,
        coalesce(loans.signed_on, loans.started_on) as signed_on,
        coalesce(loans.started_on, loans.signed_on) as start_on,
        disbursements.outcome,
        disbursements.paid_yuan,
        disbursements.first_on as paid_on,
        disbursements.last_on as paid_to,
        disbursements.transfer_ids
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join disbursements on scope.case_id = disbursements.case_id and loans.loan_id = disbursements.loan_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
),

pairs as (
    select
        asked.case_id,
        asked.loan_id,
        older.loan_id as older_id,
        asked.paid_on,
        asked.paid_to
    from asked
    inner join loans as older
        on
            asked.institution_id = older.institution_id
            and asked.borrower_id = older.borrower_id
            and coalesce(older.signed_on, older.started_on) < asked.signed_on
),

by_bank as (
    select
        pairs.case_id,
        pairs.loan_id,
        pairs.older_id,
        sum(loan_payments.amount_yuan) as bank_yuan,
        list(loan_payments.transfer_id order by loan_payments.transfer_id) as transfer_ids,
        max(loan_payments.paid_on) as last_on
    from pairs
    inner join loan_payments on pairs.older_id = loan_payments.loan_id
    where
        loan_payments.paid_on between pairs.paid_on and pairs.paid_to + cast($window_days as integer)
        and loan_payments.paid_on <= $as_of
    group by pairs.case_id, pairs.loan_id, pairs.older_id
),

by_ledger as (
    select
        pairs.case_id,
        pairs.loan_id,
        pairs.older_id,
        sum(
            coalesce(
                repayments.amount_yuan,
                coalesce(repayments.principal_yuan, 0)
                + coalesce(repayments.interest_yuan, 0)
                + coalesce(repayments.fee_yuan, 0)
            )
        ) as ledger_yuan,
        list(repayments.repayment_id order by repayments.repayment_id) as repayment_ids,
        max(repayments.paid_on) as last_on
    from pairs
    inner join repayments on pairs.older_id = repayments.loan_id
    where
        repayments.paid_on between pairs.paid_on and pairs.paid_to + cast($window_days as integer)
        and repayments.paid_on <= $as_of
    group by pairs.case_id, pairs.loan_id, pairs.older_id
),

silent as (
    select
        pairs.case_id,
        pairs.loan_id,
        -- neither the bank nor the ledger shows how an older loan was repaid, or a repayment has no day
        bool_or(
            not exists (select 1 from loan_payments where loan_payments.loan_id = pairs.older_id)
            and not exists (select 1 from repayments where repayments.loan_id = pairs.older_id)
            or exists (
                select 1 from repayments
                where repayments.loan_id = pairs.older_id and repayments.paid_on is null
            )
        ) as silent
    from pairs
    group by pairs.case_id, pairs.loan_id
),

repaid as (
    select
        pairs.case_id,
        pairs.loan_id,
        sum(greatest(coalesce(by_bank.bank_yuan, 0), coalesce(by_ledger.ledger_yuan, 0))) as repaid_yuan,
        list(pairs.older_id order by pairs.older_id) filter (
            where by_bank.bank_yuan is not null or by_ledger.ledger_yuan is not null
        ) as older_ids,
        flatten(list(by_bank.transfer_ids order by pairs.older_id) filter (where by_bank.bank_yuan is not null))
            as transfer_ids,
        flatten(list(by_ledger.repayment_ids order by pairs.older_id) filter (where by_ledger.ledger_yuan is not null))
            as repayment_ids,
        max(greatest(by_bank.last_on, by_ledger.last_on)) as last_on
    from pairs
    left join by_bank
        on pairs.case_id = by_bank.case_id and pairs.loan_id = by_bank.loan_id and pairs.older_id = by_bank.older_id
    left join by_ledger
        on pairs.case_id = by_ledger.case_id and pairs.loan_id = by_ledger.loan_id and pairs.older_id = by_ledger.older_id
    group by pairs.case_id, pairs.loan_id
)

select
    asked.case_id,
    asked.loan_id,
    asked.signed_on,
    asked.paid_yuan,
    asked.paid_on,
    coalesce(repaid.repaid_yuan, 0) as repaid_yuan,
    repaid.older_ids,
    repaid.last_on,
    list_concat(asked.transfer_ids, repaid.transfer_ids) as transfer_ids,
    repaid.repayment_ids,
    case
        when asked.signed_on is null then 'unknown_day'
        when asked.borrower_id is null then 'unknown_borrower'
        when repaid.loan_id is null then 'first'
        when coalesce(asked.outcome, 'not_covered') = 'missing' then 'not_paid'
        when asked.paid_on is null or asked.paid_yuan is null or asked.paid_yuan <= 0 then 'no_disbursement'
        when repaid.repaid_yuan >= cast(asked.paid_yuan as decimal(38, 2)) * $share then 'hit'
        when silent.silent then 'silent'
        else 'tested'
    end as verdict
from asked
left join repaid on asked.case_id = repaid.case_id and asked.loan_id = repaid.loan_id
left join silent on asked.case_id = silent.case_id and asked.loan_id = silent.loan_id;

-- hits: the new loan, what was repaid of older ones, from its payout to the last repayment
select
    case_id,
    loan_id as subject_id,
    cast(repaid_yuan as decimal(18, 2)) as amount_yuan,
    paid_on as first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        list_concat(
            [{ 'table': 'loans', 'id': loan_id }],
            list_transform(older_ids, lambda older_id: { 'table': 'loans', 'id': older_id })
        ),
        list_concat(
            list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id }),
            list_transform(repayment_ids, lambda repayment_id: { 'table': 'repayments', 'id': repayment_id })
        )
    ) as evidence,
    [
        { 'code': 'disbursed', 'v': cast(paid_yuan as text) },
        { 'code': 'older_loans', 'v': array_to_string(older_ids, '、') },
        { 'code': case when signed_on < $law_141_from then 'before_141' else 'law_141' end, 'v': '1' }
    ] as detail
from facts
where verdict = 'hit';

-- coverage: loans of borrowers with an earlier loan at the platform, or of whom that is unknown; tested where the payout was
-- found, or statements show that there was none, and how the older loans were repaid is on record
select
    scope.case_id,
    count(facts.loan_id) filter (where facts.verdict <> 'first') as population,
    count(facts.loan_id) filter (where facts.verdict in ('hit', 'tested', 'not_paid')) as tested,
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
        { 'code': 'unknown_day', 'v': count(*) filter (where facts.verdict = 'unknown_day') },
        { 'code': 'unknown_borrower', 'v': count(*) filter (where facts.verdict = 'unknown_borrower') },
        { 'code': 'no_disbursement', 'v': count(*) filter (where facts.verdict = 'no_disbursement') },
        { 'code': 'older_unpaid', 'v': count(*) filter (where facts.verdict = 'silent') }
    ] as why_not,
    [{ 'code': 'first_loans', 'v': count(*) filter (where facts.verdict = 'first') }] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
