/*+++
id = "RC-03"
severity = "minor"
in_force = {}
needs = ["loans", "transfers"]
params = {}
derive = {disbursements = {tol_yuan = 1.00, days = 3}, trades = {}}

[title]
zh = "放款金额、日期或收款人与合同不符"
en = "Payout differs from the contract in amount, day or payee"

[logic]
zh = """\
找到的放款 (按合同编号, 否则按金额相差不超过 {tol_yuan} 元、起息日前后 {days} 天认定) 与合同本金 (或扣除约定前期费用后) \
相差超过 {tol_yuan} 元; 或放款日与起息日相差超过 {days} 天; 或收款账户既不是约定账户, 户主也不是借款人 (按用途受托支付给名称相符的商家除外)。"""
en = """\
The payout that was found (by number, else within {tol_yuan} yuan and {days} days of the start) differs from \
the principal, or from that less the agreed fee, by more than {tol_yuan} yuan; or was paid more than {days} \
days before or after the start; or went to an account that is neither the agreed one nor the borrower's \
(merchants whose name fits the purpose apart)."""

[[basis]]
law = {zh = "郑经管办〔2018〕109号 抽样核查", en = "Notice Zheng Jing Guan Ban (2018) 109, sampling"}
article = "二(二)2"
checked = "text"

[[basis]]
law = {zh = "容差为设计设定", en = "Tolerances: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "受托支付: 合同约定付给第三方, 约定账户未录入"
en = "An entrusted payment to a third party whose account was not entered"

[[innocent]]
zh = "节假日顺延放款"
en = "Paid later because of holidays"
+++*/
-- facts: one row per loan of the platform, and how its payout differs
with payees as (
    select
        ids.case_id,
        ids.loan_id,
        transfers.transfer_id,
        transfers.payee_account,
        transfers.amount_yuan
    from (
        select
            case_id,
            loan_id,
            unnest(transfer_ids) as transfer_id
        from disbursements
    ) as ids
    inner join transfers on ids.transfer_id = transfers.transfer_id
),

received as (
    select
        payees.case_id,
        payees.loan_id,
        payees.amount_yuan,
        case
            when payees.payee_account = loans.disbursement_account then 'agreed'
            when
                coalesce(starts_with(accounts.purpose, 'custody_') or accounts.purpose in ('payment', 'settlement'), false)
                then 'hub'
            when accounts.holder_id = loans.borrower_id then 'agreed'
            when loans.borrower_id is null or accounts.account_id is null then 'unknown'
            when
                accounts.holder_id is null
                and (nullif(accounts.holder_name, '') is null or borrowers.name is null) then 'unknown'
            when accounts.holder_id is null and accounts.holder_name = borrowers.name then 'agreed'
            when exists (
                select 1
                from trades
                where
                    not trades.general
                    and coalesce(holders.kind <> 'person', true)
                    and loans.purpose ~ trades.purposes
                    and coalesce(holders.name, accounts.holder_name) ~ trades.names
            ) then 'agreed'
            else 'other'
        end as payee
    from payees
    inner join loans on payees.loan_id = loans.loan_id
    left join accounts on payees.payee_account = accounts.account_id
    left join parties as holders on accounts.holder_id = holders.party_id
    left join parties as borrowers on loans.borrower_id = borrowers.party_id
),

paid_to as (
    select
        case_id,
        loan_id,
        sum(amount_yuan) filter (where payee = 'other') as other_yuan,
        bool_or(payee in ('unknown', 'hub')) as payee_unknown,
        -- a deposit into custody that names the contract is no payout, though the platform itself borrows and holds the account
        bool_or(payee = 'hub') as through_hub
    from received
    group by case_id, loan_id
),

asked as (
    select
        scope.case_id,
        loans.loan_id,
        loans.borrower_id,
        loans.principal_yuan,
        coalesce(loans.started_on, loans.signed_on) as start_on,
        disbursements.outcome,
        disbursements.transfer_ids,
        disbursements.paid_yuan,
        disbursements.first_on,
        disbursements.last_on,
        disbursements.paid_yuan is not null as is_paid,
        disbursements.outcome = 'mismatched' and not coalesce(paid_to.through_hub, false) as is_other_amount,
        greatest(
            abs(disbursements.first_on - coalesce(loans.started_on, loans.signed_on)),
            abs(disbursements.last_on - coalesce(loans.started_on, loans.signed_on))
        ) as off_days,
        coalesce(paid_to.other_yuan, 0) as other_yuan,
        coalesce(paid_to.payee_unknown, true) as payee_unknown
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    left join disbursements on scope.case_id = disbursements.case_id and loans.loan_id = disbursements.loan_id
    left join paid_to on scope.case_id = paid_to.case_id and loans.loan_id = paid_to.loan_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
)

select
    *,
    case
        when is_paid and (is_other_amount or off_days > $days or other_yuan > 0) then 'hit'
        when borrower_id is null then 'unknown_borrower'
        when start_on is null then 'unknown_day'
        when principal_yuan is null then 'unknown_principal'
        when not is_paid and outcome = 'missing' then 'no_disbursement'
        when not is_paid and outcome = 'unclear' then 'unclear_payout'
        when not is_paid then 'not_covered'
        when payee_unknown then 'payee_unknown'
        else 'clear'
    end as verdict
from asked;

-- hits: the contract, what the payout differs by (what went to another, where only the payee differs), its days
select
    case_id,
    loan_id as subject_id,
    case
        when is_other_amount then cast(abs(paid_yuan - principal_yuan) as decimal(18, 2))
        when other_yuan > 0 then cast(other_yuan as decimal(18, 2))
    end as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_concat(
        [{ 'table': 'loans', 'id': loan_id }],
        list_transform(transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
    ) as evidence,
    list_filter(
        [
            {
                'code': 'other_amount',
                'v': case when is_other_amount then cast(cast(paid_yuan as decimal(18, 2)) as text) end
            },
            { 'code': 'other_day', 'v': case when off_days > $days then cast(off_days as text) end },
            { 'code': 'other_payee', 'v': case when other_yuan > 0 then cast(cast(other_yuan as decimal(18, 2)) as text) end }
        ],
        lambda found: found.v is not null
    ) as detail
from facts
where verdict = 'hit';

-- coverage: contracts up to the day asked; tested: those whose payout was found and whose payee is known
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
        { 'code': 'unknown_day', 'v': count(*) filter (where facts.verdict = 'unknown_day') },
        { 'code': 'unknown_principal', 'v': count(*) filter (where facts.verdict = 'unknown_principal') },
        { 'code': 'no_disbursement', 'v': count(*) filter (where facts.verdict = 'no_disbursement') },
        { 'code': 'unclear_payout', 'v': count(*) filter (where facts.verdict = 'unclear_payout') },
        { 'code': 'not_covered', 'v': count(*) filter (where facts.verdict = 'not_covered') },
        { 'code': 'payee_unknown', 'v': count(*) filter (where facts.verdict = 'payee_unknown') }
    ] as why_not
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
