"""Following money under a named convention: from a loan's payout, an account, a party or chosen transfers, or back from them.

A convention says which part of a payment is traced money, where the payer holds traced and other money:

* `pro_rata`: traced × paid ÷ balance, a 128-bit product, rounded half to even; the remainder stays.
* `fifo`, `lifo`: what came first, or last, goes first. A payment keeps the order in which its money lay, and is laid behind
  what the payee holds; what the payee held at first is its oldest money.
* `clean_first`: other money goes first, so the traced part never exceeds the lowest balance since (the lowest intermediate
  balance rule). `taint_first`: traced money goes first.
* `poison`: whatever goes from an account that holds traced money is traced, whole, and so is all that it holds then. This
  makes more traced money than there was; how much is shown.

What an account pays beyond what it is known to hold comes from an unknown clean lot, which is shown as a number: then all
traced money goes with the payment. Backward see lib/money/backward.py.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.money.amounts import as_decimal, yuan
from lib.money.backward import Mirror, known_direction, mirror_of
from lib.money.colouring import NO_COLOUR, collected, coloured, colours_of
from lib.money.doubts import doubts
from lib.money.ledger import Ledger, ledger
from lib.money.sources import start_of
from lib.money.walking import METHODS, Walk, known_method
from lib.store import frame
from lib.words import word

__all__ = ["METHODS", "Walk", "trace"]

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]


def trace(
    case: Case,
    *,
    loan: str | None = None,
    account: str | None = None,
    party: str | None = None,
    transfers: list[str] | None = None,
    method: str = "pro_rata",
    direction: str = "forward",
    by: str | None = None,
    days: int | None = None,
    hops: int | None = None,
    hubs: list[str] | None = None,
) -> pd.DataFrame:
    """Follow money forward in time order, or backward to where it came from. Name exactly one source.

    Parameters
    ----------
    loan
        The loan's payout: the transfers that `reconcile` finds for it.
    account
        Every credit into the account.
    party
        Every credit from outside into the accounts of a party, by id or exact name.
    transfers
        These transfers.
    method
        Which part of a payment is traced money where the payer holds traced and other money. `pro_rata`: traced × paid ÷
        balance, rounded half to even. `fifo`, `lifo`: what came first, or last, goes first. `clean_first`: other money goes
        first (the lowest intermediate balance rule). `taint_first`: traced money goes first. `poison`: all of it is traced.
    direction
        `forward`; or `backward`: where the money of the source came from, which then is the loan's payout, every debit of the
        account, every debit of the party's accounts to others, or the transfers. Backward there are pro_rata, fifo, lifo and
        poison. By fifo and lifo, what a transfer has of another one's money is the same from either end, to the fen; pro rata
        the same but for rounding. By poison it is every transfer whose money may be in the source, whole.
    by
        Tell the money of several sources apart: `source`, each source transfer; or `account`, each account that paid them
        (backward, that they paid), those that are not stated together. Money that was in several sources is of the first of
        them (backward, the last). What a transfer has of all of them is the same as without `by`, to the fen.
    days
        Transfers later than this many days after the source are not followed. Several source transfers (tranches): each opens
        the window anew, and sources further apart than `days` are followed separately. No limit, if omitted.
    hops
        Money that has made this many transfers beyond the source is not followed further. No limit, if omitted.
    hubs
        Accounts at which money comes to rest: custody, payment, tax and settlement accounts, if omitted; [] for none. A source
        account is never one.

    Returns
    -------
    DataFrame in order of replay, one row per transfer that carries traced money
        transfer_id · at · payer_account · payee_account · amount_yuan · traced_yuan · hop (0 = the source transfers, with their
        whole amount; else the fewest transfers beyond the source). A source transfer that brings traced money back has two
        rows: what is new (hop 0) and what returns. Of poison also overstated_yuan: other money of the payer that this payment
        made traced. With `by`, one row per transfer and source, and source_transfer or source_account (null: an account that
        is not stated, or money that poison turned, which has no source). Backward, in the order of replay from its end:
        traced_yuan is what of it the source's money is, hop the transfers before the source, and unfunded_yuan the part of
        traced_yuan that the payer is not known to have held (its origin is unknown). `attrs`: method, direction,
        overstated_yuan (the sum; 0 but for poison), unknown_clean_yuan (paid beyond known balances along with traced money;
        backward the sum of unfunded_yuan), ties (rows whose place only the rule "credits first" gave), tie_loops (loops of
        ties that were broken in file order, at accounts of the trail on its days), hubs (those reached), unshown (accounts
        reached whose own statement lacks, on a day of the trail, a movement that the other side's shows: it may be there
        twice, and less goes on from there than did), undated (transfers of the Store without a time or amount, in no trail).

    Raises
    ------
    BadParameter
        If not exactly one source is named, a name is unknown or a setting is out of range.
    DataGap
        If the source has no transfers.

    Notes
    -----
    Order: time; then the bank's sequence within an account; then an account's credits before its debits; loops of these in
    file order. A transfer that states a day and no time ties with all others of its day. An account holds at first what the
    balance on its first statement line implies, else 0. Every fen of the source is somewhere: see `at_rest`. Money that has
    made all the hops is not told apart from other money of the account where it rests.
    """
    known_method(method)
    backward, book = known_direction(direction, method), ledger(case.store)
    start = start_of(case, book, hubs, loan=loan, account=account, party=party, transfers=transfers, backward=backward)
    sources, mirror = np.unique(start.sources), mirror_of(case.store, book) if backward else None
    walk = Walk(mirror.book if mirror else book, start.sink, hops=hops, days=days, method=method)
    colours, whose = colours_of(book, sources, by, backward=backward) if by is not None else (None, None)
    rows, clean = followed(walk, mirror, sources, colours)
    trail = _trail(book, rows, clean, method, start.sink, backward=backward)
    if whose is not None:
        _add_colours(book, trail, rows[:, 6], whose, str(by))
    trail.attrs |= doubts(case, book, rows[:, 0], book.moves.payer if backward else book.moves.payee)
    trail.attrs["caption"] = _caption(method, backward, len(trail.attrs["unshown"]))
    return trail


def followed(walk: Walk, mirror: Mirror | None, sources: Ints, colours: Ints | None) -> tuple[Ints, int]:
    """Follow ascending sources (positions in the ledger) through the ledger, or through its mirror.

    Returns rows of position in the ledger, traced fen, hop, fen that have made all the hops, fen that poison turned, fen that
    payers are not known to have held and colour (-1: none); and the unknown clean fen.
    """
    starts = mirror.of(sources) if mirror else sources
    if colours is None:
        rows, clean = walk.follow(starts)
        rows = np.column_stack([rows, np.full(len(rows), NO_COLOUR)])
    else:
        of_starts = colours[np.searchsorted(sources, mirror.place[starts])] if mirror else colours
        rows, clean = collected(coloured(walk, starts, of_starts)), walk.follow(starts)[1]
    rows = np.insert(rows, 5, 0, axis=1)
    if mirror:
        rows = _origins(mirror, rows)
        clean = int(rows[:, 5].sum())
    return rows, clean


def _add_colours(book: Ledger, trail: pd.DataFrame, colours: Ints, whose: Ints, by: str) -> None:
    """Add the column that tells the source of each row: a transfer, or an account; null where there is none."""
    numbers = np.where(colours >= 0, whose[colours], -1)
    known = book.table["transfer_id"].combine_chunks() if by == "source" else book.accounts
    name = "source_transfer" if by == "source" else "source_account"
    trail[name] = known.take(pa.array(numbers, mask=numbers < 0)).to_pandas()


def _caption(method: str, backward: bool, doubtful: int) -> str:
    which = "trace_back" if backward else "trace"
    return word("flows", f"{which}_unshown" if doubtful else which, method=word("flows", method), n=f"{doubtful:,}")


def _origins(mirror: Mirror, rows: Ints) -> Ints:
    """Return rows of a walk through the mirror as rows of the ledger, the last transfer first, its parts added up."""
    place, onward = mirror.place[rows[:, 0]], rows[:, 2] > 0
    order = np.lexsort((rows[:, 6], onward, -place))
    rows, place = rows[order], place[order]
    rows[:, 5] = np.where(mirror.unfunded[rows[:, 0]], rows[:, 1], 0)
    rows[:, 0] = place
    key = np.column_stack([place, onward[order], rows[:, 6]])
    first = np.flatnonzero(np.append(True, (key[1:] != key[:-1]).any(axis=1))[: len(rows)])
    made = rows[first].copy()
    if len(first):
        for column in (1, 3, 4, 5):
            made[:, column] = np.add.reduceat(rows[:, column], first)
        made[:, 2] = np.minimum.reduceat(rows[:, 2], first)
    return made


def _trail(book: Ledger, rows: Ints, clean: int, method: str, sink: Flags, *, backward: bool = False) -> pd.DataFrame:
    places = pa.array(rows[:, 0])
    table = book.table.select(["transfer_id", "at", "payer_account", "payee_account", "amount_yuan"]).take(places)
    table = table.append_column("traced_yuan", yuan(rows[:, 1])).append_column("hop", pa.array(rows[:, 2]))
    if method == "poison":
        table = table.append_column("overstated_yuan", yuan(rows[:, 4]))
    if backward:
        table = table.append_column("unfunded_yuan", yuan(np.ascontiguousarray(rows[:, 5])))
    there = (book.moves.payer if backward else book.moves.payee)[rows[:, 0]]
    reached = np.unique(there[there >= 0])
    trail = frame(table)
    trail.attrs |= {
        "method": method,
        "direction": "backward" if backward else "forward",
        "overstated_yuan": as_decimal(rows[:, 4].sum()),
        "unknown_clean_yuan": as_decimal(clean),
        "hubs": book.accounts.take(pa.array(reached[sink[reached]])).to_pylist(),
    }
    return trail
