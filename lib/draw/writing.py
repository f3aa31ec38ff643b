"""Numbers and names as people read them: amounts, shares, days, and text cut to a width.

Widths are in em of the font: a Chinese character is 1 wide, Latin letters and digits a little over half.
"""

import datetime as dt
import math
import unicodedata
from decimal import Decimal

from lib.words import pick

NOTHING = "—"


def yuan(amount: object) -> str:
    """Write an amount with thousands separators and two decimals, `—` for null."""
    if is_null(amount):
        return NOTHING
    return f"{Decimal(str(amount)):,.2f}"


def short_yuan(amount: object) -> str:
    """Write an amount in 万元 or 亿元 (thousands, millions or billions of yuan in English), for labels on pictures."""
    if is_null(amount):
        return NOTHING
    value = Decimal(str(amount))
    for size, name in _units():
        if abs(value) >= size:
            return f"{_trimmed(value / size)}{name}"
    return f"{_trimmed(value)}{pick('元', '')}"


def _units() -> tuple[tuple[Decimal, str], ...]:
    zh = ((Decimal(10) ** 8, "亿元"), (Decimal(10) ** 4, "万元"))
    en = ((Decimal(10) ** 9, "bn"), (Decimal(10) ** 6, "m"), (Decimal(10) ** 3, "k"))
    return en if pick("zh", "en") == "en" else zh


def _trimmed(value: Decimal) -> str:
    text = f"{value:,.2f}"
    return text.rstrip("0").rstrip(".")


def percent(share: object) -> str:
    """Write a fraction as percent: two decimals, four below 1 %; what is not quite all is never written as 100 %."""
    if is_null(share):
        return NOTHING
    value = float(str(share)) * 100
    if 0 < value < 0.0001:
        return "<0.0001%"
    if 99.9999 < value < 100 * (1 - 1e-9):
        return ">99.9999%"
    places = 4 if 0 < value < 1 or 99.995 <= value < 100 * (1 - 1e-9) else 2
    return f"{value:.{places}f}%"


def short_percent(share: object) -> str:
    """Write a fraction as percent for labels on pictures: without needless zeros."""
    text = percent(share)
    if not text.endswith("%") or "." not in text:
        return text
    return text[:-1].rstrip("0").rstrip(".") + "%"


def count(number: object) -> str:
    """Write a number of things with thousands separators, `—` for null."""
    return NOTHING if is_null(number) else f"{int(str(number)):,}"


def day(value: object) -> str:
    """Write a date, or a time to the second, in ISO form."""
    if is_null(value):
        return NOTHING
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return value.isoformat() if isinstance(value, dt.date) else str(value)


def period(first: object, last: object) -> str:
    """Write a period of days; one day where both ends agree."""
    if is_null(first) and is_null(last):
        return NOTHING
    start, end = day(first)[:10], day(last)[:10]
    if is_null(first) or is_null(last):
        return pick(f"至 {end}", f"until {end}") if is_null(first) else pick(f"{start} 起", f"since {start}")
    return start if start == end else f"{start} ~ {end}"


def is_null(value: object) -> bool:
    """Tell whether a cell holds nothing: None, NaN, NaT or NA."""
    if value is None or isinstance(value, str | list | tuple | dict):
        return value is None
    if isinstance(value, float):
        return math.isnan(value)
    return str(value) in ("NaT", "<NA>", "nan")


def width_em(text: str) -> float:
    """Return how wide a text is set, in em."""
    return sum(_char_em(c) for c in text)


def _char_em(char: str) -> float:
    if unicodedata.combining(char):
        return 0.0
    if unicodedata.east_asian_width(char) in "WF":
        return 1.0
    if char in " .,:;'|!ilj()[]·":
        return 0.32
    return 0.68 if char.isupper() or char in "mw%@#&+<>=—" else 0.57


def wrapped(text: str, em: float, lines: int) -> list[str]:
    """Break a text into at most `lines` lines of at most `em`; what does not fit ends in an ellipsis.

    Latin words stay whole where they fit; Chinese breaks anywhere. Lines are made about equally long.
    """
    made, whole = _broken(text, em, lines)
    narrower = em
    while whole and len(made) > 1 and narrower > em / 2:
        narrower -= 0.5
        again, whole = _broken(text, narrower, len(made))
        if whole:
            made = again
    return made


def _broken(text: str, em: float, lines: int) -> tuple[list[str], bool]:
    """Break a text line by line; return the lines and whether all of the text is in them."""
    made: list[str] = []
    rest = text.strip()
    while rest and len(made) < lines:
        cut = _fits(rest, em)
        if cut < len(rest):
            cut = _word_break(rest, cut)
        made.append(rest[:cut].strip())
        rest = rest[cut:].strip()
    if rest and made:
        last = made[-1] + rest
        made[-1] = last[: max(1, _fits(last, em - 1.0))].rstrip() + "…"
    return made or [""], not rest


def _fits(text: str, em: float) -> int:
    """Return how many characters fit, at least one."""
    used = 0.0
    for at, char in enumerate(text):
        used += _char_em(char)
        if used > em and at:
            return at
    return len(text)


def _word_break(text: str, cut: int) -> int:
    """Move a cut inside a Latin word back to the space before it, unless that leaves most of the line empty."""
    if text[cut].isspace() or not (text[cut - 1].isascii() and text[cut].isascii()):
        return cut
    space = text.rfind(" ", 0, cut)
    return space if space >= cut * 0.4 else cut
