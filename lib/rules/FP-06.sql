/*+++
id = "FP-06"
severity = "prohibited"
in_force = {from = "2017-02-22"}
needs = ["loans", "flows", "accounts"]
params = {tol_yuan = 1000, tol_share = 0.001, min_workdays = 2}
derive = {client_accounts = {}, client_days = {}}

[title]
zh = "客户资金缺口"
en = "Clients' money falls short"

[logic]
zh = """\
存管指引施行后, 应付出借人的现金 (已收未出借的款项, 加已向借款人收取而未付出的本息) 超过存放客户资金的账户余额, \
或存管银行余额低于台账或子账户合计, 差额大于 {tol_yuan} 元且大于应付金额的 {tol_share}, \
连续 {min_workdays} 个工作日以上 (含)。付款对象不明的, 先按已付给出借人计算。"""
en = """\
Since the custody guide, what is owed to lenders in cash (paid in and not lent yet, collected from borrowers and \
not paid on) is above what the accounts that hold clients' money hold, or the custodian's balance is below the books or \
the sub-accounts: by more than {tol_yuan} yuan and more than {tol_share} of what is owed, {min_workdays} working days \
or more in a row. What went to nobody known is first taken as paid to lenders."""

[[basis]]
law = {zh = "网络借贷资金存管业务指引 (账实核对的义务)", en = "Custody Guide for Online Lending Funds (duty to reconcile)"}
article = "-"
checked = "text"

[[basis]]
law = {zh = "缺口的金额、比例和天数 (本目录设定)", en = "Amount, share and days of a shortfall (set by this catalogue)"}
article = "-"
checked = "proposal"

[[innocent]]
zh = "跨行在途资金 (T+1), 长假期间可能跨多日"
en = "Money on its way between banks (T+1), over holidays for several days"

[[innocent]]
zh = "出借人的钱由平台的另一账户支付, 该账户的流水未提供"
en = "Lenders were paid from another account, whose statements were not delivered"
+++*/
-- facts: one row per day and source (statements: what is owed against what is held; custody: the reported day) and its verdict
with clean as (
    select
        case_id,
        coalesce(sum(undated), 0) = 0 as dated
    from client_accounts
    where holds_clients
    group by case_id
),

days as (
    select
        client_days.case_id,
        'statements' as source,
        client_days.day as day_on,
        client_days.shortfall_low_yuan as gap_yuan,
        client_days.transfer_ids,
        coalesce(
            client_days.shortfall_low_yuan > $tol_yuan
            and client_days.shortfall_low_yuan > client_days.owed_yuan * $tol_share,
            false
        ) as is_short,
        not clean.dated
        or coalesce(
            client_days.shortfall_high_yuan > $tol_yuan
            and client_days.shortfall_high_yuan > client_days.owed_yuan * $tol_share,
            true
        ) as maybe_short
    from client_days
    inner join clean on client_days.case_id = clean.case_id
    where client_days.day between $in_force_from and $as_of
    union all
    select
        scope.case_id,
        'custody' as source,
        custody_days.day_on,
        greatest(custody_days.ledger_balance_yuan, custody_days.sub_accounts_yuan) - custody_days.bank_balance_yuan as gap_yuan,
        cast([] as text[]) as transfer_ids,
        coalesce(gap_yuan > $tol_yuan, false)
        and gap_yuan > greatest(custody_days.ledger_balance_yuan, custody_days.sub_accounts_yuan) * $tol_share as is_short,
        is_short as maybe_short
    from scope
    inner join custody_days on scope.institution_id = custody_days.institution_id
    where custody_days.day_on between $in_force_from and $as_of
),

marked as (
    select
        days.*,
        coalesce(workdays.working, isodow(days.day_on) <= 5) as is_workday,
        row_number() over by_day - row_number() over by_short as short_run,
        row_number() over by_day - row_number() over by_maybe as maybe_run,
        days.day_on = max(days.day_on) over (partition by days.case_id, days.source) as is_last,
        coalesce(days.gap_yuan > lag(days.gap_yuan) over by_day, true) as grew
    from days
    left join workdays on days.day_on = workdays.day_on
    window
        by_day as (partition by days.case_id, days.source order by days.day_on),
        by_short as (partition by days.case_id, days.source, days.is_short order by days.day_on),
        by_maybe as (partition by days.case_id, days.source, days.maybe_short order by days.day_on)
),

runs as (
    select
        *,
        count(*) filter (where is_workday) over in_short as short_workdays,
        count(*) filter (where is_workday) over in_maybe as maybe_workdays,
        bool_or(is_last) over in_maybe as runs_on
    from marked
    window
        in_short as (partition by case_id, source, is_short, short_run),
        in_maybe as (partition by case_id, source, maybe_short, maybe_run)
)

select
    case_id,
    source,
    day_on,
    gap_yuan,
    transfer_ids,
    grew,
    case
        when is_short and short_workdays >= $min_workdays then 'hit'
        -- a shortfall that the last day shows may have gone on
        when maybe_short and (maybe_workdays >= $min_workdays or runs_on) then 'open'
        else 'fine'
    end as verdict
from runs;

-- hits: the institution, by source: its largest shortfall, first and last day; the transfers of the days on which it grew
with worst as (
    select
        case_id,
        source,
        max(gap_yuan) as most_yuan,
        min(day_on) as first_on,
        max(day_on) as last_on,
        arg_max(day_on, gap_yuan) as worst_on,
        count(*) as days,
        list(day_on order by day_on) as days_on,
        flatten(list(transfer_ids order by day_on) filter (where grew)) as transfer_ids
    from facts
    where verdict = 'hit'
    group by case_id, source
)

select
    worst.case_id,
    scope.institution_id as subject_id,
    cast(worst.most_yuan as decimal(18, 2)) as amount_yuan,
    worst.first_on,
    worst.last_on,
    cast(1 as double) as confidence,
    case
        when worst.source = 'custody'
            then
                list_transform(
                    worst.days_on,
                    lambda day_on: { 'table': 'custody_days', 'id': concat_ws('|', scope.institution_id, day_on) }
                )
        else list_transform(worst.transfer_ids, lambda transfer_id: { 'table': 'transfers', 'id': transfer_id })
    end as evidence,
    list_filter(
        [
            { 'code': 'by_custody_days', 'v': case when worst.source = 'custody' then cast(worst.days as text) end },
            { 'code': 'by_statements', 'v': case when worst.source = 'statements' then cast(worst.days as text) end },
            { 'code': 'worst_on', 'v': cast(worst.worst_on as text) }
        ],
        lambda said: said['v'] is not null
    ) as detail
from worst
inner join scope on worst.case_id = scope.case_id;

-- coverage: days from the first to the last on which loans begin or clients' money moves; tested are those for which statements
-- show what the accounts held and what is unknown could not make a shortfall. Books alone prove nothing.
with moved as (
    select
        case_id,
        min(day) as first_on,
        max(day) as last_on
    from client_days
    group by case_id
),

spans as (
    select
        client_accounts.case_id,
        greatest(least(min(client_accounts.lent_from), any_value(moved.first_on)), $in_force_from) as from_on,
        least(greatest(max(client_accounts.lent_to), any_value(moved.last_on)), $as_of) as to_on
    from client_accounts
    left join moved on client_accounts.case_id = moved.case_id
    group by client_accounts.case_id
),

counted as (
    select
        case_id,
        count(*) as seen,
        count(*) filter (where verdict <> 'open') as tested,
        count(*) filter (where verdict = 'open') as open
    from facts
    where source = 'statements'
    group by case_id
),

asked as (
    select
        scope.case_id,
        scope.institution_id,
        spans.case_id is not null as known,
        greatest(coalesce(spans.to_on - spans.from_on + 1, 0), 0) as population,
        coalesce(counted.seen, 0) as seen,
        coalesce(counted.tested, 0) as tested,
        coalesce(counted.open, 0) as open
    from scope
    left join spans on scope.case_id = spans.case_id
    left join counted on scope.case_id = counted.case_id
)

select
    case_id,
    population,
    tested,
    [
        { 'code': 'no_platform', 'v': cast(institution_id is null as bigint) },
        { 'code': 'lenders_unknown', 'v': cast(institution_id is not null and not known as bigint) },
        { 'code': 'days_unseen', 'v': cast(population - seen as bigint) },
        { 'code': 'days_open', 'v': cast(open as bigint) },
        { 'code': 'no_days_in_force', 'v': cast(known and population = 0 as bigint) }
    ] as why_not
from asked;
