"""`draw.monthly`: money by month, drawn by matplotlib into SVG whose text stays text.

Inflows stand on the line, outflows hang from it; both carry their name where they begin, so that no legend is needed and a
black-and-white print says the same.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from lib import flows
from lib.case import Case
from lib.draw import plotting, tables
from lib.draw.markup import Piece, Safe, absent, figure
from lib.draw.plotting import DARK, INK, LIGHT, SOFT
from lib.draw.writing import is_null, short_yuan
from lib.errors import BadParameter
from lib.words import word

# Panels: what stands on the line, what hangs from it.
_PANELS = (("disbursed_yuan", "repaid_yuan"), ("in_yuan", "out_yuan"))


def monthly(case: Case, frame: pd.DataFrame | None = None) -> Piece:
    """Draw disbursements and repayments, and money in and out, by month.

    Parameters
    ----------
    frame
        A frame of `flows.monthly`; asked for here, if omitted.

    Returns
    -------
    An SVG figure, or a box that says what is missing.

    Raises
    ------
    BadParameter
        If the frame is no result of `flows.monthly`.
    """
    tables.use(case)
    months = flows.monthly(case) if frame is None else frame
    needed = {"month", *(c for pair in _PANELS for c in pair)}
    if missing := needed - set(months.columns):
        raise BadParameter(
            f"这张表不是 flows.monthly 的结果, 缺少列: {', '.join(sorted(missing))}",
            f"This frame is no result of flows.monthly; it lacks {', '.join(sorted(missing))}",
        )
    panels = [pair for pair in _PANELS if any(_amounts(months, c, None).any() for c in pair)]
    if not len(months) or not panels:
        text = word("draw", "no_months", name=case.name)
        return Piece(absent(text), text)
    days = every_month(months["month"])
    caption = word("draw", "monthly", name=case.name, first=f"{days[0]:%Y-%m}", last=f"{days[-1]:%Y-%m}")
    return Piece(figure(_svg(months, days, panels, caption), caption), caption)


def every_month(column: "pd.Series[Any]") -> list[dt.date]:
    """Return the first day of every month from the first to the last: one without flows is a month of nothing, not a gap."""
    first, last = _first_day(column.min()), _first_day(column.max())
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    return [dt.date(first.year + (first.month - 1 + n) // 12, (first.month - 1 + n) % 12 + 1, 1) for n in range(months)]


def _first_day(value: Any) -> dt.date:
    return dt.date(value.year, value.month, 1)


def _amounts(months: pd.DataFrame, column: str, days: Sequence[dt.date] | None) -> "pd.Series[float]":
    """Return amounts as floats, for heights of bars only."""
    found: dict[dt.date, Decimal] = {}
    for day, amount in zip(months["month"], months[column], strict=True):
        if not is_null(amount):
            found[_first_day(day)] = found.get(_first_day(day), Decimal(0)) + Decimal(str(amount))
    return pd.Series([float(found.get(d, 0)) for d in (days if days is not None else found)], dtype=float)


def _svg(months: pd.DataFrame, days: list[dt.date], panels: list[tuple[str, str]], title: str) -> Safe:
    with plotting.sheet(2.45 * len(panels) + 0.4, len(panels), title) as (axes, made):
        for ax, (up, down) in zip(axes, panels, strict=True):
            _panel(ax, days, _amounts(months, up, days), _amounts(months, down, days), (up, down))
        plotting.label_months(axes[-1], days)
    return made.svg


def _panel(ax: Axes, days: list[dt.date], up: "pd.Series[float]", down: "pd.Series[float]", names: tuple[str, str]) -> None:
    places = range(len(days))
    ax.bar(places, up, width=0.72, color=DARK, linewidth=0)
    ax.bar(places, -down, width=0.72, color=LIGHT, linewidth=0)
    ax.axhline(0, color=INK, linewidth=0.8)
    top = max(up.max(), down.max(), 1.0) * 1.22
    low = -top if down.any() else -0.12 * top
    ax.set_ylim(low, top if up.any() else 0.12 * top)
    ax.set_xlim(-0.7, len(days) - 0.3)
    for amounts, name, sign in ((up, names[0], 1), (down, names[1], -1)):
        if amounts.any():
            _name_side(ax, amounts, word("draw", name), sign)
    plotting.plain(ax)


def _name_side(ax: Axes, amounts: "pd.Series[float]", name: str, sign: int) -> None:
    """Write the name of a side and its largest month beside it."""
    at = int(amounts.argmax())
    most = short_yuan(Decimal(f"{amounts.iloc[at]:.2f}"))
    ax.annotate(
        most,
        (at, sign * amounts.iloc[at]),
        xytext=(0, sign * 3),
        textcoords="offset points",
        ha="center",
        va="bottom" if sign > 0 else "top",
        fontsize=8.5,
        color=SOFT,
    )
    place = 0.995 if sign > 0 else 0.005
    total = short_yuan(Decimal(f"{amounts.sum():.2f}"))
    text = word("draw", "side", name=name, total=total)
    left = at > len(amounts) / 5  # on the side where the largest month is not
    ax.text(
        0.004 if left else 0.996,
        place,
        text,
        transform=ax.transAxes,
        ha="left" if left else "right",
        va="top" if sign > 0 else "bottom",
        fontsize=10,
        color=DARK if sign > 0 else SOFT,
        bbox={"facecolor": "none", "edgecolor": "none", "pad": 0},
    )
