/*+++
id = "CU-03"
severity = "major"
in_force = {from = "2017-02-22"}
needs = ["custody_days"]
params = {tol_yuan = 0.01, min_days = 2}
derive = {}

[title]
zh = "存管账实不符"
en = "Custody does not agree with the books"

[logic]
zh = """\
存管日终数据中, 银行余额与台账余额, 或与子账户合计相差超过 {tol_yuan} 元, 连续 {min_days} 个报送日以上 (含); 次日即恢复的一日差额视为在途 (T+1), 只列备注。"""
en = """\
By the end-of-day figures the bank's balance differs from the books or from the sum of sub-accounts by more than {tol_yuan} \
yuan on {min_days} reported days in a row or more; a difference of one day that is gone on the next is money in transit (T+1), \
and noted only."""

[[basis]]
law = {zh = "网络借贷资金存管业务指引 (账务核对)", en = "Guide to the custody of online lending funds (reconciliation)"}
article = "-"
checked = "text"

[[innocent]]
zh = "日切时点不同, 跨行在途超过一日 (节假日)"
en = "Another cut-off, or transit of more than a day (holidays)"

[[innocent]]
zh = "台账或子账户数据补报、重报"
en = "Books or sub-accounts were reported late or anew"
+++*/
-- facts: one row per reported day: the largest difference, and the run of days with one in which it stands
with days as (
    select
        scope.case_id,
        custody_days.institution_id,
        custody_days.day_on,
        greatest(
            abs(custody_days.bank_balance_yuan - custody_days.ledger_balance_yuan),
            abs(custody_days.bank_balance_yuan - custody_days.sub_accounts_yuan)
        ) as gap_yuan,
        custody_days.bank_balance_yuan is not null
        and custody_days.ledger_balance_yuan is not null
        and custody_days.sub_accounts_yuan is not null as complete
    from scope
    inner join custody_days on scope.institution_id = custody_days.institution_id
    where custody_days.day_on between $in_force_from and $as_of
),

marked as (
    select
        *,
        coalesce(gap_yuan > $tol_yuan, false) as differs,
        row_number() over (partition by case_id order by day_on) as place,
        row_number() over (partition by case_id, coalesce(gap_yuan > $tol_yuan, false) order by day_on) as among,
        day_on = max(day_on) over (partition by case_id) as is_last
    from days
),

runs as (
    select
        *,
        count(*) over (partition by case_id, differs, place - among) as run_days,
        bool_or(is_last) over (partition by case_id, differs, place - among) as runs_on,
        lead(complete) over (partition by case_id order by day_on) as next_complete
    from marked
)

select
    case_id,
    institution_id,
    day_on,
    gap_yuan,
    case
        when differs and run_days >= $min_days then 'hit'
        -- what the next day would say is not known: it may have gone on
        when differs and (runs_on or not next_complete) then 'open'
        when differs then 'transit'
        when complete then 'fine'
        else 'incomplete'
    end as verdict,
    run_days
from runs;

-- hits: the institution, its largest difference, first and last day
select
    case_id,
    institution_id as subject_id,
    cast(max(gap_yuan) as decimal(18, 2)) as amount_yuan,
    min(day_on) as first_on,
    max(day_on) as last_on,
    cast(1 as double) as confidence,
    list({ 'table': 'custody_days', 'id': concat_ws('|', institution_id, day_on) } order by day_on) as evidence,
    [
        { 'code': 'custody_days_off', 'v': cast(count(*) as text) },
        { 'code': 'custody_longest', 'v': cast(max(run_days) as text) }
    ] as detail
from facts
where verdict = 'hit'
group by case_id, institution_id;

-- coverage: reported days
select
    scope.case_id,
    count(facts.day_on) as population,
    count(facts.day_on) filter (where facts.verdict in ('hit', 'transit', 'fine')) as tested,
    [
        { 'code': 'no_platform', 'v': cast(scope.institution_id is null as bigint) },
        { 'code': 'no_custody_days', 'v': cast(scope.institution_id is not null and count(facts.day_on) = 0 as bigint) },
        { 'code': 'custody_days_incomplete', 'v': count(facts.day_on) filter (where facts.verdict = 'incomplete') },
        { 'code': 'custody_days_open', 'v': count(facts.day_on) filter (where facts.verdict = 'open') }
    ] as why_not,
    [{ 'code': 'custody_transit', 'v': count(facts.day_on) filter (where facts.verdict = 'transit') }] as note
from scope
left join facts on scope.case_id = facts.case_id
group by scope.case_id, scope.institution_id;
