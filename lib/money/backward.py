"""The ledger backwards, so that following money forward in it is following money back to where it came from.

Every convention but two is its own mirror. What a payment took first in, first out (or last in, first out) from which credit is
one pairing, read from either end. Pro rata, each credit has the part of a payment that it had of the balance, seen from either
end. Poison says of a credit whether any of its money may be in the payment. Which money goes first under `clean_first` and
`taint_first` depends on whose money is followed, and that is not known before its end: they have no mirror.

What an account pays beyond what it is known to hold came from nobody who is known: a part of its own of the payment.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from lib.errors import BadParameter
from lib.money.ledger import Ledger, known_before, payments_of
from lib.money.ordering import DAY_US, Moves
from lib.store import Store

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
MIRRORED = ("pro_rata", "fifo", "lifo", "poison")


@dataclass(frozen=True, eq=False)
class Mirror:
    """A ledger backwards: payees pay payers, the last transfer first, and accounts hold at first what they held at last.

    `book` has no table; `place` is the position of each of its transfers in the ledger that it mirrors, and `unfunded` tells
    which are the parts that payers were not known to hold.
    """

    book: Ledger
    place: Ints
    unfunded: Flags

    def of(self, places: Ints) -> Ints:
        """Return the transfers here, ascending, that are those of the ledger mirrored."""
        return np.flatnonzero(np.isin(self.place, places))


def known_direction(direction: str, method: str) -> bool:
    """Tell whether money is followed backward.

    Raises
    ------
    BadParameter
        If there is no such direction, or the convention has no mirror.
    """
    if direction not in ("forward", "backward"):
        raise BadParameter(
            f"direction={direction!r} 不存在, 可用: forward、backward",
            f"There is no direction={direction!r}; there is: forward, backward",
        )
    if direction == "backward" and method not in MIRRORED:
        raise BadParameter(
            f"method={method!r} 只能向前追踪: 先出哪笔资金取决于追踪谁的资金。向后追踪可用: {'、'.join(MIRRORED)}",
            f"method={method!r} only follows money forward: which money goes first depends on whose is followed. "
            f"Backward there is: {', '.join(MIRRORED)}",
        )
    return direction == "backward"


def mirror_of(store: Store, book: Ledger) -> Mirror:
    """Return the mirror of a Store's ledger, worked out once per version."""
    key = ("money.mirror", id(book))
    if key not in store.memo:
        store.memo[key] = mirrored(book)
    made: Mirror = store.memo[key]
    return made


def mirrored(book: Ledger) -> Mirror:
    """Return a ledger backwards."""
    moves = book.moves
    beyond = np.where(moves.payer >= 0, np.maximum(book.amount - book.before, 0), 0)
    place = np.repeat(np.arange(len(beyond)), 1 + (beyond > 0))
    unfunded = np.append(False, place[1:] == place[:-1])[: len(place)]  # it goes last, so that going back it is met first
    place, unfunded = place[::-1], unfunded[::-1]
    amount = np.where(unfunded, beyond[place], (book.amount - beyond)[place])
    payer, payee = moves.payee[place], np.where(unfunded, -1, moves.payer[place])
    closing = np.zeros(len(book.accounts) + 1, np.int64)  # the last is nobody
    closing[:-1] = book.opening
    np.add.at(closing, payer, amount)
    np.subtract.at(closing, payee, amount)
    day_only = moves.day_only[place]
    at = -(moves.at[place] + np.where(day_only, DAY_US - 1, 0))
    back = Moves(at, day_only, payer, payee, moves.payee_seq[place], moves.payer_seq[place])
    out_start, out_pos = payments_of(payer, len(book.accounts))
    made = replace(
        book,
        table=book.table.slice(0, 0),
        moves=back,
        amount=amount,
        opening=closing[:-1],
        before=known_before(back, amount, closing[:-1]),
        out_start=out_start,
        out_pos=out_pos,
        latest=np.maximum.accumulate(at),
        tied=book.tied[place],
        looped=book.looped[place],
    )
    return Mirror(made, place, unfunded)
