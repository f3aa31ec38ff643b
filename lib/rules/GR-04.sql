/*+++
id = "GR-04"
severity = "prohibited"
in_force = {from = "2016-08-24"}
needs = ["transfers", "accounts", "loans"]
params = {stop_on = 2017-12-08}
derive = {account_coverage = {}}

[title]
zh = "风险准备金、备付金垫付或新增计提"
en = "Payouts from, or new money into, a risk reserve"

[logic]
zh = """\
机构的风险备付金账户 (用途 reserve) 付款给本平台出借人; 或自 {stop_on} (57号文) 起, 备付金账户有新增入账, 或机构其他账户的入账摘要为备付金、准备金、质保。退还借款人保证金不算; \
自有账户之间的调拨不算。"""
en = """\
A reserve account of the institution (purpose reserve) pays lenders of the platform; or from {stop_on} on (letter 57) money \
comes into one, or into another account of the institution under a memo of reserve or warranty. Deposits returned to \
borrowers and moves between its own accounts do not count."""

[[basis]]
law = {zh = "网贷整治办函〔2018〕63号 合规检查清单", en = "Rectification Office letter (2018) 63, list of compliance items"}
article = "7"
checked = "text"

[[basis]]
law = {zh = "网贷整治办函〔2017〕57号 (停止新增备付金)", en = "Rectification Office letter (2017) 57 (no new reserves)"}
article = "-"
checked = "memory"

[[innocent]]
zh = "向同时是借款人的出借人退还保证金"
en = "A deposit returned to a lender who is a borrower too"

[[innocent]]
zh = "备付金账户的存款利息"
en = "Interest on the reserve account"
+++*/
-- facts: one row per transfer that pays a lender from a reserve, or feeds one after the letter
with own_accounts as (
    select
        scope.case_id,
        scope.institution_id,
        scope.party_id,
        accounts.account_id,
        coalesce(accounts.purpose = 'reserve', false) as is_reserve
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    where scope.institution_id is not null
),

lenders as (
    select
        scope.case_id,
        loans.lender_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    where loans.lender_id is not null
    union
    select
        scope.case_id,
        assignments.to_lender_id as lender_id
    from scope
    inner join loans on scope.institution_id = loans.institution_id
    inner join assignments on loans.loan_id = assignments.loan_id
    where assignments.to_lender_id is not null
),

paid as (
    select
        own_accounts.case_id,
        own_accounts.institution_id,
        own_accounts.account_id,
        transfers.transfer_id,
        cast(transfers.at as date) as on_day,
        transfers.amount_yuan,
        case
            when payee.holder_id is null then 'unknown'
            when
                lenders.lender_id is not null and coalesce(transfers.kind, '') <> 'refund'
                and not coalesce(regexp_matches(transfers.memo, '退还|退款|保证金'), false) then 'payout'
            else 'fine'
        end as verdict
    from own_accounts
    inner join transfers on own_accounts.account_id = transfers.payer_account
    left join accounts as payee on transfers.payee_account = payee.account_id
    left join lenders on own_accounts.case_id = lenders.case_id and payee.holder_id = lenders.lender_id
    where
        own_accounts.is_reserve
        and cast(transfers.at as date) between $in_force_from and $as_of
        and not coalesce(payee.holder_id in (own_accounts.party_id, own_accounts.institution_id), false)
),

fed as (
    select
        own_accounts.case_id,
        own_accounts.institution_id,
        own_accounts.account_id,
        transfers.transfer_id,
        cast(transfers.at as date) as on_day,
        transfers.amount_yuan,
        'fed' as verdict
    from own_accounts
    inner join transfers on own_accounts.account_id = transfers.payee_account
    left join accounts as payer on transfers.payer_account = payer.account_id
    where
        cast(transfers.at as date) between $stop_on and $as_of
        and transfers.kind is distinct from 'interest'
        and not coalesce(regexp_matches(transfers.memo, '利息|结息'), false)
        and transfers.reversal_of is null
        and not coalesce(payer.holder_id in (own_accounts.party_id, own_accounts.institution_id), false)
        and (own_accounts.is_reserve or coalesce(regexp_matches(transfers.memo, '备付|准备金|质保'), false))
)

select * from paid
union all
select * from fed;

-- hits: the account, all that it paid lenders or took in
select
    case_id,
    account_id as subject_id,
    cast(sum(amount_yuan) as decimal(18, 2)) as amount_yuan,
    min(on_day) as first_on,
    max(on_day) as last_on,
    cast(1 as double) as confidence,
    list_prepend(
        { 'table': 'accounts', 'id': account_id },
        list({ 'table': 'transfers', 'id': transfer_id } order by on_day, transfer_id)
    ) as evidence,
    list_filter(
        [
            { 'code': 'reserve_payouts', 'v': nullif(cast(count(*) filter (where verdict = 'payout') as text), '0') },
            { 'code': 'reserve_fed', 'v': nullif(cast(count(*) filter (where verdict = 'fed') as text), '0') }
        ],
        lambda said: said.v is not null
    ) as detail
from facts
where verdict in ('payout', 'fed')
group by case_id, account_id;

-- coverage: accounts of the institution; tested where statements cover them and, of reserves, payees are known
with judged as (
    select
        scope.case_id,
        case
            -- without a contract nobody is known for a lender
            when scope.institution_id not in (select loans.institution_id from loans where loans.institution_id is not null)
                then 'no_loans'
            when cover.account_id is null then 'not_covered'
            when accounts.purpose is null then 'purpose_unknown'
            when exists (
                select 1 from facts
                where facts.case_id = scope.case_id and facts.account_id = accounts.account_id and facts.verdict = 'unknown'
            ) then 'payee_unknown'
            else 'tested'
        end as verdict
    from scope
    inner join accounts on accounts.holder_id in (scope.institution_id, scope.party_id)
    left join account_coverage as cover on accounts.account_id = cover.account_id
    where scope.institution_id is not null
)

select
    scope.case_id,
    count(judged.verdict) as population,
    count(judged.verdict) filter (where judged.verdict = 'tested') as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_own_accounts', 'v': cast(scope.institution_id is not null and count(judged.verdict) = 0 as bigint) },
        {
            'code': 'no_loans',
            'v': cast(
                scope.institution_id is not null
                and not exists (select 1 from loans where loans.institution_id = scope.institution_id) as bigint
            )
        },
        { 'code': 'accounts_not_covered', 'v': count(*) filter (where judged.verdict = 'not_covered') },
        { 'code': 'accounts_without_purpose', 'v': count(*) filter (where judged.verdict = 'purpose_unknown') },
        { 'code': 'payees_unknown', 'v': cast(count(*) filter (where judged.verdict = 'payee_unknown') > 0 as bigint) }
    ] as why_not
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id, scope.institution_id;
