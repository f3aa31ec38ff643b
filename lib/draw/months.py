"""`draw.monthly`: money by month, drawn by matplotlib into SVG whose text stays text.

Inflows stand on the line, outflows hang from it; both carry their name where they begin, so that no legend is needed and a
black-and-white print says the same.
"""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib import font_manager, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lib import flows, fonts
from lib.case import Case
from lib.draw import tables
from lib.draw.markup import Piece, Safe, absent, esc, figure, tag
from lib.draw.palette import FONT
from lib.draw.writing import is_null, short_yuan
from lib.errors import BadParameter
from lib.words import word

# Colours of the page by the value that stands for them in the drawing (lib/page/page.css has both sets, light and dark).
_INK, _SOFT, _LINE = "#1b2430", "#58626f", "#d8dce2"
_DARK, _LIGHT = "#1d4f7c", "#7aa0c4"
_VARIABLES = {_INK: "--ink", _SOFT: "--soft", _LINE: "--line", _DARK: "--accent", _LIGHT: "--net-company"}
# Panels: what stands on the line, what hangs from it.
_PANELS = (("disbursed_yuan", "repaid_yuan"), ("in_yuan", "out_yuan"))
_NUMBERED_LABELS = 14  # months up to which each is labelled


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
    days = _every_month(months["month"])
    caption = word("draw", "monthly", name=case.name, first=f"{days[0]:%Y-%m}", last=f"{days[-1]:%Y-%m}")
    return Piece(figure(_svg(months, days, panels, caption), caption), caption)


def _every_month(column: "pd.Series[Any]") -> list[dt.date]:
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
    settings: Any = {
        "font.family": [_family()],
        "font.size": 10,
        "svg.fonttype": "none",
        "svg.hashsalt": "lookthrough",
        "text.parse_math": False,
        "axes.unicode_minus": False,
        "path.simplify": False,
    }
    with mpl.rc_context(settings):
        drawn = Figure(figsize=(9.6, 2.45 * len(panels) + 0.4), layout="constrained")
        axes = drawn.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for ax, (up, down) in zip(axes, panels, strict=True):
            _panel(ax, days, _amounts(months, up, days), _amounts(months, down, days), (up, down))
        _label_months(axes[-1], days)
        written = io.StringIO()
        drawn.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _for_page(written.getvalue(), title)


def _panel(ax: Axes, days: list[dt.date], up: "pd.Series[float]", down: "pd.Series[float]", names: tuple[str, str]) -> None:
    places = range(len(days))
    ax.bar(places, up, width=0.72, color=_DARK, linewidth=0)
    ax.bar(places, -down, width=0.72, color=_LIGHT, linewidth=0)
    ax.axhline(0, color=_INK, linewidth=0.8)
    top = max(up.max(), down.max(), 1.0) * 1.22
    low = -top if down.any() else -0.12 * top
    ax.set_ylim(low, top if up.any() else 0.12 * top)
    ax.set_xlim(-0.7, len(days) - 0.3)
    for amounts, name, sign in ((up, names[0], 1), (down, names[1], -1)):
        if amounts.any():
            _name_side(ax, amounts, word("draw", name), sign)
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0, colors=_SOFT, labelsize=9)
    ax.yaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda v, _: short_yuan(Decimal(f"{abs(v):.2f}")) if v else "0"))
    ax.grid(axis="y", color=_LINE, linewidth=0.6)
    ax.set_axisbelow(True)


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
        color=_SOFT,
    )
    place = 0.995 if sign > 0 else 0.005
    total = short_yuan(Decimal(f"{amounts.sum():.2f}"))
    text = word("draw", "side", name=name, total=total)
    ax.text(
        0.004,
        place,
        text,
        transform=ax.transAxes,
        ha="left",
        va="top" if sign > 0 else "bottom",
        fontsize=10,
        color=_DARK if sign > 0 else _SOFT,
        bbox={"facecolor": "none", "edgecolor": "none", "pad": 0},
    )


def _label_months(ax: Axes, days: list[dt.date]) -> None:
    """Label every month of a short span; in a longer one, quarters, half years or Januaries."""
    step = next((s for s in (1, 3, 6, 12) if len(days) / s <= _NUMBERED_LABELS), 12)
    ticks = [i for i, d in enumerate(days) if (d.month - 1) % step == 0] or [0]
    ax.set_xticks(ticks, [f"{days[i]:%Y-%m}" for i in ticks])


@cache
def _family() -> str:
    """Register the font of all pages and charts; return its name."""
    path = str(fonts.font_file())
    font_manager.fontManager.addfont(path)
    name: str = font_manager.FontProperties(fname=path).get_name()
    return name


def _for_page(written: str, title: str) -> Safe:
    """Make the drawing part of a page: its fonts and colours, no ids that another figure may have, words for screen readers."""
    body = written[written.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>", "", body, flags=re.DOTALL)
    body = re.sub(r"<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    families = FONT.replace('"', "'")
    body = re.sub(r'font: ([\d.]+px) [^;"]*', rf"font-size: \1; font-family: {families}", body)  # as some versions write it
    body = re.sub(r'font-family: [^;"]*', f"font-family: {families}", body)
    for value, variable in _VARIABLES.items():
        body = body.replace(value, f"var({variable},{value})")
    prefix = f"m{hashlib.sha256(body.encode()).hexdigest()[:8]}-"
    body = re.sub(r'\b(id=")', rf"\1{prefix}", body)
    body = re.sub(r'(xlink:href="#|href="#|url\(#)', rf"\1{prefix}", body)
    head, rest = body.split(">", 1)
    return Safe(f'{head} role="img" aria-label="{esc(title)}">{tag("title", title)}{rest.rstrip()}')
