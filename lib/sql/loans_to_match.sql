-- loans_to_match: loan contracts and whether the statements cover the days around their start
-- grain:   one row per loan
-- inputs:  loans, accounts, money_coverage(account_id, covered_from, covered_to)
-- params:  $days integer, days before and after the start that must be covered
--
-- The account agreed for the payout must be covered; where none is agreed, every account of the borrower, and one at least.
with dated as (
    select
        loan_id,
        borrower_id,
        disbursement_account,
        principal_yuan,
        upfront_fee_yuan,
        coalesce(started_on, signed_on) as start_on
    from loans
    where loan_id is not null
),

payees as (
    select loan_id, start_on, disbursement_account as account_id
    from dated
    where disbursement_account is not null
    union all
    select dated.loan_id, dated.start_on, accounts.account_id
    from dated
    inner join accounts on dated.borrower_id = accounts.holder_id
    where dated.disbursement_account is null
),

covered as (
    select
        payees.loan_id,
        coalesce(bool_and(
            money_coverage.covered_from <= payees.start_on - $days and money_coverage.covered_to >= payees.start_on + $days
        ), false) and count(*) = count(money_coverage.account_id) as covered
    from payees
    left join money_coverage on payees.account_id = money_coverage.account_id
    group by payees.loan_id
)

select
    dated.loan_id,
    dated.principal_yuan,
    dated.upfront_fee_yuan,
    dated.start_on,
    cast(dated.start_on - $days as date) as searched_from,
    cast(dated.start_on + $days as date) as searched_to,
    coalesce(covered.covered, false) as covered
from dated
left join covered on dated.loan_id = covered.loan_id
order by dated.loan_id
