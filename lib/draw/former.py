"""Holdings that have ended, put into a look-through chart: former holders get boxes, and lines that say until when."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from lib.draw.holders import Box, Cast, Tie


@dataclass(frozen=True)
class Former:
    """A holding that has ended.

    Attributes
    ----------
    share
        The last one, a fraction; None if it is not known.
    since, until
        First day (None: since ever), and the first on which it no longer held.
    """

    holder: str
    name: str
    kind: str
    held: str
    share: float | None
    since: date | None
    until: date


def choose(chosen: Callable[..., Cast], ended: Sequence[Former], holding: Container[str], max_nodes: int) -> tuple[Cast, int]:
    """Choose what is drawn together with ended holdings in it, largest first.

    Parameters
    ----------
    chosen
        `holders.choose`, still to be told `max_nodes` and who is to have a box besides.
    ended
        At most one per holder and held party. Where the holder still holds, its line says what it held before.
    holding
        Those who are behind the institution on the day: they are drawn with what they hold now.
    max_nodes
        Boxes at most; a third of them at most goes to those who are gone.

    Returns
    -------
    What is drawn, and how many ended holdings in it are not.
    """
    cast = chosen(max_nodes=max_nodes)
    wanted = list(dict.fromkeys(one.holder for one in _ranked(ended, cast) if one.holder not in cast.boxes))
    gone = min(sum(holder not in holding for holder in wanted), max_nodes // 3)
    still = [holder for holder in wanted if holder in holding]
    while wanted:
        cast = chosen(max_nodes=max_nodes - gone, also=still)
        if not still or len(cast.boxes) <= max_nodes - gone:
            break
        still = still[: len(still) // 2]
    return _added(cast, ended, holding, max_nodes)


def _ranked(ended: Iterable[Former], cast: Cast) -> list[Former]:
    """Return the ended holdings in what is drawn, largest first."""
    return sorted((o for o in ended if o.held in cast.boxes), key=lambda o: (-(o.share or 0.0), o.held, o.holder))


def _added(cast: Cast, ended: Iterable[Former], holding: Container[str], max_nodes: int) -> tuple[Cast, int]:
    boxes, ties, missed = dict(cast.boxes), {(tie.holder, tie.held): tie for tie in cast.ties}, 0
    for one in _ranked(ended, cast):
        if now := ties.get((one.holder, one.held)):
            ties[one.holder, one.held] = replace(now, before=one.share, until=one.until)
            continue
        if one.holder not in boxes:
            if one.holder in holding or len(boxes) >= max_nodes:
                missed += 1
                continue
            boxes[one.holder] = Box(one.holder, one.name, one.kind, former=True)
        ties[one.holder, one.held] = Tie(one.holder, one.held, one.share, since=one.since, until=one.until, ended=True)
    return replace(cast, boxes=boxes, ties=sorted(ties.values(), key=lambda tie: (tie.held, tie.holder))), missed


def read(rows: Iterable[Mapping[str, object]], known: Mapping[str, Mapping[str, str | None]]) -> list[Former]:
    """Make ended holdings of rows of `ended_holdings` and what is known of the parties."""
    made = []
    for row in rows:
        holder = str(row["holder_id"])
        party = known.get(holder, {})
        days = {side: row[side] for side in ("since", "until")}
        share = row["share"]
        assert isinstance(days["until"], date)
        made.append(
            Former(
                holder=holder,
                name=party.get("name") or holder,
                kind=party.get("kind") or "other",
                held=str(row["held_id"]),
                share=share if isinstance(share, float) else None,
                since=days["since"] if isinstance(days["since"], date) else None,
                until=days["until"],
            )
        )
    return made
