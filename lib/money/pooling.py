"""Cash pools (资金池): accounts on which money of many people comes together without a contract, and who they are."""

import pandas as pd

from lib.case import Case
from lib.money.amounts import whole_number
from lib.money.clients import LENDERS, clients, known_account, unseen
from lib.store import frame

CROWD = 30  # FP-05: payers and payees of a pool-shaped account


def pooling(case: Case, account: str | None = None, lenders: int = LENDERS, crowd: int = CROWD) -> pd.DataFrame:
    """List who paid into accounts, and was paid from them, without a contract with their holder.

    Parameters
    ----------
    account
        Only this account, whatever it is. Else those on which money comes together: accounts of the institution and its related
        parties that so many lenders paid or were paid from, custody left out; and anybody's accounts, payment, tax and
        settlement accounts left out, that so many parties both paid into and were paid from (but for the district: somebody of
        the case among them).
    lenders
        Lenders without a contract, on an account of the institution or a related party.
    crowd
        Parties that stand on both sides of an account of anybody else.

    Returns
    -------
    DataFrame, one row per account and party on the other side (per account, where no party is known); lenders first, then by
    amount
        account · holder_id · holder_name · purpose · why (own, related: of the institution, of a related party; crowd: many on
        both sides; asked: named by the caller and none of these) · party_id · name · role (lender, borrower, both; own,
        related; guarantor; hub; other; unknown: nobody knows the holder) · in_yuan (paid in) · out_yuan (paid out) · named_yuan
        (of both, what names a loan to which the account's holder is no party) · first_at · last_at · other_accounts (on the
        other side) · transfer_ids. Every transfer of the account is in one row, or has a contract, or is counted in `attrs`:
        undated (without a time or amount), undated_yuan, reversed (undone by a reversal, and the reversals).

    Raises
    ------
    BadParameter
        If the account is unknown or a number is out of range.
    DataGap
        If no loan of the case or no transfer is known.

    Notes
    -----
    A transfer has a contract if it names a loan of the case, or `reconcile` or `instalments` found it for one, and the
    account's holder is borrower, lender or guarantor of it; on a custody account any loan of the case will do. Rows of
    landlords, staff or shareholders are no leads: the role says who is one. Rules FP-01, FP-02 and FP-05 state the same
    thresholds.
    """
    whole_number("lenders", lenders, 1, 1_000_000)
    whole_number("crowd", crowd, 1, 1_000_000)
    if account is not None:
        known_account(case, account)
    made = clients(case)
    case.store.derive("client_roles", made.roles)
    case.store.derive("client_moves", made.moves)
    found = frame(case.store.run("pooling", account=account, lenders=lenders, crowd=crowd, everything=case.is_district))
    found.attrs |= unseen(case, sorted({account, *found["account"]} - {None}))
    return found
