"""The look-through chart (股权穿透图) as SVG: ultimate holders at one end, the institution at the other.

Small charts stand upright, as Chinese registers print them. Where a layer is too wide for a page, the chart lies on its side,
the institution at the left where reading begins, and grows downwards instead. Kinds are told apart by shape, so that a
black-and-white print says the same.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from lib.draw import layering
from lib.draw.curves import Line, Places, Point, Rect, around, through
from lib.draw.holders import Box, Cast, Tie
from lib.draw.markup import Safe, join, plain, tag
from lib.draw.writing import count, short_percent, width_em, wrapped
from lib.words import word

FONT = '"Lookthrough Sans","Noto Sans CJK SC",sans-serif'
INK, SOFT, PAPER = "var(--ink,#1b2430)", "var(--soft,#58626f)", "var(--paper,#ffffff)"
ACCENT, COMPANY = "var(--accent,#1d4f7c)", "var(--net-company,#7aa0c4)"
PERSON, STATE, LOOP = "var(--net-person,#c98f4e)", "var(--net-2,#5f9a7e)", "var(--net-hub,#6d5b8c)"
EDGE = "var(--net-edge,#97a1ae)"
_WIDEST = 1150.0
_MARGIN = 26.0
_LEAST_SCALE = 0.8  # smaller than this, a wide chart scrolls instead
_NAME_PX, _SHARE_PX, _LABEL_PX = 12.5, 11.0, 10.5


@dataclass(frozen=True)
class Shape:
    """A box with its words: lines of the name, the line below, width and height in pixels."""

    box: Box
    lines: list[str]
    below: str
    width: float
    height: float


@dataclass(frozen=True)
class Drawing:
    """A finished chart: markup, size in pixels, labels that found no place."""

    svg: Safe
    width: float
    height: float
    unlabelled: int


def draw(cast: Cast, title: str, description: str) -> Drawing:
    """Draw a look-through chart.

    Parameters
    ----------
    title, description
        What screen readers are told.
    """
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(cast.boxes)
    graph.add_edges_from((t.holder, t.held) for t in sorted(cast.ties, key=lambda t: (-(t.share or 0.0), t.holder, t.held)))
    loops = [(a, b) for a, b in graph.edges if a == b]
    graph.remove_edges_from(loops)
    sheet = _Sheet(cast, graph, upright=True)
    if sheet.width > _WIDEST:
        sheet = _Sheet(cast, graph, upright=False)
    for _ in range(4):  # room between the layers until every label has a place
        body, unlabelled = sheet.body()
        if not unlabelled:
            break
        sheet.widen()
    return Drawing(sheet.whole(body, title, description), sheet.width, sheet.height, unlabelled)


class _Sheet:
    """A chart while it is being laid out, standing or lying."""

    def __init__(self, cast: Cast, graph: "nx.DiGraph[str]", *, upright: bool) -> None:
        self.cast, self.upright = cast, upright
        self.shapes = {i: _shape(box, upright) for i, box in cast.boxes.items()}
        breadth = {i: s.width if upright else s.height for i, s in self.shapes.items()}
        self.layout = layering.lay_out(graph, cast.target, breadth, 22.0 if upright else 9.0)
        self.top = max(self.layout.layer.values())
        self.between = 64.0 if upright else 104.0
        ends = [(self.layout.across[i] - b / 2, self.layout.across[i] + b / 2) for i, b in breadth.items()]
        self.low = min(low for low, _ in ends) - _MARGIN - self._loop_room()
        self.span = max(high for _, high in ends) + _MARGIN + self._loop_room() - self.low
        self._measure()

    def _loop_room(self) -> float:
        return 40.0 if self.cast.looped else 0.0

    def _measure(self) -> None:
        """Set the place of every layer: upright, the highest first; lying, the institution first."""
        thick: dict[int, float] = defaultdict(float)
        for i, shape in self.shapes.items():
            at = self.layout.layer[i]
            thick[at] = max(thick[at], shape.height if self.upright else shape.width)
        self.bands: dict[int, tuple[float, float]] = {}
        along = _MARGIN
        for at in range(self.top, -1, -1) if self.upright else range(self.top + 1):
            self.bands[at] = (along, along + thick[at])
            along += thick[at] + self.between
        self.length = along - self.between + _MARGIN

    @property
    def width(self) -> float:
        return self.span if self.upright else self.length

    @property
    def height(self) -> float:
        return (self.length if self.upright else self.span) + 34.0

    def widen(self) -> None:
        """Give the labels more room."""
        self.between *= 1.35
        self._measure()

    def rect(self, i: str) -> Rect:
        """Return the place of a box."""
        shape, (start, end) = self.shapes[i], self.bands[self.layout.layer[i]]
        across, along = self.layout.across[i] - self.low, (start + end) / 2
        x, y = (across, along) if self.upright else (along, across)
        return (x - shape.width / 2, y - shape.height / 2, x + shape.width / 2, y + shape.height / 2)

    def body(self) -> tuple[Safe, int]:
        """Return lines, boxes and labels, and how many labels found no place."""
        rects = {i: self.rect(i) for i in self.shapes}
        lines = self._lines(rects)
        places = Places([(a - 2, b - 2, c + 2, d + 2) for a, b, c, d in rects.values()])
        for number, (_, line) in enumerate(lines):
            places.pass_line(line, number)
        drawn, labels, missed = [], [], 0
        for number, (tie, line) in enumerate(lines):
            back, looped = self._is_back(tie), (tie.holder, tie.held) in self.cast.looped
            dash = "6 4" if back else "2 3" if tie.share is None else None
            drawn.append(_line(line, LOOP if looped else EDGE, dash, self._names(tie), self._head(line, back)))
            text = short_percent(tie.share) if tie.share is not None else word("draw", "share_unknown")
            width = width_em(text) * _LABEL_PX + 5
            found = places.find(line, number, width, _LABEL_PX + 4, 0.5 if back else 0.22)
            missed += found is None
            if found is not None:
                labels.append(_label(text, found, width, LOOP if looped else SOFT))
        boxes = [_boxed(self.shapes[i], rects[i]) for i in self.shapes]
        return join([*drawn, *boxes, *labels]), missed

    def _is_back(self, tie: Tie) -> bool:
        return not layering.is_upward(self.layout.layer, tie.holder, tie.held)

    def _names(self, tie: Tie) -> str:
        a, b = self.cast.boxes[tie.holder], self.cast.boxes[tie.held]
        share = short_percent(tie.share) if tie.share is not None else word("draw", "share_unknown")
        return f"{_full_name(a)} → {_full_name(b)}: {share}"

    def _head(self, line: Line, back: bool) -> Point:
        """Return the direction in which a line arrives."""
        if back:
            (x1, y1), (x2, y2) = line.points[-2], line.points[-1]
            length = max(((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5, 1e-9)
            return ((x2 - x1) / length, (y2 - y1) / length)
        return (0.0, 1.0) if self.upright else (-1.0, 0.0)

    def _lines(self, rects: Mapping[str, Rect]) -> list[tuple[Tie, Line]]:
        """Return the line of every tie, ends spread along the boxes' sides."""
        forward = [t for t in self.cast.ties if not self._is_back(t)]
        leave = self._ports(forward, rects, leaving=True)
        arrive = self._ports(forward, rects, leaving=False)
        made = []
        for tie in self.cast.ties:
            if self._is_back(tie):
                made.append((tie, self._back_line(tie, rects)))
                continue
            start = self._edge(rects[tie.holder], leaving=True)
            stations = [(leave[tie], start, start)]
            between = range(self.layout.layer[tie.holder] - 1, self.layout.layer[tie.held], -1)
            for at, across in zip(between, self.layout.routes.get((tie.holder, tie.held), []), strict=True):
                enter, out = self.bands[at] if self.upright else reversed(self.bands[at])
                stations.append((across - self.low, enter, out))
            end = self._edge(rects[tie.held], leaving=False) + (-5 if self.upright else 5)
            made.append((tie, through([*stations, (arrive[tie], end, end)], self.upright)))
        return made

    def _edge(self, rect: Rect, *, leaving: bool) -> float:
        """Return where a holder's box is left, or a held one's is reached, along the direction of the layers."""
        if self.upright:
            return rect[3] if leaving else rect[1]
        return rect[0] if leaving else rect[2]

    def _ports(self, ties: list[Tie], rects: Mapping[str, Rect], *, leaving: bool) -> dict[Tie, float]:
        """Return where across its box each tie leaves or arrives: side by side, in the order of their other ends."""
        by_box: dict[str, list[tuple[float, str, Tie]]] = defaultdict(list)
        for tie in ties:
            route = self.layout.routes.get((tie.holder, tie.held), [])
            own, other = (tie.holder, tie.held) if leaving else (tie.held, tie.holder)
            toward = (route[0] if leaving else route[-1]) if route else self.layout.across[other]
            by_box[own].append((toward, other, tie))
        ports = {}
        for box, ends in by_box.items():
            low, high = (rects[box][0], rects[box][2]) if self.upright else (rects[box][1], rects[box][3])
            step = min((high - low) * 0.78 / max(len(ends), 1), 46.0 if self.upright else 12.0)
            for place, (_, _, tie) in enumerate(sorted(ends, key=lambda e: (e[0], e[1]))):
                ports[tie] = (low + high) / 2 + (place - (len(ends) - 1) / 2) * step
        return ports

    def _back_line(self, tie: Tie, rects: Mapping[str, Rect]) -> Line:
        """Return the line of a holding that closes a loop: out at the side of one box, in at the side of the other."""
        a, b = rects[tie.holder], rects[tie.held]
        if tie.holder == tie.held:
            middle = (a[1] + a[3]) / 2
            start, end = (a[2], middle - 7), (a[2] + 4, middle + 7)
            return Line((start, (a[2] + 38, middle - 22), (a[2] + 38, middle + 22), end))
        others = [r for i, r in rects.items() if i not in (tie.holder, tie.held)]
        return min(self._detours(a, b), key=lambda line: (sum(_inside(p, others) for p in line.samples()), line.length()))

    def _detours(self, a: Rect, b: Rect) -> list[Line]:
        """Return the ways that a closing holding could take: around either side, or straight back between two layers."""
        reach = 34.0 + 0.10 * (abs(a[0] - b[0]) + abs(a[1] - b[1]))
        if self.upright:
            ya, yb = (a[1] + a[3]) / 2, (b[1] + b[3]) / 2
            sides = [around((a[2], ya - 4), (b[2] + 5, yb + 4), reach, upright=True)]
            sides.append(around((a[0], ya - 4), (b[0] - 5, yb + 4), -reach, upright=True))
            middle, end = (a[1] + b[3]) / 2, b[3] + 5
            ports = a[0] + (a[2] - a[0]) * 0.12, b[2] - (b[2] - b[0]) * 0.12
            straight = Line(((ports[0], a[1]), (ports[0], middle), (ports[1], middle), (ports[1], end)))
            return [*sides, straight] if end < a[1] else sides
        xa, xb = (a[0] + a[2]) / 2, (b[0] + b[2]) / 2
        sides = [around((xa + 8, a[3]), (xb - 8, b[3] + 5), reach, upright=False)]
        sides.append(around((xa + 8, a[1]), (xb - 8, b[1] - 5), -reach, upright=False))
        middle, end = (a[2] + b[0]) / 2, b[0] - 5
        ports = a[1] + 5, b[3] - 5
        straight = Line(((a[2], ports[0]), (middle, ports[0]), (middle, ports[1]), (end, ports[1])))
        return [*sides, straight] if end > a[2] else sides

    def whole(self, body: Safe, title: str, description: str) -> Safe:
        """Return the SVG with its legend."""
        width, height = self.width, self.height
        legend, needed = _legend(self.cast, height - 20)
        width = max(width, needed)
        shift = (width - self.width) / 2
        return tag(
            "svg",
            tag("title", title),
            tag("desc", description),
            tag("g", body, transform=f"translate({shift:.1f} 0)") if shift else body,
            legend,
            xmlns="http://www.w3.org/2000/svg",
            viewBox=f"0 0 {width:.0f} {height:.0f}",
            width=f"{width:.0f}",
            height=f"{height:.0f}",
            role="img",
            font_family=FONT,
            style=f"min-width:{width * _LEAST_SCALE:.0f}px",
        )


def _inside(point: Point, rects: list[Rect]) -> bool:
    x, y = point
    return any(r[0] <= x <= r[2] and r[1] <= y <= r[3] for r in rects)


def _full_name(box: Box) -> str:
    if box.kind == "stack":
        return word("draw", "stack", n=count(box.holders))
    if box.kind == "gap":
        return word("draw", "unknown")
    return plain(box.name)


def _shape(box: Box, upright: bool) -> Shape:
    """Return the words of a box and the room that they need."""
    name = _full_name(box)
    small = box.kind in ("stack", "gap")
    widest = (8.6 if upright else 12.0) if not small else 9.0
    lines = wrapped(name, widest, 3 if upright else 2)
    below = _below(box)
    text = max([width_em(t) * _NAME_PX for t in lines] + [width_em(below) * _SHARE_PX])
    least = 60.0 if small else 96.0 if upright else 128.0
    height = len(lines) * 17.0 + (15.0 if below else 0.0) + (10.0 if small else 15.0)
    return Shape(box, lines, below, max(least, text + (18.0 if small else 28.0)), height)


def _below(box: Box) -> str:
    parts = []
    if box.kind == "target":
        parts.append(word("draw", "institution"))
    elif box.share is not None:
        parts.append(word("draw", "through", share=short_percent(box.share)))
    if box.unheld:
        parts.append(word("draw", "unheld"))
    return " · ".join(parts)


def _boxed(shape: Shape, rect: Rect) -> Safe:
    box = shape.box
    left, top, right, bottom = rect
    middle = (left + right) / 2
    dark = box.kind == "target"
    ink = PAPER if dark else SOFT if box.kind in ("stack", "gap") else INK
    total = len(shape.lines) * 17.0 + (15.0 if shape.below else 0.0)
    y = (top + bottom) / 2 - total / 2 + 13.0
    words = [
        tag(
            "text",
            line,
            x=f"{middle:.1f}",
            y=f"{y + 17.0 * n:.1f}",
            text_anchor="middle",
            font_size=_NAME_PX,
            style=f"fill:{ink}",
        )
        for n, line in enumerate(shape.lines)
    ]
    if shape.below:
        at = y + 17.0 * len(shape.lines) - 1.0
        soft = PAPER if dark else SOFT
        words.append(
            tag(
                "text",
                shape.below,
                x=f"{middle:.1f}",
                y=f"{at:.1f}",
                text_anchor="middle",
                font_size=_SHARE_PX,
                style=f"fill:{soft}",
            )
        )
    told = " · ".join(t for t in (_full_name(box), "" if box.id.startswith("\0") else box.id, shape.below) if t)
    return tag("g", tag("title", told), outline(box.kind, rect), *words)


def outline(kind: str, rect: Rect) -> Safe:
    """Return the outline of a kind: persons round, companies square, the state six-cornered, unknown dashed, stacks double."""
    left, top, right, bottom = rect
    sides = {"x": f"{left:.1f}", "y": f"{top:.1f}", "width": f"{right - left:.1f}", "height": f"{bottom - top:.1f}"}
    if kind == "target":
        return tag("rect", **sides, style=f"fill:{ACCENT};stroke:{ACCENT};stroke-width:1.5")
    if kind == "person":
        return _filled("rect", PERSON, **sides, rx=f"{min(18.0, (bottom - top) / 2):.1f}")
    if kind == "state":
        cut = 11.0
        corners = [(left + cut, top), (right - cut, top), (right, (top + bottom) / 2)]
        corners += [(right - cut, bottom), (left + cut, bottom), (left, (top + bottom) / 2)]
        return _filled("polygon", STATE, points=" ".join(f"{x:.1f},{y:.1f}" for x, y in corners))
    if kind == "stack":
        behind = sides | {"x": f"{left + 4:.1f}", "y": f"{top - 4:.1f}"}
        look = f"fill:{PAPER};stroke:{EDGE};stroke-width:1"
        return join((tag("rect", **behind, style=look), tag("rect", **sides, style=look)))
    if kind == "gap":
        return tag("rect", **sides, rx="3", style=f"fill:{PAPER};stroke:{SOFT};stroke-width:1.2;stroke-dasharray:4 3")
    if kind in ("company", "partnership", "fund"):
        return _filled("rect", COMPANY, **sides)
    return tag("rect", **sides, style=f"fill:{PAPER};stroke:{SOFT};stroke-width:1.2;stroke-dasharray:1.5 3")


def _filled(name: str, colour: str, **geometry: str) -> Safe:
    """Return a shape on paper with a tint of its colour, so that no line shows through it."""
    paper = tag(name, **geometry, style=f"fill:{PAPER}")
    return join((paper, tag(name, **geometry, style=f"fill:{colour};fill-opacity:.13;stroke:{colour};stroke-width:1.4")))


def _line(line: Line, colour: str, dash: str | None, told: str, head: Point) -> Safe:
    x, y = line.points[-1]
    dx, dy = head
    tip = f"{x + dx * 5:.1f},{y + dy * 5:.1f}"
    sides = f"{x - dy * 3.2:.1f},{y + dx * 3.2:.1f} {x + dy * 3.2:.1f},{y - dx * 3.2:.1f}"
    look = f"fill:none;stroke:{colour};stroke-width:{1.2 if colour == EDGE else 1.6}"
    return tag(
        "g",
        tag("title", told),
        tag("path", d=line.path(), stroke_dasharray=dash, style=look),
        tag("polygon", points=f"{tip} {sides}", style=f"fill:{colour}"),
    )


def _label(text: str, at: Point, width: float, colour: str) -> Safe:
    """Return a share on paper of its own, so that its line does not strike through it."""
    x, y = at
    sides = {"x": f"{x - width / 2 + 1:.1f}", "y": f"{y - _LABEL_PX / 2 - 1:.1f}", "width": f"{width - 2:.1f}"}
    paper = tag("rect", **sides, height=_LABEL_PX + 2, style=f"fill:{PAPER}")
    look = f"fill:{colour}"
    return join(
        (paper, tag("text", text, x=f"{x:.1f}", y=f"{y + 3.8:.1f}", text_anchor="middle", font_size=_LABEL_PX, style=look))
    )


def _legend(cast: Cast, y: float) -> tuple[Safe, float]:
    """Return the legend of what the chart holds, in one row, and the width that it needs."""
    shown = {
        b.kind if b.kind in ("target", "person", "company", "state", "stack", "gap") else "company" for b in cast.boxes.values()
    }
    shown |= {"other"} if any(b.kind == "other" for b in cast.boxes.values()) else set()
    parts, x = [], _MARGIN
    for kind in ("target", "company", "person", "state", "other", "stack", "gap"):
        if kind not in shown:
            continue
        text = word("draw", f"kind_{kind}")
        parts += [outline(kind, (x, y - 6, x + 22, y + 6)), _legend_text(text, x + 29, y)]
        x += 29 + width_em(text) * _SHARE_PX + 22
    if cast.looped:
        text = word("draw", "kind_loop")
        parts.append(
            tag("path", d=f"M{x:.1f} {y:.1f}h24", style=f"fill:none;stroke:{LOOP};stroke-width:1.6;stroke-dasharray:6 4")
        )
        parts.append(_legend_text(text, x + 31, y))
        x += 31 + width_em(text) * _SHARE_PX + 22
    return tag("g", *parts), x


def _legend_text(text: str, x: float, y: float) -> Safe:
    return tag("text", text, x=f"{x:.1f}", y=f"{y + 4:.1f}", font_size=_SHARE_PX, style=f"fill:{SOFT}")
