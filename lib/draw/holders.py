"""What a look-through chart shows: which holders get a box of their own, which are stacked, and what is unknown.

A graph and shares in, boxes and ties out; nothing here knows where anything is drawn.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date

import networkx as nx

# Below this, what is missing to 100 % is rounding of the shares as they were read.
_ROUNDING = 1e-9
# Below this it is counted instead of drawn: shares in percent with two decimals leave 0.01 % open at every other company.
_SLIGHT = 0.0005
TERMINAL = frozenset(("person", "state"))


@dataclass(frozen=True)
class Box:
    """A box of the chart.

    Attributes
    ----------
    kind
        target, company, partnership, fund, person, state, other (also for unknown kinds), stack (several small holders of one
        company) or gap (what is missing to 100 % of one company).
    share
        Look-through share in the target, a fraction; None where it has no meaning or is not known.
    holders
        Holders that a stack stands for; 1 for others.
    unheld
        No holder of it is recorded although somebody must hold it.
    former
        It holds nothing any more of what is drawn.
    """

    id: str
    name: str
    kind: str
    share: float | None = None
    holders: int = 1
    unheld: bool = False
    former: bool = False


@dataclass(frozen=True)
class Tie:
    """A holding that is drawn.

    Attributes
    ----------
    share
        A fraction; None if it is not known.
    at_least
        The share is that of some holders of a stack; of others it is not known.
    since
        First day; None: since ever.
    until, before, ended
        When a holding ended: this one, if it is `ended`; else an earlier one, with the share `before`.
    """

    holder: str
    held: str
    share: float | None
    at_least: bool = False
    since: date | None = None
    until: date | None = None
    before: float | None = None
    ended: bool = False


@dataclass(frozen=True)
class Cast:
    """Everything that a chart shows.

    Attributes
    ----------
    boxes
        By id, the target first.
    ties
        Holder → held, those that close a loop included.
    left_out
        Holders that have no box of their own.
    left_out_below
        Largest look-through share among them; None if there are none.
    looped
        Ties between members of a circular holding of which all is drawn.
    half_looped
        Boxes of parties that are in a circular holding whose way round leads through holders that have no box.
    slight
        Companies of which less is missing to 100 % than is drawn.
    """

    target: str
    boxes: dict[str, Box]
    ties: list[Tie]
    left_out: int = 0
    left_out_below: float | None = None
    looped: frozenset[tuple[str, str]] = frozenset()
    half_looped: int = 0
    slight: int = 0


def choose(
    graph: "nx.DiGraph[str]",
    target: str,
    shares: Mapping[str, float],
    *,
    max_nodes: int = 300,
    min_share: float = 0.0,
    listed: Collection[str] = (),
    also: Collection[str] = (),
) -> Cast:
    """Choose what is drawn.

    Parameters
    ----------
    graph
        Holder → held with `share` (fraction or None); nodes with `name` and `kind`.
    shares
        Look-through share of every holder, a fraction.
    max_nodes
        Boxes at most; the holders with the smallest shares are stacked until it fits.
    min_share
        Holders below this look-through share are stacked, unless a larger one holds through them.
    listed
        Companies whose shares are listed: without recorded holders they are not called unheld.
    also
        Holders that have a box whatever their share, even where that makes more than `max_nodes`.
    """
    via = _strongest_chains(graph, target)
    wanted = [h for h in sorted(via, key=lambda h: (-shares.get(h, 0.0), h)) if h != target]
    enough = sum(1 for h in wanted if shares.get(h, 0.0) >= min_share or _unsure(graph, h, target))
    low, high = 0, enough
    while low < high:
        middle = (low + high + 1) // 2
        if len(_cast(graph, target, shares, _kept([*wanted[:middle], *also], via, target), listed).boxes) <= max_nodes:
            low = middle
        else:
            high = middle - 1
    return _cast(graph, target, shares, _kept([*wanted[:low], *also], via, target), listed)


def _unsure(graph: "nx.DiGraph[str]", holder: str, held: str) -> bool:
    return graph.has_edge(holder, held) and graph.edges[holder, held]["share"] is None


def _strongest_chains(graph: "nx.DiGraph[str]", target: str) -> dict[str, str]:
    """Return, for every party above the target, the next one on its strongest chain down to it (largest product)."""
    via = {target: target}
    queue: list[tuple[float, str, str]] = [(-1.0, target, target)]
    settled: set[str] = set()
    while queue:
        product, party, held = heapq.heappop(queue)
        if party in settled:
            continue
        settled.add(party)
        via[party] = held
        for holder in graph.predecessors(party):
            if holder not in settled:
                share = graph.edges[holder, party]["share"]
                heapq.heappush(queue, (product * (share or 1e-9), holder, party))
    return via


def _kept(wanted: Iterable[str], via: Mapping[str, str], target: str) -> set[str]:
    """Return the wanted holders together with those through which their strongest chains lead."""
    kept = {target}
    for holder in wanted:
        while holder not in kept:
            kept.add(holder)
            holder = via[holder]
    return kept


def _cast(graph: "nx.DiGraph[str]", target: str, shares: Mapping[str, float], kept: set[str], listed: Collection[str]) -> Cast:
    kept = kept | _lone_leaves(graph, kept)
    boxes = {
        p: _box(graph, p, target, shares, listed) for p in sorted(kept, key=lambda p: (p != target, -shares.get(p, 0.0), p))
    }
    held_by = ((a, b, tie) for a, b, tie in graph.edges(data=True) if a in kept and b in kept)
    ties = [Tie(a, b, tie["share"], since=tie.get("valid_from")) for a, b, tie in held_by]
    slight = 0
    for held in list(boxes):
        for box, tie in _remainders(graph, held, kept, boxes[held].kind):
            if box.kind == "gap" and (tie.share or 0.0) < _SLIGHT:
                slight += 1
                continue
            boxes[box.id] = box
            ties.append(tie)
    out = set(graph) - kept
    below = max((shares.get(h, 0.0) for h in out), default=None)
    looped = _loops((t.holder, t.held) for t in ties)
    half = _members(_loops(graph.edges)) & kept - _members(looped)
    return Cast(target, boxes, sorted(ties, key=lambda t: (t.held, t.holder)), len(out), below, looped, len(half), slight)


def _lone_leaves(graph: "nx.DiGraph[str]", kept: set[str]) -> set[str]:
    """Return holders that would be the only one in a stack and lead no further: their own box is as small and says more."""
    found = set()
    for held in kept:
        others = [h for h in graph.predecessors(held) if h not in kept]
        if len(others) == 1 and not graph.in_degree(others[0]) and graph.nodes[others[0]].get("kind") in TERMINAL:
            found.add(others[0])
    return found


def _box(graph: "nx.DiGraph[str]", party: str, target: str, shares: Mapping[str, float], listed: Collection[str]) -> Box:
    kind = graph.nodes[party].get("kind") or "other"
    bare = not graph.in_degree(party) and kind not in TERMINAL and party not in listed and party != target
    name = graph.nodes[party].get("name") or party
    if party == target:
        return Box(party, name, "target")
    return Box(party, name, kind, shares.get(party), unheld=bare)


def _remainders(graph: "nx.DiGraph[str]", held: str, kept: set[str], kind: str) -> Iterable[tuple[Box, Tie]]:
    """Yield the stack of the small holders of a company and the box of what is missing to 100 %."""
    holders = list(graph.predecessors(held))
    known = sum(graph.edges[h, held]["share"] or 0.0 for h in holders)
    small = [h for h in holders if h not in kept]
    if small:
        box = Box(f"\0stack {held}", "", "stack", holders=len(small))
        told = [share for h in small if (share := graph.edges[h, held]["share"]) is not None]
        yield box, Tie(box.id, held, sum(told) if told else None, at_least=len(told) < len(small))
    missing = 1.0 - known
    if missing > _ROUNDING and kind not in TERMINAL and (holders or kind == "target"):
        box = Box(f"\0gap {held}", "", "gap")
        yield box, Tie(box.id, held, missing)


def _loops(ties: Iterable[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Return the ties between members of one circular holding."""
    drawn: nx.DiGraph[str] = nx.DiGraph(ties)
    component = {p: n for n, members in enumerate(nx.strongly_connected_components(drawn)) for p in members}
    return frozenset((a, b) for a, b in drawn.edges if component[a] == component[b])


def _members(ties: Iterable[tuple[str, str]]) -> set[str]:
    return {party for tie in ties for party in tie}
