-- case_transfers: the transfers that touch the accounts of a case
-- grain:   one row per transfer, by time and in file order
-- inputs:  money_accounts(account_id), transfers
-- params:  $everything boolean, every transfer (the whole district)
select
    transfers.transfer_id,
    transfers.at as "at",
    transfers.day_only,
    transfers.payer_account,
    transfers.payee_account,
    transfers.amount_yuan,
    transfers.kind,
    transfers.loan_id,
    transfers.memo,
    transfers.reversal_of
from transfers
where
    $everything
    or transfers.payer_account in (select account_id from money_accounts)
    or transfers.payee_account in (select account_id from money_accounts)
order by transfers.at, transfers.file_order, transfers.transfer_id
