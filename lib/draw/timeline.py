"""`draw.timeline`: a round trip: every account a line, every transfer a step from one line to the next, and how long money lay.

Steps stand in order and equally far apart: a trip of one night and ten days would else be unreadable. How long is written.
"""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd

from lib.case import Case
from lib.draw import people, tables
from lib.draw.markup import Piece, Safe, absent, figure, plain, tag
from lib.draw.palette import BACK, EDGE, FONT, GROUPS, INK, SOFT
from lib.draw.trails import account_text, holder_name, trail_graph
from lib.draw.writing import count, day, short_percent, short_yuan, wrapped, yuan
from lib.errors import BadParameter
from lib.words import pick, word

_LANE, _STEP, _TOP, _LEFT = 54.0, 118.0, 46.0, 190.0
_PX, _SMALL_PX = 12.0, 10.5
_NEEDED = ("trip_id", "transfer_ids", "accounts", "first_at", "last_at", "tied")


def timeline(trips: pd.DataFrame, trip: str | None = None, case: Case | None = None) -> Piece:
    """Draw a round trip.

    Parameters
    ----------
    trips
        A frame of `flows.round_trips`.
    trip
        The `trip_id` of the trip; the first one, if omitted.
    case
        Whose trips they are, for transfers and names; the case drawn last, if omitted.

    Returns
    -------
    An SVG figure, or a box that says that there is nothing to draw.

    Raises
    ------
    BadParameter
        If the frame is no result of `flows.round_trips`, the trip is not in it, or no case has been named or drawn.
    """
    if case is not None:
        tables.use(case)
    case = people.current()
    if missing := [c for c in _NEEDED if c not in trips.columns]:
        raise BadParameter(
            f"这张表不是 flows.round_trips 的结果, 缺少列: {', '.join(missing)}",
            f"This frame is no result of flows.round_trips; it lacks {', '.join(missing)}",
        )
    if case is None:
        raise BadParameter(
            "请写明是哪个案件: draw.timeline(trips, case=case)", "Name the case: draw.timeline(trips, case=case)"
        )
    if not len(trips):
        text = word("draw", "no_trips")
        return Piece(absent(text), text)
    row = _row(trips, trip)
    steps = _steps(case, row["transfer_ids"])
    caption = _caption(row, steps)
    return Piece(figure(_svg(steps, _called(case, steps), caption), caption), caption)


def _row(trips: pd.DataFrame, trip: str | None) -> dict[str, Any]:
    rows: list[Any] = trips.to_dict("records")
    found = rows[0] if trip is None else next((row for row in rows if row["trip_id"] == trip), None)
    if found is None:
        raise BadParameter(f"表中没有回流 {trip}。请查看 trip_id 列", f"There is no trip {trip} in the frame; see its trip_id")
    return dict(found)


def _steps(case: Case, transfer_ids: Sequence[str]) -> list[dict[str, Any]]:
    """Return the transfers of a trip, in its order."""
    query = 'select transfer_id, payer_account, payee_account, "at", day_only, amount_yuan from transfers'
    rows = case.arrow(f"{query} where list_contains($ids, transfer_id)", ids=list(transfer_ids)).to_pylist()
    by_id = {row["transfer_id"]: row for row in rows}
    if missing := [i for i in transfer_ids if i not in by_id]:
        raise BadParameter(
            f"案件的数据库中没有划转 {missing[0]}: 回流表来自另一个数据库",
            f"The case's Store has no transfer {missing[0]}: the trips are of another Store",
        )
    return [by_id[i] for i in transfer_ids]


def _called(case: Case, steps: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return of each account what to call it and what it is to the case."""
    trail = pd.DataFrame(steps).assign(traced_yuan=lambda made: made["amount_yuan"], hop=range(len(steps)))
    graph, _ = trail_graph(trail, case)
    return {
        str(node): (plain(holder_name(facts) or account_text(node)), facts.get("group") or "other")
        for node, facts in graph.nodes(data=True)
    }


def _caption(row: dict[str, Any], steps: list[dict[str, Any]]) -> str:
    first, last = _when(steps[0]), _when(steps[-1])
    said = [word("draw", "timeline", id=row["trip_id"], n=count(len(steps)), first=first, last=last)]
    out, back = (Decimal(str(s["amount_yuan"])) for s in (steps[0], steps[-1]))
    share = short_percent(back / out) if out else ""
    said.append(word("draw", "timeline_back", out=yuan(out), back=yuan(back), after=_between(steps[0], steps[-1]), share=share))
    if row["tied"]:
        said.append(word("draw", "timeline_tied"))
    return pick("；", "; ").join(said)


def _when(step: dict[str, Any]) -> str:
    return day(step["at"])[:10] if step["day_only"] else day(step["at"])


def _between(a: dict[str, Any], b: dict[str, Any]) -> str:
    """Write how long money lay between two transfers: whole days where one of them has no time."""
    if a["day_only"] or b["day_only"]:
        days = (b["at"].date() - a["at"].date()).days
        return pick(f"{days}天", f"{days} d")
    spent: dt.timedelta = b["at"] - a["at"]
    days, seconds = spent.days, spent.seconds
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    parts = [(days, "天", "d"), (hours, "小时", "h"), (minutes, "分", "min"), (seconds % 60, "秒", "s")]
    said = [pick(f"{n}{zh}", f"{n} {en}") for n, zh, en in parts if n][:2]
    return pick("", " ").join(said) or pick("0秒", "0 s")


def _svg(steps: list[dict[str, Any]], called: dict[str, tuple[str, str]], title: str) -> Safe:
    lanes = list(dict.fromkeys(step["payer_account"] for step in steps))
    y = {account: _TOP + _LANE * (n + 0.5) for n, account in enumerate(lanes)}
    x = [_LEFT + _STEP * (n + 0.5) for n in range(len(steps))]
    right, bottom = x[-1] + _STEP * 0.7, _TOP + _LANE * len(lanes) + 8
    parts = [_lane(account, y[account], right, *called[account]) for account in lanes]
    for n, step in enumerate(steps):
        parts.append(_stamp(step, x[n]))
        if n:
            parts.append(_dwell(steps[n - 1], step, x[n - 1], x[n], y[step["payer_account"]]))
    for n, step in enumerate(steps):
        parts.append(_transfer(step, x[n], y[step["payer_account"]], y[step["payee_account"]], last=n == len(steps) - 1))
    return tag(
        "svg",
        tag("title", title),
        *parts,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {right:.0f} {bottom:.0f}",
        width=f"{right:.0f}",
        height=f"{bottom:.0f}",
        role="img",
        font_family=FONT,
        style=f"min-width:{right * 0.7:.0f}px",
    )


def _lane(account: str, y: float, right: float, name: str, group: str) -> Safe:
    colour = GROUPS.get(group, GROUPS["other"])
    shown = wrapped(name, 13.0, 1)[0]
    below = account_text(account) if name != account_text(account) else ""
    parts = [
        tag("title", f"{name} · {account_text(account)}"),
        tag("path", d=f"M{_LEFT:.1f} {y:.1f}H{right:.1f}", style=f"stroke:{EDGE};stroke-width:1;stroke-dasharray:1 4"),
        tag("rect", x="4", y=f"{y - 13:.1f}", width="5", height="26", style=f"fill:{colour}"),
        tag("text", shown, x="16", y=f"{y + (-1.5 if below else 4):.1f}", font_size=_PX, style=f"fill:{INK}"),
    ]
    if below:
        cut = wrapped(below, 15.5, 1)[0]
        parts.append(tag("text", cut, x="16", y=f"{y + 12:.1f}", font_size=_SMALL_PX, style=f"fill:{SOFT}"))
    return tag("g", *parts)


def _stamp(step: dict[str, Any], x: float) -> Safe:
    """Write the day above a step, and the time below it, where it is known."""
    written = day(step["at"])
    lines = [written[:10], "" if step["day_only"] else written[11:]]
    texts = [
        tag("text", line, x=f"{x:.1f}", y=f"{14 + 14 * n}", text_anchor="middle", font_size=_SMALL_PX, style=f"fill:{SOFT}")
        for n, line in enumerate(lines)
        if line
    ]
    return tag("g", *texts)


def _dwell(before: dict[str, Any], step: dict[str, Any], x0: float, x1: float, y: float) -> Safe:
    """Draw how long the money lay in an account before it went on."""
    text = _between(before, step)
    line = tag("path", d=f"M{x0:.1f} {y:.1f}H{x1:.1f}", style=f"stroke:{SOFT};stroke-width:4;stroke-opacity:.45")
    label = tag(
        "text",
        text,
        x=f"{(x0 + x1) / 2:.1f}",
        y=f"{y - 7:.1f}",
        text_anchor="middle",
        font_size=_SMALL_PX,
        style=f"fill:{SOFT}",
    )
    return tag("g", line, label)


def _transfer(step: dict[str, Any], x: float, y0: float, y1: float, *, last: bool) -> Safe:
    colour = BACK if last else INK
    away = 1 if y1 > y0 else -1
    tip = f"{x:.1f},{y1:.1f} {x - 4:.1f},{y1 - 8 * away:.1f} {x + 4:.1f},{y1 - 8 * away:.1f}"
    amount = short_yuan(step["amount_yuan"])
    # beside the arrow, between two lines: money that goes down is named near its payer, money that comes up near its payee
    middle = y0 + away * _LANE / 2
    return tag(
        "g",
        tag("title", f"{_when(step)} · {yuan(step['amount_yuan'])} · {step['transfer_id']}"),
        tag("path", d=f"M{x:.1f} {y0:.1f}V{y1 - 7 * away:.1f}", style=f"stroke:{colour};stroke-width:1.8"),
        tag("circle", cx=f"{x:.1f}", cy=f"{y0:.1f}", r="3.2", style=f"fill:{colour}"),
        tag("polygon", points=tip, style=f"fill:{colour}"),
        tag("text", amount, x=f"{x + 7:.1f}", y=f"{middle + 4:.1f}", font_size=_PX, style=f"fill:{colour}"),
    )
