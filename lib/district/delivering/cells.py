"""The cells of statements: what a bank shows of its lines, a column at a time.

A column of a layout is an expression: a function from the lines that are shown to an Arrow array (a text or number per line,
null where the bank shows nothing), or one text for all lines.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from lib.district.days import DAY
from lib.district.numbers import padded
from lib.district.settling import IN, OUT
from lib.district.sheets import as_yuan
from lib.district.world import World

Ints = npt.NDArray[np.int64]
_SHOWN_OF_ACCOUNTS = ("account_id", "bank", "holder_id", "holder_name", "purpose")


class Facts:
    """What statements show of a world, each column in one piece: taken once, since every file asks for it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.payments, self.lines = world.settled.payments, world.settled.lines
        self.accounts = {name: world.accounts[name].combine_chunks() for name in _SHOWN_OF_ACCOUNTS}
        self.accounts["number"] = _numbers_of_holders(world)
        self.loans = world.tables["loans"]["loan_id"].combine_chunks() if "loans" in world.tables else pa.array([], pa.string())
        self.memos = pa.array(list(world.books.memos), pa.string())


@dataclass(frozen=True)
class Shown:
    """Lines of statements by their places, in the order in which a file shows them."""

    facts: Facts
    places: Ints

    @cached_property
    def payment(self) -> Ints:
        """The numbers of the payments."""
        return self.facts.lines.payment[self.places].astype(np.int64)

    @cached_property
    def side(self) -> Ints:
        """OUT or IN per line."""
        return self.facts.lines.side[self.places].astype(np.int64)

    @cached_property
    def own(self) -> Ints:
        """The numbers of the accounts whose statements they are."""
        return self._at(out="payer", into="payee")

    @cached_property
    def other(self) -> Ints:
        """The numbers of the accounts on the other side."""
        return self._at(out="payee", into="payer")

    @cached_property
    def at(self) -> Ints:
        """The times, seconds since 1970."""
        return self.facts.payments["at"][self.payment]

    @cached_property
    def fen(self) -> Ints:
        """The amounts."""
        return self.facts.payments["fen"][self.payment].astype(np.int64)

    def _at(self, out: str, into: str) -> Ints:
        payments = self.facts.payments
        return np.where(self.side == OUT, payments[out][self.payment], payments[into][self.payment]).astype(np.int64)


Cells: TypeAlias = pa.Array | str
Expression = Callable[[Shown], Cells]


# -- who ------------------------------------------------------------------------------------------------------------------


def own(column: str) -> Expression:
    """Show a column of the account itself; `number` is its holder's identity number or credit code."""
    return lambda shown: shown.facts.accounts[column].take(pa.array(shown.own))


def other(column: str) -> Expression:
    """Show a column of the account on the other side."""
    return lambda shown: shown.facts.accounts[column].take(pa.array(shown.other))


def masked(expression: Expression) -> Expression:
    """Show the first and last four characters."""
    return lambda shown: _masked(expression(shown))


def within_bank(expression: Expression) -> Expression:
    """Show something only where both sides are with the same bank: of another bank's client it knows less."""

    def cells(shown: Shown) -> Cells:
        banks = shown.facts.accounts["bank"]
        same = pc.equal(banks.take(pa.array(shown.own)), banks.take(pa.array(shown.other)))
        return pc.if_else(same, expression(shown), pa.scalar(None, pa.string()))

    return cells


def suffixed(expression: Expression, suffix: str) -> Expression:
    """Put a suffix behind the text in every second line of one account in five: some banks tell the sub-account so."""

    def cells(shown: Shown) -> Cells:
        chosen = (shown.own % 5 == 0) & (shown.places % 2 == 0)
        return joined(expression(shown), pa.array(["", suffix]).take(pa.array(chosen.astype(np.int64))))

    return cells


def ended(expression: Expression, end: str) -> Expression:
    """Put the same end behind every text."""
    return lambda shown: joined(expression(shown), end)


# -- when -----------------------------------------------------------------------------------------------------------------


def day(pattern: str = "%Y-%m-%d") -> Expression:
    """Show the day."""
    return lambda shown: _days(pattern, shown.at // DAY)


def clock(pattern: str = "%H:%M:%S") -> Expression:
    """Show the time of the day."""
    return lambda shown: _clocks(pattern).take(pa.array(shown.at % DAY))


def moment(pattern: str = "%Y-%m-%d") -> Expression:
    """Show day and time as one text."""
    return lambda shown: joined(_days(pattern, shown.at // DAY), " ", _clocks("%H:%M:%S").take(pa.array(shown.at % DAY)))


def moment_itself(shown: Shown) -> Cells:
    """Show day and time as a workbook's own kind of cell."""
    return pa.array(shown.at).cast(pa.timestamp("s"))


# -- how much -------------------------------------------------------------------------------------------------------------


def flag(out: str, into: str) -> Expression:
    """Show one word for what is paid, another for what is received."""
    return lambda shown: pa.array([out, into]).take(pa.array(shown.side))


def amount(*, grouped: bool = False, prefix: str = "") -> Expression:
    """Show the amount without a sign."""
    return lambda shown: money(shown.fen, grouped=grouped, prefix=prefix)


def signed(*, grouped: bool = False, plus: str = "") -> Expression:
    """Show the amount, with a minus if it is paid."""
    return lambda shown: joined(pa.array(["-", plus]).take(pa.array(shown.side)), money(shown.fen, grouped=grouped))


def balance(*, grouped: bool = False, prefix: str = "") -> Expression:
    """Show what is on the account after the line."""
    return lambda shown: money(shown.facts.lines.balance[shown.places], grouped=grouped, prefix=prefix)


def paid(expression: Expression) -> Expression:
    """Show something beside what is paid only."""
    return _beside(OUT, expression)


def received(expression: Expression) -> Expression:
    """Show something beside what is received only."""
    return _beside(IN, expression)


def amount_itself(side: int | None = None) -> Expression:
    """Show the amount as a number, 0 where the line is of the other side."""
    return lambda shown: as_yuan(pa.array(shown.fen if side is None else np.where(shown.side == side, shown.fen, 0)))


def balance_itself(shown: Shown) -> Cells:
    """Show what is on the account after the line, as a number."""
    return as_yuan(pa.array(shown.facts.lines.balance[shown.places]))


# -- what for -------------------------------------------------------------------------------------------------------------


def memo(shown: Shown) -> Cells:
    """Show the purpose and the contract's number in one text, if there is a contract."""
    return pc.binary_join_element_wise(purpose(shown), contract(shown), " ", null_handling="skip")


def purpose(shown: Shown) -> Cells:
    """Show the purpose alone."""
    return shown.facts.memos.take(pa.array(shown.facts.payments["memo"][shown.payment].astype(np.int64)))


def contract(shown: Shown) -> Cells:
    """Return the contract's number, null if there is none."""
    loan = shown.facts.payments["loan"][shown.payment].astype(np.int64)
    if not len(shown.facts.loans):
        return pa.nulls(len(loan), pa.string())
    return shown.facts.loans.take(pa.array(np.maximum(loan, 0), mask=loan < 0))


def with_contract(expression: Expression) -> Expression:
    """Show something only where a contract is named."""
    return lambda shown: pc.if_else(pc.is_valid(contract(shown)), expression(shown), pa.scalar(None, pa.string()))


def reference(shown: Shown) -> Cells:
    """Show the number of the transfer that both banks print (`bank_ref` of settling.statements)."""
    return joined("2", padded(shown.payment, 11))


def log_number(shown: Shown) -> Cells:
    """Show a number that one bank gives its own line: no other bank knows it."""
    return padded(shown.places * 7919 % 10**9, 9)


def serial(shown: Shown) -> Cells:
    """Show the line's number in the account's statement, from 1, if the bank gives one."""
    numbers = shown.facts.lines.seq[shown.places]
    return pa.array(numbers, mask=numbers == 0).cast(pa.string())


def always(text: str) -> Expression:
    """Show the same text beside every line."""
    return lambda _: text


# -- insides --------------------------------------------------------------------------------------------------------------


def joined(*parts: Cells) -> pa.Array:
    """Write texts one behind the other."""
    return pc.binary_join_element_wise(*parts, "")


def _masked(text: Cells) -> Cells:
    return joined(pc.utf8_slice_codeunits(text, 0, 4), "****", pc.utf8_slice_codeunits(text, -4))


def _beside(side: int, expression: Expression) -> Expression:
    return lambda shown: pc.if_else(pa.array(shown.side == side), expression(shown), pa.scalar(None, pa.string()))


def _days(pattern: str, days: Ints) -> pa.Array:
    """Write days: each day that occurs once, then taken by its place, which is many times as fast as writing every one."""
    if not len(days):
        return pa.array([], pa.string())
    first = int(days.min())
    every = pa.array(np.arange(first, int(days.max()) + 1, dtype=np.int32)).cast(pa.date32())
    return pc.strftime(every, format=pattern).take(pa.array(days - first))


@lru_cache(maxsize=8)
def _clocks(pattern: str) -> pa.Array:
    """Return the texts of all seconds of a day."""
    return pc.strftime(pa.array(np.arange(DAY)).cast(pa.timestamp("s")), format=pattern)


def money(fen: Ints, *, grouped: bool = False, prefix: str = "") -> pa.Array:
    """Write amounts in yuan with two decimals, 1234.50 or 1,234.50."""
    whole, rest = np.divmod(np.abs(fen), 100)
    text = _grouped(whole) if grouped else pc.cast(pa.array(whole), pa.string())
    return joined(pa.array([prefix, f"{prefix}-"]).take(pa.array((fen < 0).astype(np.int64))), text, ".", padded(rest, 2))


def _grouped(whole: Ints) -> pa.Array:
    """Write whole numbers with a comma between thousands."""
    high, low = np.divmod(whole, 1000)
    short = pc.cast(pa.array(low), pa.string())
    if not high.any():
        return short
    return pc.if_else(pa.array(high > 0), joined(_grouped(high), ",", padded(low, 3)), short)


def _numbers_of_holders(world: World) -> pa.Array:
    """Return the identity number or credit code of each account's holder."""
    parties = world.tables["parties"]
    number = pc.coalesce(parties["id_number"], parties["uscc"]).combine_chunks()
    place = pc.index_in(world.accounts["holder_id"].combine_chunks(), parties["party_id"].combine_chunks())
    return number.take(place)
