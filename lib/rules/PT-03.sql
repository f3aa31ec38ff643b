/*+++
id = "PT-03"
severity = "major"
in_force = {from = "2007-03-01"}
needs = ["transfers", "accounts"]
params = {window_days = 10, min_parties = 10, one_share = 0.7}
derive = {case_accounts = {}, account_coverage = {}}

[title]
zh = "分散转入集中转出, 或集中转入分散转出"
en = "Fan-in and one way out, or one way in and fan-out"

[logic]
zh = """\
本案账户, 或从本案账户收款且有流水的账户 (后者只计本案账户为收付方), 在任意连续 {window_days} 天内有 {min_parties} 个以上 (含) 不同的付款人, \
而首笔入账之后转出金额的 {one_share} 以上 (含) 流向同一收款人; 或反之, 末笔付出之前转入金额的 {one_share} 以上 (含) 来自同一付款人, \
而付给 {min_parties} 个以上 (含) 不同的收款人。该一方的金额须同时达到多方一侧的 {one_share}。存管、支付、税务等总户除外。"""
en = """\
Of an account of the case, or one with statements that such an account pays (where accounts of the case \
are counted): in any {window_days} days in a row {min_parties} \
or more pay in, and one payee gets {one_share} or more of what goes out after the first of them; or {min_parties} or more \
are paid, and one payer brings {one_share} or more of what came in before the last of them. What the one moved must also \
be {one_share} of what the many did. Custody, payment, tax and other totals are left out."""

[[basis]]
law.zh = "金融机构大额交易和可疑交易报告管理办法 (中国人民银行令〔2006〕第2号, 已被取代)"
law.en = "Measures on reports of large-value and suspicious transactions (PBoC Order (2006) 2, superseded)"
article = "11(1)"
checked = "text"

[[innocent]]
zh = "零售商户、物业收费、培训收费等日常收款后付给主要供应商"
en = "A shop, property fees, tuition: many customers and one main supplier"

[[innocent]]
zh = "代发工资、分红"
en = "Wages or dividends paid out"
+++*/
-- facts: one row per account that is looked at: the shape found in it, in the window with most parties, if any
with asked as (
    select
        case_id,
        account_id,
        true as of_case
    from case_accounts
    union all
    select distinct
        case_accounts.case_id,
        transfers.payee_account as account_id,
        false as of_case
    from case_accounts
    inner join transfers on case_accounts.account_id = transfers.payer_account
    where transfers.payee_account is not null
),

chosen as (
    select
        asked.case_id,
        asked.account_id,
        bool_or(asked.of_case) as of_case,
        any_value(accounts.holder_id) as holder_id,
        bool_or(cover.account_id is not null) as covered
    from asked
    left join accounts on asked.account_id = accounts.account_id
    left join account_coverage as cover on asked.account_id = cover.account_id
    where coalesce(accounts.purpose, 'own') not in ('custody_total', 'custody_sub', 'payment', 'tax', 'settlement')
    group by asked.case_id, asked.account_id
),

moves as (
    select
        chosen.case_id,
        chosen.account_id,
        transfers.transfer_id,
        coalesce(transfers.payee_account = chosen.account_id, false) as is_in,
        transfers.at as moved_at,
        cast(transfers.at as date) as on_day,
        transfers.amount_yuan,
        case
            when
                coalesce(transfers.payee_account = chosen.account_id, false)
                then coalesce(payer.holder_id, transfers.payer_account)
            else coalesce(payee.holder_id, transfers.payee_account)
        end as other_id,
        -- a shop has customers all over the district: of an account outside the case, those of the case make the fan
        chosen.of_case or near.account_id is not null as counts
    from chosen
    inner join transfers on chosen.account_id in (transfers.payer_account, transfers.payee_account)
    left join accounts as payer on transfers.payer_account = payer.account_id
    left join accounts as payee on transfers.payee_account = payee.account_id
    left join case_accounts as near
        on
            chosen.case_id = near.case_id
            and chosen.account_id <> near.account_id
            and near.account_id in (transfers.payer_account, transfers.payee_account)
    where
        chosen.covered
        and cast(transfers.at as date) between $in_force_from and $as_of
        and coalesce(payer.holder_id <> payee.holder_id, transfers.payer_account is distinct from transfers.payee_account)
        and transfers.reversal_of is null
),

-- accounts with many parties on a side; where it is not known who they are, each may be another
busy as (
    select
        case_id,
        account_id,
        is_in as many_in,
        count(distinct other_id) as parties,
        count(*) filter (where other_id is null) as nameless
    from moves
    where counts
    group by case_id, account_id, is_in
    having count(distinct other_id) + count(*) filter (where other_id is null) >= $min_parties
),

starts as (
    select distinct
        busy.case_id,
        busy.account_id,
        busy.many_in,
        moves.on_day as from_on
    from busy
    inner join moves
        on busy.case_id = moves.case_id and busy.account_id = moves.account_id and busy.many_in = moves.is_in
),

spans as (
    select
        starts.case_id,
        starts.account_id,
        starts.many_in,
        starts.from_on,
        count(distinct moves.other_id) as parties,
        count(*) filter (where moves.other_id is null) as nameless,
        sum(moves.amount_yuan) as many_yuan,
        min(moves.moved_at) as first_at,
        max(moves.moved_at) as last_at
    from starts
    inner join moves
        on
            starts.case_id = moves.case_id
            and starts.account_id = moves.account_id
            and starts.many_in = moves.is_in
            and moves.counts
            and moves.on_day between starts.from_on and starts.from_on + ($window_days - 1)
    group by starts.case_id, starts.account_id, starts.many_in, starts.from_on
    having count(distinct moves.other_id) + count(*) filter (where moves.other_id is null) >= $min_parties
),

ones as (
    select
        spans.case_id,
        spans.account_id,
        spans.many_in,
        spans.from_on,
        moves.other_id as one_id,
        sum(moves.amount_yuan) as one_yuan,
        sum(sum(moves.amount_yuan)) over (
            partition by spans.case_id, spans.account_id, spans.many_in, spans.from_on
        ) as other_side_yuan
    from spans
    inner join moves
        on
            spans.case_id = moves.case_id
            and spans.account_id = moves.account_id
            and spans.many_in <> moves.is_in
            and moves.on_day between spans.from_on and spans.from_on + ($window_days - 1)
            and case when spans.many_in then spans.first_at < moves.moved_at else spans.last_at > moves.moved_at end
    group by spans.case_id, spans.account_id, spans.many_in, spans.from_on, moves.other_id
),

shapes as (
    select
        spans.*,
        ones.one_id,
        ones.one_yuan,
        case when spans.parties >= $min_parties and ones.one_id is not null then 'hit' else 'open' end as verdict
    from spans
    inner join ones
        on
            spans.case_id = ones.case_id
            and spans.account_id = ones.account_id
            and spans.many_in = ones.many_in
            and spans.from_on = ones.from_on
    where ones.one_yuan >= ones.other_side_yuan * $one_share and ones.one_yuan >= spans.many_yuan * $one_share
    qualify row_number() over (
        partition by spans.case_id, spans.account_id, spans.many_in
        order by spans.parties >= $min_parties and ones.one_id is not null desc, spans.parties desc, spans.from_on asc
    ) = 1
),

proof as (
    select
        shapes.case_id,
        shapes.account_id,
        shapes.many_in,
        list(moves.transfer_id order by moves.moved_at, moves.transfer_id) as transfer_ids,
        min(moves.on_day) as first_on,
        max(moves.on_day) as last_on
    from shapes
    inner join moves
        on
            shapes.case_id = moves.case_id
            and shapes.account_id = moves.account_id
            and moves.on_day between shapes.from_on and shapes.from_on + ($window_days - 1)
    where moves.is_in = shapes.many_in or moves.other_id = shapes.one_id
    group by shapes.case_id, shapes.account_id, shapes.many_in
)

select
    chosen.case_id,
    chosen.account_id,
    chosen.of_case,
    chosen.covered,
    shapes.many_in,
    shapes.parties,
    shapes.many_yuan,
    shapes.one_yuan,
    shapes.verdict,
    proof.transfer_ids,
    proof.first_on,
    proof.last_on
from chosen
left join shapes on chosen.case_id = shapes.case_id and chosen.account_id = shapes.account_id
left join proof
    on shapes.case_id = proof.case_id and shapes.account_id = proof.account_id and shapes.many_in = proof.many_in;

-- hits: the account, what the many moved, every transfer of the window
select
    case_id,
    account_id as subject_id,
    cast(many_yuan as decimal(18, 2)) as amount_yuan,
    first_on,
    last_on,
    cast(1 as double) as confidence,
    list_transform(transfer_ids, lambda one: { 'table': 'transfers', 'id': one }) as evidence,
    [
        { 'code': case when many_in then 'fan_in' else 'fan_out' end, 'v': cast(parties as text) },
        {
            'code': case when many_in then 'fan_to_one' else 'fan_from_one' end,
            'v': cast(cast(one_yuan as decimal(18, 2)) as text)
        }
    ] as detail
from facts
where verdict = 'hit';

-- coverage: accounts of the case, and those that they pay whose statements were delivered
with judged as (
    select
        case_id,
        account_id,
        bool_or(of_case) as of_case,
        bool_or(covered) as covered,
        coalesce(bool_or(verdict = 'open'), false) as is_open
    from facts
    group by case_id, account_id
)

select
    scope.case_id,
    count(judged.account_id) filter (where judged.of_case or judged.covered) as population,
    count(judged.account_id) filter (where judged.covered and not judged.is_open) as tested,
    [
        { 'code': 'no_accounts', 'v': cast(count(judged.account_id) filter (where judged.of_case) = 0 as bigint) },
        { 'code': 'accounts_not_covered', 'v': count(*) filter (where judged.of_case and not judged.covered) },
        { 'code': 'parties_nameless', 'v': count(*) filter (where judged.covered and judged.is_open) }
    ] as why_not,
    [{ 'code': 'paid_accounts_unseen', 'v': count(*) filter (where not judged.of_case and not judged.covered) }] as note
from scope
left join judged on scope.case_id = judged.case_id
group by scope.case_id;
