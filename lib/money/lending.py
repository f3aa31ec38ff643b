"""What the ways of loans' money are judged by: the loans of cases, their payouts, and what accounts are to a case."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.case import Case
from lib.money import scope as scopes
from lib.money.ledger import Ledger
from lib.money.matching import own_payouts
from lib.money.statements import coverage, unshown

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
_NEVER_COVERED = np.iinfo(np.int64).max
_DAYS = 1_000_000  # more than there are from 1970 on


@dataclass
class Sides:
    """What the accounts are to one case: flags by ledger number, and the days (since 1970) that statements cover.

    `doubtful` are the days of movements that an account's own statement ought to show and does not, ascending keys of
    number and day (see `_day_keys`).
    """

    related: Flags
    hub: Flags
    fee: Flags
    covered_from: Ints
    covered_to: Ints
    doubtful: Ints

    def known(self, accounts: Ints, arrived: Ints, ended: Ints | int) -> Flags:
        """Tell for money that came to accounts on a day whether statements show what became of it up to another day.

        They must cover both days, and lack no movement between them that the other side shows: such a movement may be there a
        second time, under another day or without a name. Then part of the money seems to stay behind that in truth went on.
        """
        until = np.broadcast_to(np.asarray(ended, np.int64), arrived.shape)
        covered = (self.covered_from[accounts] <= arrived) & (self.covered_to[accounts] >= until)
        doubts = np.searchsorted(self.doubtful, _day_keys(accounts, until), side="right")
        certain: Flags = doubts == np.searchsorted(self.doubtful, _day_keys(accounts, arrived))
        return covered & certain


def loans_of(case: Case, scope: scopes.Scope, *, platform_only: bool) -> pa.Table:
    """Return the loans of cases with what following their payout needs (see sql/loans_of_cases.sql)."""
    case.store.derive("money_related", scopes.related(case, scope).select(["case_id", "party_id"]))
    case.store.derive("money_loans", scopes.case_loans(case, scope))
    return case.store.run("loans_of_cases", platform_only=platform_only)


def payout_lists(case: Case, book: Ledger) -> tuple[pa.Array, Ints, Ints]:
    """Return loans whose payout is known and theirs alone: ids, and the positions places[starts[i]:starts[i + 1]] of each."""
    found = own_payouts(case.store)
    ids = found["transfer_ids"].combine_chunks()
    places = book.positions(ids.flatten())
    owner = np.repeat(np.arange(len(ids)), pc.list_value_length(ids).to_numpy())[places >= 0]
    starts = np.searchsorted(owner, np.arange(len(ids) + 1)).astype(np.int64)
    return found["loan_id"].combine_chunks(), starts, places[places >= 0]


def payout_rows(case: Case, book: Ledger) -> dict[str, Ints]:
    """Return the positions of each loan's payout."""
    ids, starts, places = payout_lists(case, book)
    return dict(zip(ids.to_pylist(), np.split(places, starts[1:-1]) if len(ids) else [], strict=True))


def holders_of(case: Case, book: Ledger) -> pa.Array:
    """Return each account's holder, by ledger number."""
    rows = case.arrow("select account_id, holder_id from accounts where account_id is not null")
    row_of = np.full(len(book.accounts) + 1, -1, np.int64)  # the last takes none: every recorded account is in the ledger
    row_of[book.codes(rows["account_id"])] = np.arange(rows.num_rows)
    return rows["holder_id"].combine_chunks().take(pa.array(row_of[:-1], mask=row_of[:-1] < 0))


def sides_of(case: Case, book: Ledger, case_id: str, institution_id: str | None, party_id: str | None) -> Sides:
    """Say what the accounts are to one case (money_related must be laid out, see `loans_of`)."""
    hub = book.flags(scopes.hub_accounts(case, None))
    mine = "holder_id in ($party, $institution)"
    who = {"party": party_id, "institution": institution_id or party_id}
    theirs = "holder_id in (select party_id from money_related where case_id = $case_id)"
    related = case.arrow(f"select account_id from accounts where {mine} or {theirs}", case_id=case_id, **who)
    fee = case.arrow(f"select account_id from accounts where {mine} and purpose in ('fee', 'own')", **who)
    days = coverage(case.store)
    places = book.codes(days["account_id"])
    covered_from, covered_to = np.full(len(hub) + 1, _NEVER_COVERED), np.full(len(hub) + 1, -_NEVER_COVERED)
    for name, target in (("covered_from", covered_from), ("covered_to", covered_to)):
        known = days[name].is_valid().to_numpy()
        target[places[known]] = days[name].drop_null().cast(pa.int32()).to_numpy()
    lacking = unshown(case.store)
    doubtful = np.sort(_day_keys(book.codes(lacking["account_id"]), lacking["day_on"].cast(pa.int32()).to_numpy()))
    own, fees = book.flags(related["account_id"]) & ~hub, book.flags(fee["account_id"])
    return Sides(own, hub, fees, covered_from, covered_to, doubtful)


def _day_keys(numbers: Ints, days: Ints) -> Ints:
    """Return one number per account and day (since 1970), ascending by account and then by day."""
    return numbers.astype(np.int64) * _DAYS + np.clip(days, 0, _DAYS - 1)
