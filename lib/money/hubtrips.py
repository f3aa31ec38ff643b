"""Round trips through busy accounts: custody, payment companies, whoever serves thousands. Counted by ring, not listed."""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import BadParameter
from lib.kernels import hubs as kernel
from lib.kernels.ordering import sorted_by
from lib.money.amounts import whole_number, yuan
from lib.money.ledger import Ledger, ledger
from lib.money.ordering import DAY_US
from lib.money.trips import BUSY, MOST_DAYS, MOST_HOPS, candidates, left_out, wanted_accounts
from lib.store import frame
from lib.words import word

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
MOST_RINGS = 100_000
EFFORT, LEAST_EFFORT = 2_000_000_000, 10_000  # payments that are looked at: in all, and from one payment of a hub


def hub_trips(
    case: Case,
    days: int = 10,
    max_hops: int = 6,
    min_yuan: float = 0,
    hubs: list[str] | None = None,
    busy: int | None = BUSY,
    most: int = MOST_RINGS,
) -> pd.DataFrame:
    """Count the round trips that pass accounts which `round_trips` leaves out, one row per ring of accounts.

    Parameters
    ----------
    days, max_hops, min_yuan
        As in `round_trips`.
    hubs, busy
        Accounts that are walked through: those that `round_trips` leaves out under the same settings.
    most
        Rings that are kept, 1 to 1,000,000. Trips of further ones are counted, see `attrs`.

    Returns
    -------
    DataFrame, one row per ring, most money first
        ring_id · hops · accounts (list, from a hub on) · hub_accounts (those of them that are walked through) · trips (how
        many: each is made of other transfers) · first_at, last_at (of all trips) · sent_yuan (what the first account paid to
        the second in trips, each transfer once) · transfer_ids (of one trip, from its earliest transfer on). For a case of one
        party: rings with an account of the case. `attrs`: hubs (walked through), left_out (trips of rings that were not kept),
        most, cut (payments of hubs from which on not all ways were followed: more than `effort` payments lay on them), effort,
        reversed (as in `round_trips`).

    Raises
    ------
    BadParameter
        If a setting is out of range, an account of `hubs` is unknown, or there is no hub to walk through.

    Notes
    -----
    Only trips whose order is proven: each transfer is over before the next can begin. What happened on one day of which no time
    is known is in no order here, and in none of these trips; `round_trips(hubs=[])` lists such trips as tied. On custody, that
    a client pays in and is paid is a ring of two and no lead; what the money did between is what rings of three and more show.
    """
    whole_number("most", most, 1, 1_000_000)
    whole_number("days", days, 0, MOST_DAYS)
    whole_number("max_hops", max_hops, 2, MOST_HOPS)
    book = ledger(case.store)
    through = left_out(case, book, hubs, busy)
    codes = book.codes(through)
    codes = codes[codes >= 0]
    if not len(codes):
        raise BadParameter(
            "没有可穿过的中转账户 (存管、支付、税务、清算或往来极多的账户)。请用 hubs= 指定",
            "There is no hub to walk through (custody, payment, tax, settlement or busy account). Name them with hubs=",
        )
    nobody = np.zeros(len(book.accounts), np.bool_)
    wanted = wanted_accounts(case, book)
    rows, reversed_pairs = candidates(case, book, wanted, nobody, min_yuan, max_hops)
    begun = int(np.isin(book.moves.payer[rows], codes).sum())
    effort = max(LEAST_EFFORT, EFFORT // max(begun, 1))
    rings, notes, lost, cut = _counted(book, rows, np.sort(codes), wanted, max_hops, days * DAY_US, most, effort)
    found = frame(_table(book, rows, rings, notes, codes))
    found.attrs |= {
        "hubs": through,
        "left_out": int(lost),
        "most": most,
        "cut": int(cut),
        "effort": effort,
        "reversed": reversed_pairs,
    }
    found.attrs["caption"] = word("flows", "hub_trips", n=f"{len(codes):,}", left=f"{int(lost):,}", cut=f"{int(cut):,}")
    return found


def _counted(
    book: Ledger, rows: Ints, hubs: Ints, wanted: Flags, max_hops: int, window: int, most: int, effort: int
) -> tuple[Ints, Ints, int, int]:
    """Run the count on some transfers; the transfers in what it returns are places in `rows`."""
    moves, count = book.moves.of(rows), len(book.accounts)
    low = moves.at
    high = low + np.where(moves.day_only, DAY_US - 1, 0)
    by_low = np.argsort(low, kind="stable")
    payers, out_start = sorted_by(moves.payer[by_low], count)
    out_rows = by_low[payers]
    key = 2 * moves.payer + moves.day_only
    in_rows = np.lexsort((low, key, moves.payee))
    in_start = np.searchsorted(moves.payee[in_rows], np.arange(count + 1))
    outward = (out_start, out_rows, moves.payee[out_rows], low[out_rows])
    inward = (in_start, key[in_rows], in_rows, low[in_rows], high[in_rows])
    order = np.full(count, -1, np.int64)
    order[hubs] = np.arange(len(hubs))
    packed = (low, high)
    found: tuple[Ints, Ints, int, int] = kernel.through(
        packed, book.amount[rows], outward, inward, hubs, order, wanted, max_hops, window, most, effort
    )
    return found


def _table(book: Ledger, rows: Ints, rings: Ints, notes: Ints, hubs: Ints) -> pa.Table:
    ranked = np.lexsort((*rings.T[::-1], -notes[:, kernel.PAID])) if len(rings) else np.zeros(0, np.int64)
    rings, notes = rings[ranked], notes[ranked]
    names, ids = np.array(book.accounts.to_pylist(), object), book.table["transfer_id"].combine_chunks()
    accounts = [names[ring[ring >= 0]].tolist() for ring in rings]
    walked = [names[ring[np.isin(ring, hubs)]].tolist() for ring in rings]
    examples = [_from_earliest(book, rows[note[note >= 0]]) for note in notes[:, kernel.EXAMPLE :]]
    return pa.table(
        {
            "ring_id": pa.array([ring_id(ring) for ring in accounts], pa.string()),
            "hops": pa.array((rings >= 0).sum(axis=1).astype(np.int64)),
            "accounts": pa.array(accounts, pa.list_(pa.string())),
            "hub_accounts": pa.array(walked, pa.list_(pa.string())),
            "trips": pa.array(notes[:, kernel.TRIPS]),
            "first_at": pa.array(notes[:, kernel.FIRST]).cast(pa.timestamp("us")),
            "last_at": pa.array(notes[:, kernel.LAST]).cast(pa.timestamp("us")),
            "sent_yuan": yuan(notes[:, kernel.PAID]),
            "transfer_ids": pa.array([ids.take(pa.array(places)).to_pylist() for places in examples], pa.list_(pa.string())),
        }
    )


def _from_earliest(book: Ledger, places: Ints) -> Ints:
    return np.roll(places, -int(np.argmin(book.moves.at[places])))


def ring_id(accounts: list[str]) -> str:
    """Return an id that is the same for a ring of accounts wherever one begins to read it."""
    turned = min(accounts[n:] + accounts[:n] for n in range(len(accounts)))
    return "H" + hashlib.sha256("\x1f".join(turned).encode()).hexdigest()[:10]
