"""Charts with axes: drawn by matplotlib into SVG whose text stays text, in the page's font and colours."""

import datetime as dt
import hashlib
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from typing import Any

import matplotlib as mpl
from matplotlib import dates, font_manager, ticker
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from lib import fonts
from lib.draw.markup import Safe, esc, tag
from lib.draw.palette import FONT
from lib.draw.writing import short_yuan

# Colours of the page by the value that stands for them in the drawing (lib/page/page.css has both sets, light and dark).
INK, SOFT, LINE = "#1b2430", "#58626f", "#d8dce2"
DARK, LIGHT, WARM = "#1d4f7c", "#7aa0c4", "#c98f4e"
ALARM, GREY, PALE = "#b3261e", "#8a94a3", "#c9ced6"
_VARIABLES = {
    **{INK: "--ink", SOFT: "--soft", LINE: "--line", DARK: "--accent", LIGHT: "--net-company", WARM: "--net-person"},
    **{ALARM: "--net-hit", GREY: "--net-account", PALE: "--net-unknown"},
}
_WIDE = 9.6  # inches, as wide as the text of a page


@dataclass
class Drawn:
    """The markup of a sheet, once it is left."""

    svg: Safe = field(default_factory=lambda: Safe(""))


@contextmanager
def sheet(height: float, panels: int, title: str) -> Iterator[tuple[list[Axes], Drawn]]:
    """Give the axes of panels that lie one below the other and share their x; when the block ends, their SVG is made.

    Parameters
    ----------
    height
        Inches.
    title
        What screen readers are told.
    """
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
        drawn, made = Figure(figsize=(_WIDE, height), layout=ConstrainedLayoutEngine(hspace=0.06, h_pad=0.08)), Drawn()
        yield list(drawn.subplots(panels, 1, sharex=True, squeeze=False)[:, 0]), made
        written = io.StringIO()
        drawn.savefig(written, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
        made.svg = _for_page(written.getvalue(), title)


def plain(ax: Axes) -> None:
    """Take frames and ticks off, and write amounts in 万元 or 亿元."""
    for side in ("top", "right", "left", "bottom"):
        ax.spines[side].set_visible(False)
    ax.tick_params(length=0, colors=SOFT, labelsize=9)
    ax.yaxis.set_major_locator(ticker.MaxNLocator(5, steps=[1, 2, 5, 10]))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda v, _: short_yuan(Decimal(f"{abs(v):.2f}")) if v else "0"))
    ax.grid(axis="y", color=LINE, linewidth=0.6)
    ax.set_axisbelow(True)


_DAYS = ["%Y", "%Y-%m", "%m-%d", "%m-%d %H:%M", "%H:%M", "%H:%M:%S"]  # of years, months, days … seconds


def label_days(ax: Axes) -> None:
    """Write days, months or years below, as many as there is room for."""
    locator: Any = dates.AutoDateLocator(minticks=3, maxticks=8)  # type: ignore[no-untyped-call]
    formats = {"formats": _DAYS, "zero_formats": _DAYS, "offset_formats": ["", "%Y", "%Y-%m", *["%Y-%m-%d"] * 3]}
    ax.xaxis.set_major_locator(locator)
    ax.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, **formats))  # type: ignore[no-untyped-call]


def label_months(ax: Axes, days: Sequence[dt.date], most: int = 14) -> None:
    """Label every month of a short span; in a longer one, quarters, half years or Januaries (places: months from the first)."""
    step = next((s for s in (1, 3, 6, 12) if len(days) / s <= most), 12)
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
