"""Walking money through the ledger under a named convention: settings, windows and scratch memory around the kernels."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lib.errors import BadParameter
from lib.kernels import ends, lines, pools, tracing
from lib.money.amounts import whole_number
from lib.money.ledger import Ledger
from lib.money.ordering import DAY_US

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
POOLS = {
    "pro_rata": pools.PRO_RATA,
    "clean_first": pools.CLEAN_FIRST,
    "taint_first": pools.TAINT_FIRST,
    "poison": pools.POISON,
}
METHODS = ("pro_rata", "fifo", "lifo", "clean_first", "taint_first", "poison")
MOST_DAYS, MOST_HOPS = 36_500, 1_000
CROWD = 128  # a step of the heap costs about as much as looking at so many transfers


def known_method(method: str) -> None:
    """Refuse a convention that does not exist.

    Raises
    ------
    BadParameter
        With the list of those that do.
    """
    if method not in METHODS:
        raise BadParameter(
            f"method={method!r} 不存在, 可用: {'、'.join(METHODS)}",
            f"There is no method={method!r}; there is: {', '.join(METHODS)}",
        )


@dataclass
class Walk:
    """Settings and scratch memory for following money, reused from one source to the next.

    `sink` marks accounts (by ledger number) at which money comes to rest; `hops`, `days` and `method` as in `trace`; `crowd`
    decides how the next transfer is found, not which (see `pools.follow`).
    """

    book: Ledger
    sink: Flags
    hops: int | None
    days: int | None
    method: str = "pro_rata"
    crowd: int = CROWD

    def __post_init__(self) -> None:
        """Check the settings and lay out the scratch arrays (their pages are only touched where money comes)."""
        whole_number("hops", self.hops, 0, MOST_HOPS)
        whole_number("days", self.days, 0, MOST_DAYS)
        known_method(self.method)
        count = len(self.book.accounts)
        self._rows = np.empty((2 * len(self.book.amount), 6), np.int64)
        queued = np.zeros(count, np.bool_)
        if self.method in POOLS:
            levels = max(self.hops or 1, 1)
            least = np.full(count, tracing.FAR, np.int64)
            self._state: tuple[Any, ...] = (np.zeros((count, levels), np.int64), least, queued, np.zeros(levels, np.int64))
        else:
            self._state = (np.zeros((count, 2), np.int64), np.zeros((count, 2), np.int64), queued)

    def follow(self, sources: Ints) -> tuple[Ints, int]:
        """Follow source transfers (positions).

        Returns rows of position, traced fen, hop, fen that have made all the hops and clean fen that poison turned; and the
        unknown clean fen.
        """
        parts = list(self.runs(sources))
        return np.concatenate([self._rows[:0, :5], *(rows for rows, _, _ in parts)]), sum(clean for _, clean, _ in parts)

    def runs(self, sources: Ints) -> Iterator[tuple[Ints, int, int]]:
        """Follow source transfers window by window: as `follow`, and each window's end in microseconds."""
        for run, stop, end in self.windows(np.unique(sources)):
            yield *self.follow_run(run, stop), end

    def follow_run(self, run: Ints, stop: int) -> tuple[Ints, int]:
        """Follow the sources of one window up to a position: as `follow`."""
        if self.method in POOLS:
            hops = -1 if self.hops is None else self.hops
            count, clean = pools.follow(POOLS[self.method], run, stop, hops, self.crowd, self.book.arrays, *self._scratch)
            return self._rows[:count, :5].copy(), int(clean)
        rows, clean = self._follow_lines(run, np.zeros(len(run), np.int64), stop)
        return rows[:, :5], clean

    def follow_lines(self, run: Ints, colours: Ints, stop: int) -> Ints:
        """Follow the sources of one window, each of a colour, where accounts are lines of lots: rows with a column for it.

        Money of the colour `lines.SILENT` is followed, and not written down.
        """
        rows, _ = self._follow_lines(run, colours, stop)
        for left in self._state:
            left[...] = 0  # silent money leaves no rows by which its accounts are known
        return rows

    def _follow_lines(self, run: Ints, colours: Ints, stop: int) -> tuple[Ints, int]:
        hops, newest = -1 if self.hops is None else self.hops, self.method == "lifo"
        done = lines.follow(newest, run, colours, stop, hops, self.crowd, self.book.line_arrays, *self._scratch)
        rows, count, clean = done
        return rows[:count].copy(), int(clean)

    @property
    def _scratch(self) -> tuple[Flags, tuple[Any, ...], Ints]:
        return self.sink, self._state, self._rows

    def ends(self, runs: Ints, sources: Ints, opened: Ints, kinds: npt.NDArray[np.int8], of_loan: Ints) -> tuple[Ints, Ints]:
        """Follow many runs, each on its own, and sum up where their money ends (see `kernels.ends`)."""
        hops, book = -1 if self.hops is None else self.hops, self.book
        asked, scratch = (runs, sources, opened, hops, self.crowd), (*self._scratch, kinds, of_loan)
        if self.method in POOLS:
            done: tuple[Ints, Ints] = ends.of_pools(POOLS[self.method], *asked, book.arrays, *scratch)
        else:
            done = ends.of_lines(self.method == "lifo", *asked, book.line_arrays, *scratch)
        return done

    def reach(self, sources: Ints) -> tuple[Ints, Ints]:
        """Return, for source transfers each on its own, the first position that is not followed and its window's end."""
        if self.days is None:
            return np.full(len(sources), len(self.book.amount)), np.full(len(sources), self.book.latest.max(initial=0))
        until = self.book.moves.at[sources] + self.days * DAY_US + np.where(self.book.moves.day_only[sources], DAY_US - 1, 0)
        return np.maximum(np.searchsorted(self.book.latest, until, side="right"), sources + 1), until

    def windows(self, sources: Ints) -> list[tuple[Ints, int, int]]:
        """Split ascending sources into runs whose windows meet; give each the first position not followed and its end."""
        if not len(sources):
            return []
        if self.days is None:
            return [(sources, len(self.book.amount), int(self.book.latest[-1]))]
        at = np.maximum.accumulate(self.book.moves.at[sources])
        ends = np.maximum.accumulate(at + self.days * DAY_US + np.where(self.book.moves.day_only[sources], DAY_US - 1, 0))
        cuts = np.flatnonzero(at[1:] > ends[:-1]) + 1
        runs, lasts = np.split(sources, cuts), ends[np.append(cuts - 1, len(ends) - 1)]
        stops = np.maximum(np.searchsorted(self.book.latest, lasts, side="right"), [run[-1] + 1 for run in runs])
        return [(run, int(stop), int(last)) for run, stop, last in zip(runs, stops, lasts, strict=True)]
