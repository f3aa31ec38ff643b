"""`draw.lookthrough`: the look-through chart of a case, with a caption that says what it does not show."""

from functools import partial

import networkx as nx

from lib import graph
from lib.case import Case
from lib.draw import chart, former, holders, holding_network, tables
from lib.draw.markup import Piece, absent, figure
from lib.draw.writing import count, short_percent
from lib.errors import BadParameter, DataGap
from lib.ownership.frames import known_parties
from lib.words import pick, word

_CHARTED = 300  # boxes up to which a chart is readable


def lookthrough(case: Case, max_nodes: int = 300, min_share: float = 0.001, *, ended: bool = False) -> Piece:
    """Draw the 股权穿透图: everyone behind the institution, ultimate holders first.

    Parameters
    ----------
    max_nodes
        Boxes at most, 2 or more; the holders with the smallest look-through shares are stacked until it fits. Above 300, what
        a chart has no room for is drawn as a network that a reader can move.
    min_share
        Holders below this look-through share (fraction) are stacked; 0 gives everyone a box as long as `max_nodes` allows.
    ended
        Also draw holdings that had ended by the case's day, dashed and with that day: the last one of each holder in what is
        drawn. A third of the boxes at most goes to former holders.

    Returns
    -------
    An SVG figure, or a network, whose caption says how many holders are stacked, and below which share.

    Raises
    ------
    BadParameter
        If the case is the whole district, or a parameter is out of range.
    """
    if case.party_id is None:
        raise BadParameter(
            '股权穿透图需要指定机构或主体, 例如 open_case("金水贷")',
            'A look-through chart needs an institution or party, for example open_case("金水贷")',
        )
    if max_nodes < 2:
        raise BadParameter(f"max_nodes={max_nodes} 应不小于 2", f"max_nodes={max_nodes} must be 2 or more")
    if not 0 <= min_share <= 1:
        raise BadParameter(
            f"min_share={min_share} 应在 0 到 1 之间 (0.001 表示 0.1%)",
            f"min_share={min_share} must lie between 0 and 1 (0.001 is 0.1 %)",
        )
    tables.use(case)
    held = graph.shareholding(case)
    past = _ended(case, held) if ended else []
    if held.in_degree(case.party_id) == 0 and not past:
        text = word("draw", "no_holders", name=case.name, as_of=case.as_of)
        return Piece(absent(text), text)
    shares, notes = _shares(case)
    choose = partial(holders.choose, held, case.party_id, shares, min_share=min_share, listed=_listed(case))
    cast, missed = former.choose(choose, past, held, max_nodes)
    title = word("draw", "lookthrough", name=case.name, as_of=case.as_of)
    notes = [title, *notes, *_left_out(cast, missed)]
    if len(cast.boxes) > _CHARTED:
        return holding_network.draw(cast, pick("。", ". ").join(notes))
    drawn = chart.draw(cast, title, _description(cast))
    notes += [word("draw", "unlabelled", n=count(drawn.unlabelled))] if drawn.unlabelled else []
    caption = pick("。", ". ").join(notes)
    return Piece(figure(drawn.svg, caption), caption)


def _shares(case: Case) -> tuple[dict[str, float], list[str]]:
    """Return the look-through shares and what is to be said of them; direct shares where there is no solution."""
    try:
        owners = graph.owners(case, min_share=0)
    except DataGap as gap:
        target, direct = case.party_id or "", graph.shareholding(case)
        return {h: direct.edges[h, target]["share"] or 0.0 for h in direct.predecessors(target)}, [str(gap)]
    unknown = owners.attrs.get("unknown") or 0.0
    notes = [word("draw", "unknown_part", share=short_percent(unknown))] if unknown > 1e-9 else []
    return dict(zip(owners["holder_id"], owners["share"], strict=True)), notes


def _ended(case: Case, held: "nx.DiGraph[str]") -> list[former.Former]:
    """Return the holdings in the institution and in those above it that had ended by the case's day."""
    rows = case.store.run("ended_holdings", as_of=case.as_of, held=list(held)).to_pylist()
    return former.read(rows, known_parties(case, (row["holder_id"] for row in rows)))


def _listed(case: Case) -> frozenset[str]:
    return frozenset(row["party_id"] for row in case.arrow("select party_id from parties where listed").to_pylist())


def _left_out(cast: holders.Cast, missed: int) -> list[str]:
    notes = []
    if cast.left_out:
        below = short_percent(cast.left_out_below)
        notes.append(word("draw", "left_out", n=count(cast.left_out), share=below))
    if cast.half_looped:
        notes.append(word("draw", "half_looped", n=count(cast.half_looped)))
    if missed:
        notes.append(word("draw", "former_left_out", n=count(missed)))
    if cast.slight:
        notes.append(word("draw", "slight", n=count(cast.slight)))
    return notes


def _description(cast: holders.Cast) -> str:
    """Say in words what the chart shows: the largest holders and their shares."""
    ranked = sorted((b for b in cast.boxes.values() if b.share), key=lambda b: -(b.share or 0.0))[:12]
    return pick("、", ", ").join(f"{b.name} {short_percent(b.share)}" for b in ranked)
