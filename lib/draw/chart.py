"""The look-through chart (股权穿透图) as SVG: ultimate holders at one end, the institution at the other.

Small charts stand upright, as Chinese registers print them. Where a layer is too wide for a page, the chart lies on its side,
the institution at the left where reading begins, and grows downwards instead.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import networkx as nx

from lib.draw import boxes, layering
from lib.draw.curves import Line, Places, Point, Rect, around, through
from lib.draw.holders import Cast, Tie
from lib.draw.markup import Safe, join, tag
from lib.draw.palette import EDGE, FONT, LOOP, PAPER, SOFT
from lib.draw.writing import width_em
from lib.words import word

_WIDEST = 1150.0
_LEAST_SCALE = 0.8  # smaller than this, a wide chart scrolls instead
_LABEL_PX = 10.5


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


def _label_width(tie: Tie) -> float:
    return width_em(boxes.share_text(tie)) * _LABEL_PX + 5


class _Sheet:
    """A chart while it is being laid out, standing or lying."""

    def __init__(self, cast: Cast, graph: "nx.DiGraph[str]", *, upright: bool) -> None:
        self.cast, self.graph, self.upright = cast, graph, upright
        self.shapes = {i: boxes.shaped(box, upright) for i, box in cast.boxes.items()}
        self.closing = bool(cast.looped) or any(tie.ended for tie in cast.ties)  # there may be lines around boxes
        self.between, self.beside = (64.0, 22.0) if upright else (104.0, 9.0)
        self._arrange()

    def _arrange(self) -> None:
        """Give every box its place."""
        breadth = {i: s.width + 2 * self._own_room(i) if self.upright else s.height for i, s in self.shapes.items()}
        self.layout = layering.lay_out(self.graph, self.cast.target, breadth, self.beside)
        self.top = max(self.layout.layer.values())
        ends = [(self.layout.across[i] - b / 2, self.layout.across[i] + b / 2) for i, b in breadth.items()]
        self.low = min(low for low, _ in ends) - boxes.MARGIN - self._loop_room()
        self.span = max(high for _, high in ends) + boxes.MARGIN + self._loop_room() - self.low
        self._measure()

    def _own_room(self, i: str) -> float:
        """Return the room at the side of a box of one that holds itself: for the line and its label, which is beside it."""
        own = [_label_width(tie) for tie in self.cast.ties if tie.holder == tie.held == i]
        return 1.2 * own[0] + 32 if own else 0.0

    def _loop_room(self) -> float:
        return 40.0 if self.closing else 0.0

    def _measure(self) -> None:
        """Set the place of every layer: upright, the highest first; lying, the institution first."""
        thick: dict[int, float] = defaultdict(float)
        for i, shape in self.shapes.items():
            at = self.layout.layer[i]
            thick[at] = max(thick[at], shape.height if self.upright else shape.width)
        self.bands: dict[int, tuple[float, float]] = {}
        along = boxes.MARGIN
        for at in range(self.top, -1, -1) if self.upright else range(self.top + 1):
            self.bands[at] = (along, along + thick[at])
            along += thick[at] + self.between
        self.length = along - self.between + boxes.MARGIN

    @property
    def width(self) -> float:
        return self.span if self.upright else self.length

    @property
    def height(self) -> float:
        return (self.length if self.upright else self.span) + 34.0

    def widen(self) -> None:
        """Give the labels more room, between the layers and, where holdings run back, between the boxes too."""
        self.between *= 1.35
        self.beside *= 1.9 if self.closing else 1.0
        self._arrange()

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
            dash = boxes.ENDED if tie.ended else "6 4" if back else "2 3" if tie.share is None else None
            drawn.append(_line(line, LOOP if looped else EDGE, dash, self._names(tie), self._head(line, back)))
            text, width = boxes.share_text(tie), _label_width(tie)
            found = places.find(line, number, width, _LABEL_PX + 4, 0.5 if back else 0.22)
            missed += found is None
            if found is not None:
                labels.append(_label(text, found, width, LOOP if looped else SOFT))
        drawn_boxes = [boxes.drawn(self.shapes[i], rects[i]) for i in self.shapes]
        return join([*drawn, *drawn_boxes, *labels]), missed

    def _is_back(self, tie: Tie) -> bool:
        return not layering.is_upward(self.layout.layer, tie.holder, tie.held)

    def _names(self, tie: Tie) -> str:
        a, b = self.cast.boxes[tie.holder], self.cast.boxes[tie.held]
        since = f" · {word('draw', 'since', day=tie.since)}" if tie.since else ""
        return f"{boxes.full_name(a)} → {boxes.full_name(b)}: {boxes.share_text(tie)}{since}"

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
        if tie.holder == tie.held and not self.upright:  # at its right, holders' lines arrive
            return Line(((a[0], a[1] + 4), (a[0] - 38, a[1] - 10), (a[0] - 38, a[1] + 28), (a[0] - 4, a[1] + 15)))
        if tie.holder == tie.held:
            middle = (a[1] + a[3]) / 2
            start, end = (a[2], middle - 7), (a[2] + 4, middle + 7)
            return Line((start, (a[2] + 38, middle - 22), (a[2] + 38, middle + 22), end))
        others = [r for i, r in rects.items() if i not in (tie.holder, tie.held)]
        return min(self._detours(a, b), key=lambda line: (sum(_inside(p, others) for p in line.samples()), line.length()))

    def _detours(self, a: Rect, b: Rect) -> list[Line]:
        """Return the ways that a closing holding could take: around either side, or straight back between two layers."""
        level = 1 if self.upright else 0
        if abs(a[level] + a[level + 2] - b[level] - b[level + 2]) < 1:
            return self._arcs(a, b)
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

    def _arcs(self, a: Rect, b: Rect) -> list[Line]:
        """Return the ways to a box of the same layer: over what stands between them, or under it."""
        arcs = []
        for side, away in ((1, -1.0), (3, 1.0)) if self.upright else ((2, 1.0), (0, -1.0)):
            along = (away * max(away * a[side], away * b[side])) + away * 0.75 * self.between
            across = 0 if self.upright else 1
            ends = [(r[across] + r[across + 2]) / 2 + shift for r, shift in ((a, 9.0), (b, -9.0))]
            points = (ends[0], a[side]), (ends[0], along), (ends[1], along), (ends[1], b[side] + 5 * away)
            arcs.append(Line(points if self.upright else tuple((y, x) for x, y in points)))
        return arcs

    def whole(self, body: Safe, title: str, description: str) -> Safe:
        """Return the SVG with its legend."""
        width, height = self.width, self.height
        legend, needed = boxes.legend(self.cast, height - 20)
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
