"""Where the boxes of a layered chart go: layers, order within a layer, and positions across.

Cross-holdings are no exception here: a circular holding is laid out by its distance from the target, and the ties that then
point the wrong way are left to be drawn as what they are. Plain Python; a chart of 300 boxes takes a fraction of a second.
"""

import heapq
from bisect import bisect_left, insort
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import numpy as np

Node = Any  # a hashable: an id, or the dummy of a long tie
_SWEEPS = 16
_DUMMY_BREADTH = 14.0


@dataclass(frozen=True)
class Layout:
    """Places of a layered chart.

    Attributes
    ----------
    layer
        Node → layer, 0 for the target, holders above what they hold.
    across
        Node → centre of it along its layer, in the unit of the breadths.
    routes
        (holder, held) → centres along each layer between them, from the holder's side, for ties over several layers.
    """

    layer: dict[Node, int]
    across: dict[Node, float]
    routes: dict[tuple[Node, Node], list[float]]


def lay_out(graph: "nx.DiGraph[Node]", target: Node, breadth: Mapping[Node, float], gap: float) -> Layout:
    """Lay out everything above a target.

    Parameters
    ----------
    graph
        Holder → held; every node leads to the target. Edges are taken in the order in which they come.
    breadth
        Room that each node takes along its layer.
    gap
        Room between two nodes of a layer.
    """
    layer = layers(graph, target)
    rows, links, chains = _with_dummies(graph, layer, target)
    _reduce_crossings(rows, links)
    across = _positions(rows, links, breadth, gap)
    routes = {tie: [across[d] for d in chain] for tie, chain in chains.items()}
    return Layout(layer, {n: across[n] for n in graph}, routes)


def layers(graph: "nx.DiGraph[Node]", target: Node) -> dict[Node, int]:
    """Return node → layer: the longest way to the target; inside a circular holding, the shortest way into it."""
    parts = nx.condensation(graph)
    layer: dict[Node, int] = {}
    for part in reversed(list(nx.lexicographical_topological_sort(parts))):
        members = parts.nodes[part]["members"]
        start = {m: 1 + max((layer[h] for h in graph.successors(m) if h not in members), default=-2) for m in members}
        if target in members:
            start[target] = 0
        layer.update(_inside(graph, members, start))
    return layer


def _inside(graph: "nx.DiGraph[Node]", members: set[Node], start: Mapping[Node, int]) -> dict[Node, int]:
    """Return the layers of a circular holding's members, from those that hold something outside it inwards."""
    settled: dict[Node, int] = {}
    queue = [(at, str(m), m) for m, at in start.items() if at >= 0]
    heapq.heapify(queue)
    while queue:
        at, _, member = heapq.heappop(queue)
        if member in settled:
            continue
        settled[member] = at
        for holder in graph.predecessors(member):
            if holder in members and holder not in settled:
                heapq.heappush(queue, (max(at + 1, start[holder]), str(holder), holder))
    return settled


def is_upward(layer: Mapping[Node, int], holder: Node, held: Node) -> bool:
    """Tell whether a tie points the usual way: the holder lies above what it holds."""
    return layer[holder] > layer[held]


Links = dict[Node, list[Node]]


def _with_dummies(
    graph: "nx.DiGraph[Node]", layer: Mapping[Node, int], target: Node
) -> tuple[list[list[Node]], tuple[Links, Links], dict[tuple[Node, Node], list[Node]]]:
    """Return the rows, the links between neighbouring rows (to held, to holders) and the dummies of long ties."""
    down: Links = {n: [] for n in graph}
    up: Links = {n: [] for n in graph}
    chains: dict[tuple[Node, Node], list[Node]] = {}
    rows: list[list[Node]] = [[] for _ in range(max(layer.values()) + 1)]
    for holder, held in graph.edges:
        if not is_upward(layer, holder, held):
            continue
        chain: list[Node] = [("dummy", holder, held, at) for at in range(layer[holder] - 1, layer[held], -1)]
        if chain:
            chains[holder, held] = chain
        steps = [holder, *chain, held]
        for above, below in pairwise(steps):
            down.setdefault(above, []).append(below)
            up.setdefault(below, []).append(above)
    place = dict(layer) | {d: layer[tie[0]] - 1 - n for tie, chain in chains.items() for n, d in enumerate(chain)}
    for node in _depth_first(up, target, place):
        rows[place[node]].append(node)
    return rows, (down, up), chains


def _depth_first(up: Links, target: Node, place: Mapping[Node, int]) -> list[Node]:
    """Return all nodes in the order in which a walk upwards meets them, then those it does not meet."""
    seen: dict[Node, None] = {}
    stack = [target]
    while stack:
        node = stack.pop()
        if node not in seen:
            seen[node] = None
            stack.extend(reversed(up.get(node, [])))
    return [*seen, *(n for n in place if n not in seen)]


def _reduce_crossings(rows: list[list[Node]], links: tuple[Links, Links]) -> None:
    """Order each row by the barycentre of its neighbours, up and down in turns, and keep the order with fewest crossings."""
    best, fewest = [list(row) for row in rows], _crossings(rows, links[0])
    for sweep in range(_SWEEPS):
        if not fewest:
            break
        toward = links[0] if sweep % 2 == 0 else links[1]
        walk = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for at in walk:
            beside = rows[at - 1] if sweep % 2 == 0 else rows[at + 1]
            _sort_row(rows[at], beside, toward)
        crossings = _crossings(rows, links[0])
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    rows[:] = best


def _sort_row(row: list[Node], beside: Sequence[Node], toward: Links) -> None:
    place = {n: i for i, n in enumerate(beside)}
    centres = {}
    for at, node in enumerate(row):
        near = [place[n] for n in toward[node]]
        centres[node] = sum(near) / len(near) if near else at * len(beside) / max(len(row), 1)
    row.sort(key=lambda n: centres[n])


def _crossings(rows: list[list[Node]], down: Links) -> int:
    """Count the crossings between neighbouring rows."""
    total = 0
    for below, above in pairwise(rows):
        place = {n: i for i, n in enumerate(below)}
        passed: list[int] = []
        for node in above:
            ends = sorted(place[n] for n in down[node])
            total += sum(len(passed) - bisect_left(passed, end + 1) for end in ends)
            for end in ends:
                insort(passed, end)
    return total


def _positions(
    rows: list[list[Node]], links: tuple[Links, Links], breadth: Mapping[Node, float], gap: float
) -> dict[Node, float]:
    """Give every node the place nearest to its neighbours that the order and the breadths of its row allow."""
    size = {n: breadth.get(n, _DUMMY_BREADTH) for row in rows for n in row}
    across: dict[Node, float] = {}
    offsets = {}
    for at, row in enumerate(rows):
        halves = np.array([size[n] / 2 for n in row])
        steps = halves[:-1] + halves[1:] + gap
        offsets[at] = np.concatenate(([0.0], np.cumsum(steps)))
        across.update(zip(row, (offsets[at] - offsets[at][-1] / 2).tolist(), strict=True))
    for sweep in range(12):
        toward = (links[0], links[1], None)[sweep % 3]
        order = range(len(rows)) if sweep % 2 == 0 else range(len(rows) - 1, -1, -1)
        for at in order:
            _settle(rows[at], offsets[at], across, links, toward)
    return across


def _settle(
    row: list[Node],
    offset: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    across: dict[Node, float],
    links: tuple[Links, Links],
    toward: Links | None,
) -> None:
    """Move a row towards its neighbours (least squares under the order: pool adjacent violators)."""
    wanted, weight = [], []
    for at, node in enumerate(row):
        near = toward[node] if toward is not None else [*links[0][node], *links[1][node]]
        dummy = isinstance(node, tuple) and node[0] == "dummy"
        wanted.append((sum(across[n] for n in near) / len(near) if near else across[node]) - float(offset[at]))
        weight.append((4.0 if dummy else 1.0) * max(len(near), 0.1))
    for node, place, moved in zip(row, _isotonic(wanted, weight), offset.tolist(), strict=True):
        across[node] = place + moved


def _isotonic(wanted: Sequence[float], weight: Sequence[float]) -> list[float]:
    """Return the non-decreasing values nearest to the wanted ones."""
    blocks: list[tuple[float, float, int]] = []
    for value, heft in zip(wanted, weight, strict=True):
        blocks.append((value, heft, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (v2, w2, n2), (v1, w1, n1) = blocks.pop(), blocks.pop()
            blocks.append(((v1 * w1 + v2 * w2) / (w1 + w2), w1 + w2, n1 + n2))
    return [value for value, _, number in blocks for _ in range(number)]
