-- instalment_rows: each instalment in the schedule, in the platform's ledger and at the bank
-- grain:   one row per loan and period; without a period, one per repayment or per transfer that belongs to none
-- inputs:  schedules, loans, accounts, repayments, money_claims, money_moves, money_coverage,
--          money_settled(claim, move, fen, how): which transfer paid what
-- params:  $days integer, days before and after that statements must cover
with keyed as (
    select *, case when period is null then repayment_id end as alone
    from money_claims
),

ledger as (
    select
        loan_id,
        period,
        alone,
        max(on_day) as ledger_on,
        sum(fen) as ledger_fen,
        count(*) > count(fen) as part_unknown,
        list(repayment_id order by repayment_id) as repayment_ids
    from keyed
    where in_ledger
    group by loan_id, period, alone
),

bank as (
    select
        keyed.loan_id,
        keyed.period,
        keyed.alone,
        max(money_moves.paid_on) as bank_on,
        sum(money_settled.fen) as bank_fen,
        list(distinct money_moves.transfer_id order by money_moves.transfer_id) as transfer_ids,
        max(money_settled.how) as match
    from money_settled
    inner join keyed on money_settled.claim = keyed.claim
    inner join money_moves on money_settled.move = money_moves.move
    group by keyed.loan_id, keyed.period, keyed.alone
    union all
    select
        loan_id,
        cast(null as integer) as period,
        transfer_id as alone,
        paid_on as bank_on,
        fen as bank_fen,
        [transfer_id] as transfer_ids,
        'loan_id' as match
    from money_moves
    where named and move not in (select move from money_settled)
),

due as (
    select
        loan_id,
        period,
        cast(null as text) as alone,
        max(due_on) as due_on,
        cast(sum(100 * (coalesce(principal_yuan, 0) + coalesce(interest_yuan, 0) + coalesce(fee_yuan, 0))) as bigint) as due_fen
    from schedules
    where loan_id is not null and period is not null
    group by loan_id, period
),

keys as (
    select loan_id, period, alone from due
    union
    select loan_id, period, alone from ledger
    union
    select loan_id, period, alone from bank
),

joined as (
    select
        keys.*,
        due.due_on,
        due.due_fen,
        ledger.ledger_on,
        case when not ledger.part_unknown then ledger.ledger_fen end as ledger_fen,
        bank.bank_on,
        bank.bank_fen,
        coalesce(ledger.repayment_ids, []) as repayment_ids,
        coalesce(bank.transfer_ids, []) as transfer_ids,
        bank.match,
        coalesce(ledger.ledger_on, due.due_on) as on_day
    from keys
    left join due on keys.loan_id = due.loan_id and keys.period = due.period
    left join ledger
        on
            keys.loan_id = ledger.loan_id and keys.period is not distinct from ledger.period
            and keys.alone is not distinct from ledger.alone
    left join bank
        on
            keys.loan_id = bank.loan_id and keys.period is not distinct from bank.period
            and keys.alone is not distinct from bank.alone
),

stated as (
    select loan_id, period, case when period is null then repayment_id end as alone, payer_account as account_id
    from repayments
    where payer_account is not null
),

payers as (
    select * from stated
    union
    select joined.loan_id, joined.period, joined.alone, accounts.account_id
    from joined
    anti join stated
        on
            joined.loan_id = stated.loan_id and joined.period is not distinct from stated.period
            and joined.alone is not distinct from stated.alone
    inner join loans on joined.loan_id = loans.loan_id
    inner join accounts on loans.borrower_id = accounts.holder_id
),

covered as (
    select
        joined.loan_id,
        joined.period,
        joined.alone,
        bool_and(
            coalesce(
                money_coverage.covered_from <= joined.on_day - $days and money_coverage.covered_to >= joined.on_day + $days,
                false
            )
        ) as covered
    from joined
    inner join payers
        on
            joined.loan_id = payers.loan_id and joined.period is not distinct from payers.period
            and joined.alone is not distinct from payers.alone
    left join money_coverage on payers.account_id = money_coverage.account_id
    group by joined.loan_id, joined.period, joined.alone
)

select
    joined.loan_id,
    joined.period,
    joined.due_on,
    joined.due_fen,
    joined.ledger_on,
    cast(joined.ledger_fen as bigint) as ledger_fen,
    joined.bank_on,
    cast(joined.bank_fen as bigint) as bank_fen,
    joined.repayment_ids,
    joined.transfer_ids,
    joined.match,
    coalesce(covered.covered, false) as covered
from joined
left join covered
    on
        joined.loan_id = covered.loan_id and joined.period is not distinct from covered.period
        and joined.alone is not distinct from covered.alone
order by joined.loan_id, joined.period nulls last, coalesce(joined.ledger_on, joined.bank_on), joined.alone
