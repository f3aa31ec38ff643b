"""Positions for drawn networks, worked out before they are shown: the page draws them once, without any physics.

The same network always gets the same positions. A thousand accounts take about a second.
"""

import math
from collections import defaultdict
from collections.abc import Hashable, Mapping
from typing import Any

import networkx as nx
import numpy as np

Node = Hashable
Points = np.ndarray[Any, np.dtype[np.float64]]
Places = dict[Node, tuple[float, float]]
STEP = 130.0  # pixels between neighbours
_SEED = 20180930
_ROOM = (120.0, 62.0)  # pixels that a node with two lines of words takes
_ASPECT = 1.8
_EXACT = 60  # nodes up to which distances are fitted exactly


def scattered(graph: "nx.Graph[Any]") -> Places:
    """Return positions in pixels: every connected part for itself, the parts packed in rows, the largest first."""
    plain: nx.Graph[Any] = nx.Graph()
    plain.add_nodes_from(graph)
    plain.add_edges_from((a, b) for a, b in graph.edges() if a != b)
    parts = sorted(nx.connected_components(plain), key=lambda part: (-len(part), min(map(str, part))))
    return _packed([_part(plain, sorted(part, key=str)) for part in parts])


def _part(plain: "nx.Graph[Any]", nodes: list[Node]) -> Places:
    """Return positions of one connected part, its upper left corner at 0, 0."""
    if len(nodes) == 1:
        return {nodes[0]: (0.0, 0.0)}
    within: nx.Graph[Any] = nx.Graph()
    within.add_nodes_from(nodes)
    within.add_edges_from(sorted(plain.subgraph(nodes).edges(), key=str))
    if len(nodes) <= _EXACT:
        found = nx.kamada_kawai_layout(within, pos=nx.circular_layout(within))
    else:
        found = nx.spring_layout(within, seed=_SEED, iterations=60, k=1.6 / math.sqrt(len(nodes)), method="force")
    points = _apart(_fitted(np.array([found[n] for n in nodes])))
    return {n: (float(x), float(y)) for n, (x, y) in zip(nodes, points, strict=True)}


def _fitted(points: Points) -> Points:
    """Stretch positions over a field as wide as a page's canvas, with room for every node and its words."""
    high = math.sqrt(len(points) * _ROOM[0] * _ROOM[1] / _ASPECT)
    field = np.array([high * _ASPECT, high])
    span = np.maximum(points.max(axis=0) - points.min(axis=0), 1e-9)
    # Ranks spread what a layout has crowded around a hub; half of each keeps its shape recognisable.
    even = (points - points.min(axis=0)) / span
    order = np.argsort(np.argsort(points, axis=0, kind="stable"), axis=0) / max(len(points) - 1, 1)
    fitted: Points = (0.5 * even + 0.5 * order) * field
    return fitted


def _apart(points: Points) -> Points:
    """Push apart what would cover another's words: nodes closer than their room, wider than high."""
    room = np.array(_ROOM)
    for _ in range(60):
        delta = (points[:, None, :] - points[None, :, :]) / room
        distance = np.hypot(delta[..., 0], delta[..., 1])
        np.fill_diagonal(distance, np.inf)
        close = distance < 0.9
        if not close.any():
            break
        # Two on the very same spot have no direction to part in: give each its own, by its place in the list.
        turn = np.arange(len(points)) * 2.399963
        unit = np.where((distance < 1e-9)[..., None], np.stack((np.cos(turn), np.sin(turn)), 1)[:, None, :], delta)
        unit = unit / np.maximum(np.hypot(unit[..., 0], unit[..., 1]), 1e-9)[..., None]
        points = points + (unit * np.where(close, (0.9 - distance) / 3, 0.0)[..., None]).sum(axis=1) * room
    moved: Points = points - points.min(axis=0)
    return moved


def _packed(parts: list[Places]) -> Places:
    """Place parts in rows about as wide as the whole is to be."""
    sizes = [(max(x for x, _ in p.values()) + STEP * 1.4, max(y for _, y in p.values()) + STEP * 1.2) for p in parts]
    widest = max([w for w, _ in sizes] + [math.sqrt(sum(w * h for w, h in sizes) * _ASPECT)])
    made: Places = {}
    left, top, row = 0.0, 0.0, 0.0
    for part, (width, height) in zip(parts, sizes, strict=True):
        if left and left + width > widest:
            left, top, row = 0.0, top + row, 0.0
        made.update({n: (x + left, y + top) for n, (x, y) in part.items()})
        left, row = left + width, max(row, height)
    return made


def by_step(graph: "nx.MultiDiGraph[Any]", step: Mapping[Node, int]) -> Places:
    """Return positions by steps from left to right, accounts near those that feed them."""
    columns: dict[int, list[Node]] = defaultdict(list)
    for node in sorted(graph, key=lambda n: (step[n], str(n))):
        columns[step[node]].append(node)
    across: dict[Node, float] = {}
    for sweep in range(6):
        order = sorted(columns, reverse=sweep % 2 == 1)
        for at in order:
            columns[at].sort(key=lambda n: _pull(graph, n, across))
            across.update({n: (i - (len(columns[at]) - 1) / 2) * STEP * 1.1 for i, n in enumerate(columns[at])})
    return {n: (step[n] * STEP * 2.2, across[n]) for n in graph}


def _pull(graph: "nx.MultiDiGraph[Any]", node: Node, across: Mapping[Node, float]) -> float:
    near = [across[n] for n in {*graph.predecessors(node), *graph.successors(node)} if n in across and n != node]
    return sum(near) / len(near) if near else across.get(node, 0.0)
