"""Several sources followed at once, each of a colour: what of a transfer's traced money came from which.

Money keeps the colour of the first source that it was in. Where an account is a line of lots, each lot has its colour; where it
is one pool, see `kernels.colours`. Either way the colours of a transfer add up to what it carries when all sources are followed
as one, to the fen. What poison turned is of no colour.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from lib.errors import BadParameter
from lib.kernels import lines
from lib.kernels.colours import split
from lib.kernels.tracing import FAR
from lib.money.ledger import Ledger
from lib.money.walking import POOLS, Walk

Ints = npt.NDArray[np.int64]
ROOM = 512 * 2**20  # bytes that the balances by colour may take; more colours are told apart one batch after the other
LINES_AT_ONCE = 64  # colours whose rows are written in one pass over lines of lots
MOST_ROWS = 20_000_000
BY = ("source", "account")
NO_COLOUR = -1


def coloured(walk: Walk, sources: Ints, colours: Ints, room: int = ROOM) -> Iterator[Ints]:
    """Follow ascending source transfers, each of a colour from 0 on, some colours at a time.

    Gives rows as `Walk.follow` does, with the colour as a sixth column. `room` decides how many colours are told apart at a
    time, not what is found.
    """
    for run, stop, _ in walk.windows(sources):
        mine = colours[np.searchsorted(sources, run)]
        yield from (_pools(walk, run, mine, stop, room) if walk.method in POOLS else _lines(walk, run, mine, stop))


def _lines(walk: Walk, run: Ints, colours: Ints, stop: int) -> Iterator[Ints]:
    for first in range(0, int(colours.max()) + 1, LINES_AT_ONCE):
        heard = (colours >= first) & (colours < first + LINES_AT_ONCE)
        if heard.any():
            yield walk.follow_lines(run, np.where(heard, colours, lines.SILENT), stop)


def _pools(walk: Walk, run: Ints, colours: Ints, stop: int, room: int) -> Iterator[Ints]:
    rows, book, hops = walk.follow_run(run, stop)[0], walk.book, -1 if walk.hops is None else walk.hops
    touched, payee = np.unique(book.moves.payee[rows[:, 0]], return_inverse=True)
    payee = np.where((touched[payee] >= 0) & ~walk.sink[touched[payee]], payee, -1)
    sides = (np.searchsorted(touched, book.moves.payer[rows[:, 0]]), payee, book.amount[rows[:, 0]], book.before[rows[:, 0]])
    new = rows[:, 2] == 0
    of_row = np.full(len(rows), NO_COLOUR, np.int64)
    of_row[new] = colours[np.searchsorted(run, rows[new, 0])]
    count, levels, accounts = int(colours.max()) + 1, max(walk.hops or 1, 1), max(len(touched), 1)
    size = max(1, min(count, room // (8 * (levels + 1) * accounts) - 1))
    rest = rows[:, [1, 3]].copy()  # fen of no colour, and those that have made all the hops: of poison alone
    for first in range(0, count, size):
        state = _state(accounts, levels, size + 1)
        found = split(POOLS[walk.method], rows, of_row, first, hops, sides, state)
        np.subtract.at(rest, found[:, 0], found[:, [1, 3]])
        yield np.column_stack([rows[found[:, 0], 0], found[:, 1:4], np.zeros(len(found), np.int64), found[:, 4]])
    left = np.flatnonzero((rest[:, 0] > 0) | (rows[:, 4] > 0))
    none = np.full(len(left), NO_COLOUR)
    yield np.column_stack([rows[left, 0], rest[left, 0], rows[left, 2], rest[left, 1], rows[left, 4], none])


def _state(accounts: int, levels: int, colours: int) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    return (
        np.zeros((accounts, levels), np.int64),
        np.zeros(levels, np.int64),
        np.zeros((accounts, levels, colours), np.int64),
        np.zeros((levels, colours), np.int64),
        np.full((accounts, colours), FAR, np.int64),
    )


def colours_of(book: Ledger, sources: Ints, by: str, *, backward: bool) -> tuple[Ints, Ints]:
    """Return the colour of each source (ascending positions), and of each colour the position, or the account's number.

    Raises
    ------
    BadParameter
        If `by` is unknown.
    """
    if by not in BY:
        raise BadParameter(f"by={by!r} 不存在, 可用: {'、'.join(BY)}", f"There is no by={by!r}; there is: {', '.join(BY)}")
    if by == "source":
        return np.arange(len(sources)), sources
    side = (book.moves.payee if backward else book.moves.payer)[sources]
    whose, colours = np.unique(side, return_inverse=True)
    return colours.astype(np.int64), whose


def collected(parts: Iterator[Ints]) -> Ints:
    """Put rows together, in order of position, what is new first, and colour.

    Raises
    ------
    BadParameter
        If they are more than a table can hold.
    """
    kept: list[Ints] = [np.zeros((0, 6), np.int64)]
    count = 0
    for rows in parts:
        kept.append(rows)
        count += len(rows)
        if count > MOST_ROWS:
            raise BadParameter(
                f"按来源分开的追踪结果超过 {MOST_ROWS:,} 行。请用 days、hops 缩小范围, 或减少来源",
                f"Told apart by source the trail has more than {MOST_ROWS:,} rows. Narrow days or hops, or name fewer sources",
            )
    rows = np.concatenate(kept)
    found: Ints = rows[np.lexsort((rows[:, 5], rows[:, 2] > 0, rows[:, 0]))]
    return found
