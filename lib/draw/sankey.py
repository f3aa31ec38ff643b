"""`draw.sankey`: where traced money went, as bands from account to account whose width is the amount.

Accounts stand in columns by the fewest transfers that the money took to reach them. What comes back to an earlier column, or
stays in one, runs below and is drawn as a line of its own colour; what lies in an account at the end is the striped part of it.
"""

import hashlib
from collections import defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pandas as pd

from lib import flows
from lib.case import Case
from lib.draw import people, tables
from lib.draw.markup import Piece, Safe, absent, figure, join, plain, tag
from lib.draw.palette import BACK, FONT, GROUPS, INK, LINE, PAPER, SOFT
from lib.draw.trails import LEFT_DATA, Net, account_text, holder_name, moved_text, trail_graph
from lib.draw.writing import count, is_null, short_yuan, width_em, wrapped, yuan
from lib.words import pick, word

MAX_ACCOUNTS = 32  # accounts with a bar of their own; of more, the smallest of each column share one
_BAR, _GAP, _SLOT = 13.0, 8.0, 30.0
_COLUMN, _LABELS, _LEFT, _TOP = 205.0, 170.0, 38.0, 14.0
_HEIGHT = 430.0
_LANE = 15.0
_LABEL_PX, _SMALL_PX = 12.0, 10.5
_MORE = "\0more"


@dataclass
class _Node:
    """A bar: an account, or the small ones of a column together; amounts in yuan, places in pixels."""

    key: Hashable
    column: int
    facts: dict[str, Any]
    into: Decimal = Decimal(0)
    out: Decimal = Decimal(0)
    rest: Decimal = Decimal(0)
    top: float = 0.0
    height: float = 0.0
    entered: float = 0.0
    left: float = 0.0
    members: int = 1

    @property
    def size(self) -> Decimal:
        return max(self.into, self.out)


@dataclass
class _Band:
    """What ran between two bars."""

    payer: _Node
    payee: _Node
    yuan: Decimal
    told: list[str] = field(default_factory=list)

    @property
    def back(self) -> bool:
        return self.payee.column <= self.payer.column


def sankey(trail: pd.DataFrame, case: Case | None = None) -> Piece:
    """Draw a trail as a Sankey diagram.

    Parameters
    ----------
    trail
        A frame of `flows.trace`.
    case
        Whose trail it is, for names and colours; the case drawn last, if omitted.

    Returns
    -------
    An SVG figure, or a box that says that there is nothing to draw.

    Raises
    ------
    BadParameter
        If the frame is no trail.
    """
    if case is not None:
        tables.use(case)
    graph, step = trail_graph(trail, people.current())
    if not graph.number_of_edges():
        text = word("draw", "no_flows")
        return Piece(absent(text), text)
    lying = flows.at_rest(trail)
    rests = {
        LEFT_DATA if is_null(account) else str(account): Decimal(str(amount))
        for account, amount in zip(lying["account"], lying["traced_yuan"], strict=True)
    }
    nodes, bands = _bars(graph, step, rests)
    method = word("flows", trail.attrs.get("method", "pro_rata"))
    source = sum((Decimal(str(y)) for y in trail.loc[trail["hop"] == 0, "traced_yuan"]), Decimal(0))
    caption = word("draw", "sankey", method=method, amount=yuan(source))
    merged = sum(n.members for n in nodes if _is_more(n))
    note = word("draw", "sankey_merged", n=count(merged)) if merged else ""
    whole = f"{caption}{pick('。', '. ')}{note}" if note else caption
    return Piece(figure(_Sheet(nodes, bands).svg(caption), whole), whole)


def _is_more(node: _Node) -> bool:
    return isinstance(node.key, tuple)


def _bars(graph: Net, step: dict[Hashable, int], rests: dict[str, Decimal]) -> tuple[list[_Node], list[_Band]]:
    """Return the bars and the bands between them; small accounts of one column share a bar."""
    moved: dict[Hashable, Decimal] = defaultdict(Decimal)
    for payer, payee, facts in graph.edges(data=True):
        moved[payer] += facts["amount_yuan"]
        moved[payee] += facts["amount_yuan"]
    kept = set(sorted(graph, key=lambda n: (str(n)[:1] != "\0", -moved[n], str(n)))[:MAX_ACCOUNTS])
    small: dict[int, list[Hashable]] = defaultdict(list)
    for node in graph:
        if node not in kept:
            small[step[node]].append(node)
    bar_of: dict[Hashable, Hashable] = {n: n for n in graph}
    bar_of |= {n: (_MORE, column) for column, several in small.items() if len(several) > 1 for n in several}
    nodes: dict[Hashable, _Node] = {}
    for node in sorted(graph, key=str):
        bar = nodes.setdefault(bar_of[node], _Node(bar_of[node], step[node], dict(graph.nodes[node]), members=0))
        bar.members += 1
        bar.rest += rests.get(str(node), Decimal(0))
    sums: dict[tuple[Hashable, Hashable], _Band] = {}
    for payer, payee, facts in graph.edges(data=True):
        key = bar_of[payer], bar_of[payee]
        band = sums.setdefault(key, _Band(nodes[key[0]], nodes[key[1]], Decimal(0)))
        band.yuan += facts["amount_yuan"]
        band.told.append(moved_text(facts))
        band.payer.out += facts["amount_yuan"]
        band.payee.into += facts["amount_yuan"]
    return list(nodes.values()), sorted(sums.values(), key=lambda b: (-b.yuan, str(b.payer.key), str(b.payee.key)))


class _Sheet:
    """The drawing while it is laid out."""

    def __init__(self, nodes: list[_Node], bands: list[_Band]) -> None:
        self.nodes, self.bands = nodes, bands
        self.columns: dict[int, list[_Node]] = defaultdict(list)
        for node in nodes:
            self.columns[node.column].append(node)
        self.back = [band for band in bands if band.back]
        self._place()

    def _place(self) -> None:
        """Give every bar its height and place: beside where most of its money comes from."""
        tallest = max(len(column) for column in self.columns.values())
        self.height = max(_HEIGHT, tallest * (_SLOT + _GAP))
        free = {c: self.height - _GAP * len(column) for c, column in self.columns.items()}
        self.scale = min(free[c] / float(sum(n.size for n in column) or 1) for c, column in self.columns.items())
        while max(self._needed(column) for column in self.columns.values()) > self.height:
            self.scale *= 0.9  # labels need room that thin bars do not
        centre: dict[Hashable, float] = {}
        into: dict[Hashable, list[_Band]] = defaultdict(list)
        for band in self.bands:
            if not band.back:
                into[band.payee.key].append(band)
        for at in sorted(self.columns):
            column = self.columns[at]
            weights = {n.key: _mean(into[n.key], centre, self.height / 2) for n in column}
            column.sort(key=lambda n: (_is_more(n), weights[n.key], -n.size, str(n.key)))
            y = _TOP + (self.height - self._needed(column)) / 2
            for node in column:
                node.height = self._bar_height(node)
                slot = max(node.height, _SLOT)
                node.top = y + (slot - node.height) / 2
                centre[node.key] = y + slot / 2
                y += slot + _GAP

    def _bar_height(self, node: _Node) -> float:
        return max(float(node.size) * self.scale, 1.5)

    def _needed(self, column: list[_Node]) -> float:
        return sum(max(self._bar_height(n), _SLOT) + _GAP for n in column)

    def x(self, node: _Node) -> float:
        return _LEFT + node.column * _COLUMN

    def svg(self, title: str) -> Safe:
        """Return the SVG: bands, bars, words and legend."""
        self.stripes = f"lt-rest-{hashlib.sha256(title.encode()).hexdigest()[:8]}"
        lanes = self.height + 2 * _TOP + len(self.back) * _LANE
        width = _LEFT + max(self.columns) * _COLUMN + _LABELS
        legend, needed = self._legend(lanes + 22)
        width, height = max(width, needed + 10), lanes + 40
        for node in self.nodes:
            node.entered = node.left = node.top
        ordered = sorted(self.bands, key=lambda b: (b.back, b.payee.top, b.payer.top))
        leaving = {id(b): self._port(b, b.payer, "left") for b in ordered}
        ordered = sorted(self.bands, key=lambda b: (b.back, b.payer.top, b.payee.top))
        entering = {id(b): self._port(b, b.payee, "entered") for b in ordered}
        drawn = [self._band(b, leaving[id(b)], entering[id(b)]) for b in self.bands if not b.back]
        for lane, band in enumerate(self.back):
            y = self.height + 2 * _TOP + lane * _LANE
            drawn.append(self._return(band, leaving[id(band)], entering[id(band)], y))
        bars = [join(self._bar(node)) for node in self.nodes]
        return tag(
            "svg",
            tag("title", title),
            tag("defs", self._stripes()),
            *drawn,
            *bars,
            legend,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {width:.0f} {height:.0f}",
            width=f"{width:.0f}",
            height=f"{height:.0f}",
            role="img",
            font_family=FONT,
            style=f"min-width:{width * 0.7:.0f}px",
        )

    def _port(self, band: _Band, node: _Node, side: str) -> float:
        """Return where a band leaves or enters a bar, and move on for the next one."""
        at: float = getattr(node, side)
        setattr(node, side, at + float(band.yuan) * self.scale)
        return at

    def _thick(self, band: _Band) -> float:
        return max(float(band.yuan) * self.scale, 0.8)

    def _band(self, band: _Band, start: float, end: float) -> Safe:
        x0, x1, thick = self.x(band.payer) + _BAR, self.x(band.payee), self._thick(band)
        middle = (x0 + x1) / 2
        d = (
            f"M{x0:.1f} {start:.1f}C{middle:.1f} {start:.1f} {middle:.1f} {end:.1f} {x1:.1f} {end:.1f}"
            f"V{end + thick:.1f}C{middle:.1f} {end + thick:.1f} {middle:.1f} {start + thick:.1f} {x0:.1f} {start + thick:.1f}Z"
        )
        colour = _colour(band.payer)
        return tag("g", tag("title", _told(band)), tag("path", d=d, style=f"fill:{colour};fill-opacity:.32"))

    def _return(self, band: _Band, start: float, end: float, lane: float) -> Safe:
        """Draw what comes back as a line below everything, of its width up to that of a lane."""
        thick = min(self._thick(band), _LANE - 5)
        x0, x1 = self.x(band.payer) + _BAR, self.x(band.payee)
        y0, y1 = start + self._thick(band) / 2, end + self._thick(band) / 2
        d = (
            f"M{x0:.1f} {y0:.1f}C{x0 + 44:.1f} {y0:.1f} {x0 + 44:.1f} {lane:.1f} {x0:.1f} {lane:.1f}"
            f"H{x1:.1f}C{x1 - 34:.1f} {lane:.1f} {x1 - 34:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        )
        look = f"fill:none;stroke:{BACK};stroke-opacity:.45;stroke-width:{max(thick, 1.2):.1f}"
        label = tag("text", short_yuan(band.yuan), **_words((x0 + x1) / 2, lane + 3.6, _SMALL_PX, BACK), text_anchor="middle")
        return tag("g", tag("title", _told(band)), tag("path", d=d, style=look), label)

    def _bar(self, node: _Node) -> list[Safe]:
        x, colour = self.x(node), _colour(node)
        sides = {"x": f"{x:.1f}", "y": f"{node.top:.1f}", "width": f"{_BAR:.1f}"}
        parts = [tag("rect", **sides, height=f"{node.height:.1f}", style=f"fill:{colour}")]
        if node.rest > 0:
            kept = min(max(float(node.rest) * self.scale, 1.0), node.height)
            low = sides | {"y": f"{node.top + node.height - kept:.1f}"}
            parts.append(tag("rect", **low, height=f"{kept:.1f}", style=f"fill:url(#{self.stripes})"))
        middle = node.top + node.height / 2
        name = _name(node)
        below = [short_yuan(node.size)]
        if node.rest > 0 and node.rest < node.size:
            below.append(word("draw", "rests", amount=short_yuan(node.rest)))
        shown = wrapped(name, 12.5, 1)[0]
        parts.append(tag("text", shown, **_words(x + _BAR + 5, middle - 2.5, _LABEL_PX, INK)))
        parts.append(tag("text", " · ".join(below), **_words(x + _BAR + 5, middle + 10.5, _SMALL_PX, SOFT)))
        told = [name, "" if str(node.key).startswith("\0") or _is_more(node) else account_text(node.key)]
        told += [word("draw", "sankey_in", amount=yuan(node.into))] if node.into else []
        told += [word("draw", "sankey_out", amount=yuan(node.out))] if node.out else []
        told += [word("draw", "rests", amount=yuan(node.rest))] if node.rest else []
        return [tag("g", tag("title", " · ".join(t for t in told if t)), *parts)]

    def _stripes(self) -> Safe:
        """Return the pattern of what lies in an account; its id is the drawing's own."""
        line = tag("path", d="M-1 7L7 -1M3 11L11 3", style=f"stroke:{PAPER};stroke-width:1.6")
        ground = tag("rect", width="8", height="8", style=f"fill:{SOFT}")
        return tag("pattern", ground, line, id=self.stripes, width="8", height="8", patternUnits="userSpaceOnUse")

    def _legend(self, y: float) -> tuple[Safe, float]:
        """Return what the colours mean, of those that are there, and the width that it needs."""
        shown = {_group(n) for n in self.nodes}
        entries = [(colour, word("draw", f"group_{group}")) for group, colour in GROUPS.items() if group in shown]
        parts, x = [], _LEFT
        rests = [("", word("draw", "sankey_rest"))] if any(n.rest > 0 for n in self.nodes) else []
        back = [(BACK, word("draw", "sankey_back"))] if self.back else []
        for colour, text in [*entries, *rests, *back]:
            box = {"x": f"{x:.1f}", "y": f"{y - 9:.1f}", "width": "12", "height": "12"}
            look = f"fill:{colour}" if colour else f"fill:url(#{self.stripes});stroke:{LINE}"
            parts.append(tag("rect", **box, style=look))
            parts.append(tag("text", text, x=f"{x + 17:.1f}", y=f"{y + 1.5:.1f}", font_size=_SMALL_PX, style=f"fill:{SOFT}"))
            x += 17 + width_em(text) * _SMALL_PX + 20
        return tag("g", *parts), x


def _mean(bands: list[_Band], centre: dict[Hashable, float], otherwise: float) -> float:
    """Return where on average the money of a bar comes from, weighted by amounts."""
    known = [(float(b.yuan), centre[b.payer.key]) for b in bands if b.payer.key in centre]
    weight = sum(w for w, _ in known)
    return sum(w * y for w, y in known) / weight if weight else otherwise


def _group(node: _Node) -> str:
    group = node.facts.get("group") or "other"
    return group if group in GROUPS and not _is_more(node) else "other"


def _colour(node: _Node) -> str:
    return GROUPS[_group(node)]


def _name(node: _Node) -> str:
    if _is_more(node):
        return word("draw", "sankey_more", n=count(node.members))
    return plain(holder_name(node.facts) or account_text(node.key))


def _told(band: _Band) -> str:
    """Say what a band is: from whom to whom, how much, and, of one pair of accounts, in how many transfers and when."""
    sides = f"{_name(band.payer)} → {_name(band.payee)}"
    more = band.told[0].replace("\n", " · ") if len(band.told) == 1 else word("draw", "amount", amount=yuan(band.yuan))
    return f"{sides} · {more}"


def _words(x: float, y: float, size: float, colour: str) -> dict[str, str]:
    """Return the attributes of a text with paper around its letters, since bands run below."""
    look = f"fill:{colour};paint-order:stroke;stroke:{PAPER};stroke-width:3px;stroke-linejoin:round"
    return {"x": f"{x:.1f}", "y": f"{y:.1f}", "font_size": f"{size}", "style": look}
