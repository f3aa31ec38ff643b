-- population: the items of a case that a sample can be drawn from
-- grain:   one row per item, in no order, also one without an id
-- inputs:  loans, projects, flows, transfers, ledger_entries, disclosures, advertisements,
--          money_accounts(account_id), laid out for flows and transfers
-- params:  $population name of the population · $everything boolean, the whole district · $institution, $party ids of the case
with items as (
    select
        'loans' as population,
        loan_id as item_id,
        principal_yuan as amount_yuan,
        status as stratum,
        coalesce(signed_on, started_on) as dated_on,
        $everything
        or institution_id = $institution
        or borrower_id in ($institution, $party)
        or lender_id in ($institution, $party) as is_of_case
    from loans
    union all
    select
        'projects' as population,
        project_id as item_id,
        amount_yuan,
        product_type as stratum,
        cast(listed_at as date) as dated_on,
        $everything or institution_id = $institution or borrower_id in ($institution, $party) as is_of_case
    from projects
    union all
    select
        'flows' as population,
        flow_id as item_id,
        amount_yuan,
        direction as stratum,
        cast("at" as date) as dated_on,
        $everything or account_id in (select account_id from money_accounts) as is_of_case
    from flows
    union all
    select
        'transfers' as population,
        transfer_id as item_id,
        amount_yuan,
        kind as stratum,
        cast("at" as date) as dated_on,
        $everything
        or payer_account in (select account_id from money_accounts)
        or payee_account in (select account_id from money_accounts) as is_of_case
    from transfers
    union all
    select
        'ledger_entries' as population,
        entry_id as item_id,
        case
            when coalesce(credit_yuan, 0) = 0 then coalesce(debit_yuan, credit_yuan)
            when coalesce(debit_yuan, 0) = 0 then credit_yuan
        end as amount_yuan,
        account_title as stratum,
        booked_on as dated_on,
        $everything or institution_id = $institution as is_of_case
    from ledger_entries
    union all
    select
        'disclosures' as population,
        disclosure_id as item_id,
        null as amount_yuan,
        metric as stratum,
        coalesce(published_on, as_of_on) as dated_on,
        $everything or institution_id = $institution as is_of_case
    from disclosures
    union all
    select
        'advertisements' as population,
        advertisement_id as item_id,
        null as amount_yuan,
        channel as stratum,
        cast(seen_at as date) as dated_on,
        $everything or institution_id = $institution as is_of_case
    from advertisements
)

select
    item_id,
    cast(amount_yuan as decimal(18, 2)) as amount_yuan,
    nullif(trim(stratum), '') as stratum,
    dated_on
from items
where population = $population and is_of_case
