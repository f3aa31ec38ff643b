"""Lines of the look-through chart and the places of their labels.

A line is a run of cubic Béziers; a label sits on its line where it covers neither a box, nor another label, and as few other
lines as possible. Coordinates are pixels of the drawing.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

Point = tuple[float, float]
Rect = tuple[float, float, float, float]  # left, top, right, bottom
_CELL = 48.0
_SAMPLES = 24


@dataclass(frozen=True)
class Line:
    """A line: its points, three per Bézier after the first."""

    points: tuple[Point, ...]

    def path(self) -> str:
        """Return the `d` of an SVG path."""
        first, *rest = (f"{x:.1f} {y:.1f}" for x, y in self.points)
        return f"M{first}" + "".join(f"C{' '.join(rest[i : i + 3])}" for i in range(0, len(rest), 3))

    def samples(self, per_curve: int = _SAMPLES) -> list[Point]:
        """Return points along the line, ends included."""
        made = [self.points[0]]
        for at in range(0, len(self.points) - 1, 3):
            made += [_bezier(self.points[at : at + 4], step / per_curve) for step in range(1, per_curve + 1)]
        return made

    def length(self) -> float:
        """Return how long the line is, near enough to compare."""
        points = self.samples(8)
        return sum(hypot(x2 - x1, y2 - y1) for (x1, y1), (x2, y2) in pairwise(points))


def _bezier(p: Sequence[Point], t: float) -> Point:
    a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3
    return (
        a * p[0][0] + b * p[1][0] + c * p[2][0] + d * p[3][0],
        a * p[0][1] + b * p[1][1] + c * p[2][1] + d * p[3][1],
    )


def through(stations: Sequence[tuple[float, float, float]], upright: bool) -> Line:
    """Return a line through stations (across, along where it enters, along where it leaves), straight inside each of them.

    `upright`: layers lie one above the other, so across is x; else across is y.
    """

    def at(across: float, along: float) -> Point:
        return (across, along) if upright else (along, across)

    points = [at(stations[0][0], stations[0][2])]
    for (from_across, _, leave), (to_across, enter, leave_next) in pairwise(stations):
        middle = (leave + enter) / 2
        points += [at(from_across, middle), at(to_across, middle), at(to_across, enter)]
        if leave_next != enter:
            points += [at(to_across, enter), at(to_across, leave_next), at(to_across, leave_next)]
    return Line(tuple(points))


def around(start: Point, end: Point, bulge: float, upright: bool) -> Line:
    """Return a line that leaves sideways and comes back: for a holding that closes a loop."""
    dx, dy = (bulge, 0.0) if upright else (0.0, bulge)
    return Line((start, (start[0] + dx, start[1] + dy), (end[0] + dx, end[1] + dy), end))


class Places:
    """Where labels have been put, and what they must not cover."""

    def __init__(self, boxes: Iterable[Rect]) -> None:
        self._taken: dict[tuple[int, int], list[Rect]] = defaultdict(list)
        self._lines: dict[tuple[int, int], list[tuple[float, float, int]]] = defaultdict(list)
        for box in boxes:
            self.take(box)

    def take(self, rect: Rect) -> None:
        """Keep a rectangle free of labels from now on."""
        for cell in _cells(rect):
            self._taken[cell].append(rect)

    def pass_line(self, line: Line, number: int) -> None:
        """Note where a line runs."""
        for x, y in line.samples():
            self._lines[int(x // _CELL), int(y // _CELL)].append((x, y, number))

    def find(self, line: Line, number: int, width: float, height: float, favoured: float) -> Point | None:
        """Return the centre of a label's place on its line, else close beside it, and keep it; None where there is none.

        `favoured` is the part of the line (0 to 1) near which the label is best read.
        """
        points = line.samples()
        for dx, dy in ((0, 0), (0, -height), (0, height), (-0.7 * width, 0), (0.7 * width, 0)):
            best: tuple[float, Point, Rect] | None = None
            for at, (x, y) in enumerate(points[1:-1], start=1):
                rect = (x + dx - width / 2, y + dy - height / 2, x + dx + width / 2, y + dy + height / 2)
                if self._is_taken(rect):
                    continue
                cost = 3.0 * self._others(rect, number) + abs(at / len(points) - favoured) * 10
                if best is None or cost < best[0]:
                    best = (cost, (x + dx, y + dy), rect)
            if best is not None:
                self.take(best[2])
                return best[1]
        return None

    def _is_taken(self, rect: Rect) -> bool:
        return any(_overlap(rect, other) for cell in _cells(rect) for other in self._taken.get(cell, ()))

    def _others(self, rect: Rect, number: int) -> int:
        """Count the other lines that run through a rectangle."""
        found = {
            n
            for cell in _cells(rect)
            for x, y, n in self._lines.get(cell, ())
            if n != number and rect[0] <= x <= rect[2] and rect[1] <= y <= rect[3]
        }
        return len(found)


def _cells(rect: Rect) -> list[tuple[int, int]]:
    left, top, right, bottom = (int(side // _CELL) for side in rect)
    return [(x, y) for x in range(left, right + 1) for y in range(top, bottom + 1)]


def _overlap(a: Rect, b: Rect) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
