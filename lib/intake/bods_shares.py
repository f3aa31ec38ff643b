"""The child's side of the sandbox: shares of BODS as fractions, and what a stated whole tells of a part that is not stated.

An indirect interest of 50 % through a company that holds 50 % says that all of that company is held: examples of the standard
leave that share out. Where several parts are unknown, each is given as the range that the others leave it.
"""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Context, Decimal
from fractions import Fraction
from typing import Any

from lib.intake.bods_statements import Row

_MOST = 200  # components of one interest: a chain is followed by recursion
_DIGITS = 15
_ROUNDED = Context(prec=_DIGITS)
_SIDES = {"share": ("exact",), "share_low": ("minimum", "exclusiveMinimum"), "share_high": ("maximum", "exclusiveMaximum")}


@dataclass(frozen=True)
class Range:
    """From the least to the most that a share can be, as fractions."""

    low: Fraction
    high: Fraction

    def written(self) -> Row:
        """Return the share if it is known, else its bounds as far as they say anything."""
        if self.low == self.high:
            return {"share": _text(self.low)}
        sides = {"share_low": self.low if self.low > 0 else None, "share_high": self.high if self.high < 1 else None}
        return {name: _text(side) for name, side in sides.items() if side is not None}


ALL = Range(Fraction(1), Fraction(1))
UNKNOWN = Range(Fraction(0), Fraction(1))


@dataclass
class Tie:
    """A holding of the file: holder, held, its share if that is told."""

    holder: str
    held: str
    share: Range | None


def written(interest: dict[str, Any]) -> Row:
    """Return the share of an interest in fractions; a bound that is itself excluded is taken as one."""
    stated = interest.get("share")
    found: Row = {}
    for name, keys in _SIDES.items():
        values = [stated[key] for key in keys if key in stated] if isinstance(stated, dict) else []
        if values:
            found[name] = _percent(values[0])
    return found


def _percent(value: Any) -> str:
    """Return a percentage as a fraction; what is none as it is written, so that its row is set apart."""
    if isinstance(value, Decimal) and value.is_finite() and 0 <= value <= 100 and value.adjusted() > -_DIGITS:
        return format((value / 100).normalize(), "f")
    return f"{value} (%)"[:80]


def range_of(interest: dict[str, Any]) -> Range | None:
    """Return the share of an interest as a range, None if it has none or none that can be."""
    told = written(interest)
    if not told or any(text.endswith("(%)") for text in told.values()):
        return None
    if "share" in told:
        return Range(Fraction(told["share"]), Fraction(told["share"]))
    return Range(Fraction(told.get("share_low", 0)), Fraction(told.get("share_high", 1)))


def added(interests: list[dict[str, Any]]) -> Range | None:
    """Return what interests add up to, None if none has a share."""
    known = [found for found in map(range_of, interests) if found is not None]
    return Range(sum((r.low for r in known), Fraction(0)), sum((r.high for r in known), Fraction(0))) if known else None


def left_over(whole: Range, holder: str, held: str, ties: list[Tie]) -> dict[int, Range]:
    """Work out the shares that the parts of an indirect interest leave open.

    Parameters
    ----------
    whole
        What `holder` has of `held` indirectly, as stated.
    ties
        All parts of which that is made up.

    Returns
    -------
    dict, number of a tie → range
        Of ties of `holder` without a share; none where nothing follows, or the parts contradict the whole.
    """
    if len(ties) > _MOST:
        return {}
    weights = _Weights(held, ties)
    own = [(n, tie, weights.of(tie.held)) for n, tie in enumerate(ties) if tie.holder == holder]
    parts = [(n, tie.share or UNKNOWN, weight) for n, tie, weight in own if weight.high > 0]
    most = {n: share.high * weight.high for n, share, weight in parts}
    least = {n: share.low * weight.low for n, share, weight in parts}
    found = {}
    for n, _, weight in (part for part in parts if ties[part[0]].share is None):
        low = (whole.low - (sum(most.values()) - most[n])) / weight.high
        high = (whole.high - (sum(least.values()) - least[n])) / weight.low if weight.low else Fraction(1)
        if low > 1 or high < 0:
            return {}
        found[n] = Range(max(low, Fraction(0)), min(high, Fraction(1)))
    return found


class _Weights:
    """What a party has of the held one through the parts; a circle tells nothing."""

    def __init__(self, held: str, ties: list[Tie]) -> None:
        self.known: dict[str, Range] = {held: ALL}
        self.below: dict[str, list[Tie]] = defaultdict(list)
        for tie in ties:
            self.below[tie.holder].append(tie)

    def of(self, party: str) -> Range:
        if party not in self.known:
            self.known[party] = UNKNOWN  # until it is worked out: what comes back to it is in a circle
            parts = [(tie.share or UNKNOWN, self.of(tie.held)) for tie in self.below[party]]
            low = sum((share.low * weight.low for share, weight in parts), Fraction(0))
            high = sum((share.high * weight.high for share, weight in parts), Fraction(0))
            self.known[party] = Range(min(low, Fraction(1)), min(high, Fraction(1)))
        return self.known[party]


def _text(value: Fraction) -> str:
    return format(_ROUNDED.divide(Decimal(value.numerator), Decimal(value.denominator)), "f")
