/*+++
id = "FB-02"
severity = "prohibited"
in_force = {}
needs = ["loans"]
params = {min_borrowers = 3}
derive = {disbursements = {tol_yuan = 1.00, days = 3}, related = {}, trades = {}}

[title]
zh = "一个收款账户对应多名借款人"
en = "One payee account for many borrowers"

[logic]
zh = """\
合同约定的收款账户, 以及实际放款到账的账户, 由 {min_borrowers} 名以上 (含) 互不相关的借款人共用 (放款按合同编号,\
 否则按金额相差不超过 {tol_yuan} 元、起息日前后 {days} 天认定); 有亲属、持股或任职关系的借款人只计一名; 存管、支付、\
清算账户除外, 按用途受托支付给名称相符的商家 (该商家不是本机构关联方) 除外。"""
en = """\
{min_borrowers} or more borrowers who are not related to each other share the account that the contracts \
agree on or the payouts really went to (found by number, else within {tol_yuan} yuan and {days} days of the \
start); borrowers tied by kinship, holdings or offices count once. Custody, payment and settlement accounts \
are left out, and so are payouts to a merchant whose name fits the purpose and who is not related to the \
institution."""

[[basis]]
law = {zh = "网贷机构合规检查问题清单 (2018年63号文附, 108条)", en = "Checklist of 108 items annexed to letter 63 of 2018"}
article = "1"
checked = "text"

[[basis]]
law = {zh = "人数、商家识别为设计设定", en = "Number of borrowers and what counts as a merchant: set by design"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "受托支付给商家或经销商, 其行业未能从名称识别"
en = "An entrusted payment to a merchant whose name does not tell the trade"

[[innocent]]
zh = "存管总户或支付机构账户没有标明用途"
en = "A custody or payment account that is not marked as one"
+++*/
-- facts: one row per loan of the platform and account that its money was to go, or went, to; without an account one row
with payouts as (
    select
        disbursements.case_id,
        disbursements.loan_id,
        transfers.payee_account as account_id,
        list(transfers.transfer_id order by transfers.transfer_id) as transfer_ids
    from (
        select
            case_id,
            loan_id,
            unnest(transfer_ids) as transfer_id
        from disbursements
    ) as disbursements
    inner join transfers on disbursements.transfer_id = transfers.transfer_id
    where transfers.payee_account is not null
    group by all
),

lent as (
    select
        scope.case_id,
        loans.*
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    where coalesce(loans.signed_on, loans.started_on, $as_of) <= $as_of
),

named as (
    select
        case_id,
        loan_id,
        disbursement_account as account_id,
        cast([] as text[]) as transfer_ids
    from lent
    where nullif(disbursement_account, '') is not null
    union all
    select payouts.*
    from payouts
    inner join lent on payouts.case_id = lent.case_id and payouts.loan_id = lent.loan_id
),

used as (
    select
        case_id,
        loan_id,
        account_id,
        flatten(list(transfer_ids)) as transfer_ids
    from named
    group by case_id, loan_id, account_id
)

select
    lent.case_id,
    lent.loan_id,
    lent.borrower_id,
    lent.principal_yuan,
    coalesce(lent.started_on, lent.signed_on) as on_day,
    used.account_id,
    used.transfer_ids,
    accounts.account_id is not null as described,
    coalesce(starts_with(accounts.purpose, 'custody_') or accounts.purpose in ('payment', 'tax', 'settlement'), false)
        as is_hub,
    exists(
        select 1
        from trades
        where
            not trades.general
            and holders.kind <> 'person'
            and lent.purpose ~ trades.purposes
            and holders.name ~ trades.names
            and not exists (
                select 1 from related
                where related.case_id = lent.case_id and related.party_id = accounts.holder_id
            )
    ) as is_merchant
from lent
left join used on lent.case_id = used.case_id and lent.loan_id = used.loan_id
left join accounts on used.account_id = accounts.account_id
left join parties as holders on accounts.holder_id = holders.party_id;

-- hits: the account, the principal of its loans, and every contract and payout
with counted as (
    select *
    from facts
    where account_id is not null and borrower_id is not null and not is_hub and not is_merchant
),

sharing as (
    select distinct
        case_id,
        account_id,
        borrower_id
    from counted
    qualify count(distinct borrower_id) over (partition by case_id, account_id) >= $min_borrowers
),

ties as (
    select a_id, b_id from links where kind in ('kin', 'acting_in_concert', 'proxy', 'vie')
    union
    select holder_id as a_id, held_id as b_id from holdings
    union
    select person_id as a_id, entity_id as b_id from roles where not coalesce(claimed_only, false)
),

related_borrowers as (
    select
        one.case_id,
        one.account_id,
        one.borrower_id,
        other.borrower_id as other_id
    from sharing as one
    inner join ties on one.borrower_id in (ties.a_id, ties.b_id)
    inner join sharing as other
        on
            one.case_id = other.case_id
            and one.account_id = other.account_id
            and other.borrower_id in (ties.a_id, ties.b_id)
            and one.borrower_id <> other.borrower_id
),

groups as (
    with recursive reached as (
        select case_id, account_id, borrower_id, borrower_id as other_id from sharing
        union
        select reached.case_id, reached.account_id, reached.borrower_id, related_borrowers.other_id
        from reached
        inner join related_borrowers
            on
                reached.case_id = related_borrowers.case_id
                and reached.account_id = related_borrowers.account_id
                and reached.other_id = related_borrowers.borrower_id
    )

    select case_id, account_id, borrower_id, min(other_id) as group_id
    from reached
    group by all
),

shared as (
    select
        case_id,
        account_id,
        count(distinct group_id) as borrowers
    from groups
    group by case_id, account_id
    having count(distinct group_id) >= $min_borrowers
)

select
    counted.case_id,
    counted.account_id as subject_id,
    cast(sum(counted.principal_yuan) as decimal(18, 2)) as amount_yuan,
    min(counted.on_day) as first_on,
    max(counted.on_day) as last_on,
    cast(1 as double) as confidence,
    list_concat(
        list({ 'table': 'loans', 'id': counted.loan_id } order by counted.on_day, counted.loan_id),
        case when bool_or(counted.described) then [{ 'table': 'accounts', 'id': counted.account_id }] else [] end,
        list_transform(
            list_sort(flatten(list(counted.transfer_ids))), lambda transfer_id: { 'table': 'transfers', 'id': transfer_id }
        )
    ) as evidence,
    list_concat(
        [{ 'code': 'borrowers', 'v': cast(shared.borrowers as text) }],
        case when bool_or(counted.described) then [] else [{ 'code': 'account_not_described', 'v': '1' }] end
    ) as detail
from shared
inner join counted on shared.case_id = counted.case_id and shared.account_id = counted.account_id
group by counted.case_id, counted.account_id, shared.borrowers;

-- coverage: contracts up to the day asked; tested are those of which borrower and account are known
with judged as (
    select
        case_id,
        loan_id,
        case
            when bool_or(borrower_id is null) then 'unknown_borrower'
            when bool_or(account_id is null) then 'unknown_account'
            else 'tested'
        end as verdict,
        bool_or(is_merchant) as to_merchant
    from facts
    group by case_id, loan_id
)

select
    scope.case_id,
    count(judged.loan_id) as population,
    count(judged.loan_id) filter (where judged.verdict = 'tested') as tested,
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
        { 'code': 'unknown_borrower', 'v': count(*) filter (where judged.verdict = 'unknown_borrower') },
        { 'code': 'unknown_account', 'v': count(*) filter (where judged.verdict = 'unknown_account') }
    ] as why_not,
    [
        { 'code': 'to_merchants', 'v': count(*) filter (where judged.to_merchant) }
    ] as note
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
