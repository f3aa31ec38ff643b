"""What callers of sampling ask for, held against what is allowed: one clear line where it does not fit."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from lib.errors import BadParameter
from lib.words import labels, pick

LARGEST_SEED = 2**63 - 1  # samples.seed is a bigint


def both(key: str, **values: object) -> dict[str, str]:
    """Return a text of labels.toml, section `sampling`, in both languages: working papers are read in either."""
    return {language: text.format(**values) for language, text in labels()["sampling"][key].items()}


def told_apart(prefix: str, parts: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return a sentence for each part that stands outside: its items and amounts."""
    return [both(f"{prefix}_{p['why']}", items=f"{p['items']:,}", yuan=amount(p["fen"])) for p in parts]


def joined(texts: Iterable[Mapping[str, str]]) -> dict[str, str]:
    """Return sentences one after the other, in both languages."""
    known = list(texts)
    return {"zh": "".join(t["zh"] for t in known), "en": " ".join(t["en"] for t in known)}


def part(name: str, value: object, low: float, high: float, *, open_low: bool = False) -> Fraction:
    """Return a fraction that a caller wrote, exactly as written, within `low` to `high`, `high` itself not allowed.

    Raises
    ------
    BadParameter
        If it is no number or out of bounds.
    """
    try:
        number = Fraction(Decimal(str(value)))
    except (ArithmeticError, ValueError):
        number = Fraction(-1)
    bad = number < Fraction(str(low)) or number >= Fraction(str(high)) or (open_low and number == Fraction(str(low)))
    if isinstance(value, bool) or bad:
        raise BadParameter(
            f"{name}={value!r} 应为{'大于' if open_low else '不小于'} {low}、小于 {high} 的数 (0.05 表示 5%)",
            f"{name}={value!r} must be {'above' if open_low else 'at least'} {low} and below {high} (0.05 means 5 %)",
        )
    return number


def one_of(name: str, value: object, allowed: Iterable[str]) -> str:
    """Return a name that must be one of those allowed.

    Raises
    ------
    BadParameter
        If it is none; the message lists them.
    """
    names = list(allowed)
    if value not in names:
        raise BadParameter(
            f"{name}={value!r} 不存在, 可选: {'、'.join(names)}",
            f"There is no {name}={value!r}; it is one of {', '.join(names)}",
        )
    return str(value)


def seed_of(value: object) -> int:
    """Return a seed: whole, from 0.

    Raises
    ------
    BadParameter
        If it is missing or no such number.
    """
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SEED:
        raise BadParameter(
            f"seed={value!r} 应为不小于 0 的整数, 例如 seed=2018; 随机种子须记入底稿, 没有默认值",
            f"seed={value!r} must be a whole number, 0 or more, for example seed=2018; it has no default",
        )
    return value


def percent(value: float | Fraction, *, up: bool = False) -> str:
    """Write a fraction as percent with two decimals; `up` rounds a limit up, so that it is never understated."""
    number = Fraction(value) * 10_000
    whole = -(-number.numerator // number.denominator) if up else round(number)
    return f"{Decimal(whole).scaleb(-2):.2f}%"


def plain(value: Fraction) -> str:
    """Write a fraction as percent without zeros at the end: a confidence of 95%."""
    return f"{Decimal(round(value * 1_000_000)).scaleb(-4).normalize():f}%"


def amount(fen: int) -> str:
    """Write fen as yuan with thousands separators."""
    return f"{Decimal(fen).scaleb(-2):,.2f}"


def confidence_of(value: object) -> Fraction:
    """Return a confidence from 0.5 to below 1 (errors as in part)."""
    return part("confidence", value, 0.5, 1)


def unknown_ids(name: str, ids: list[str]) -> BadParameter:
    """Return the error for items that are not there."""
    shown, more = ids[:10], pick(" 等", ", …") if len(ids) > 10 else ""
    return BadParameter(
        f"{name} 中有 {len(ids)} 个项目不在总体或样本之中: {'、'.join(shown)}{more}",
        f"{name} names {len(ids)} items that are not in the population or the sample: {', '.join(shown)}{more}",
    )
