"""`draw.balances`: what accounts of a trail held over time, and which part of it was traced money."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from lib import flows
from lib.case import Case
from lib.draw import people, plotting, tables
from lib.draw.markup import Piece, absent, figure, plain
from lib.draw.plotting import DARK, INK, LIGHT, SOFT
from lib.draw.trails import account_text, holder_name, trail_graph
from lib.draw.writing import short_percent, short_yuan
from lib.errors import BadParameter
from lib.words import word

SHOWN = 4  # accounts in one figure
Span = tuple[Any, Any]
_MARGIN = 0.06  # of the time that is shown, before and after


def balances(trail: pd.DataFrame, accounts: list[str] | None = None, case: Case | None = None) -> Piece:
    """Draw the balances of accounts of a trail, and the traced money in them, over the time of the trail.

    Parameters
    ----------
    trail
        A frame of `flows.trace`.
    accounts
        Which accounts, up to four; if omitted, those that held most traced money at once.
    case
        Whose trail it is; the case drawn last, if omitted.

    Returns
    -------
    An SVG figure, a panel per account, or a box that says that there is nothing to draw.

    Raises
    ------
    BadParameter
        If the frame is no trail, an account is not on it, more than four are named, or no case has been named or drawn.
    """
    if case is not None:
        tables.use(case)
    case = people.current()
    if case is None:
        raise BadParameter(
            "请写明是哪个案件: draw.balances(trail, case=case)", "Name the case: draw.balances(trail, case=case)"
        )
    traced = flows.traced_balances(case, trail)
    traced = traced[traced["account"].notna()]
    chosen = _chosen(traced, accounts)
    if not chosen:
        text = word("draw", "no_flows")
        return Piece(absent(text), text)
    graph, _ = trail_graph(trail, case)
    names = {a: plain(holder_name(graph.nodes[a]) or account_text(a)) for a in chosen}
    caption = word("draw", "balances", method=word("flows", trail.attrs.get("method", "pro_rata")))
    first, last = traced["at"].min(), traced["at"].max()
    room = max((last - first) * _MARGIN, pd.Timedelta(hours=12))
    with plotting.sheet(1.75 * len(chosen) + 0.4, len(chosen), caption) as (axes, made):
        for ax, account in zip(axes, chosen, strict=True):
            _panel(ax, flows.held_balances(case, account), traced[traced["account"] == account], (first - room, last + room))
            ax.set_title(f"{names[account]}  {account_text(account)}", loc="left", fontsize=10, color=INK)
        plotting.label_days(axes[-1])
    return Piece(figure(made.svg, caption), caption)


def _chosen(traced: pd.DataFrame, accounts: list[str] | None) -> list[str]:
    most = traced.groupby("account", sort=True)["traced_yuan"].max()
    if accounts is None:
        ranked = sorted(most.items(), key=lambda item: (-item[1], str(item[0])))
        return [str(account) for account, amount in ranked[:SHOWN] if amount > 0]
    if len(accounts) > SHOWN:
        raise BadParameter(f"一次最多画 {SHOWN} 个账户", f"At most {SHOWN} accounts are drawn at once")
    for account in accounts:
        if account not in most.index:
            raise BadParameter(
                f"追踪结果不经过账户 {account}。请查看 payee_account 列",
                f"The trail does not touch {account}; see payee_account",
            )
    return list(accounts)


def _panel(ax: Axes, held: pd.DataFrame, traced: pd.DataFrame, span: Span) -> None:
    """Draw the balance as a light area, the traced part of it as a dark one, both from change to change."""
    for frame, name, colour, start in (
        (held, "balance_yuan", LIGHT, float(held.attrs["opening_yuan"])),
        (traced, "traced_yuan", DARK, 0.0),
    ):
        days, amounts = _steps(frame["at"], frame[name], start, span)
        ax.fill_between(days, amounts, step="post", color=colour, alpha=0.45 if name == "balance_yuan" else 0.9, linewidth=0)
        if name == "balance_yuan":
            ax.step(days, amounts, where="post", color=colour, linewidth=1)
    plotting.plain(ax)
    ax.set_xlim(*span)
    ax.set_ylim(0, 1.08 * max(ax.get_ylim()[1], 1.0))
    ax.axhline(0, color=INK, linewidth=0.8)
    peak = traced.sort_values("traced_yuan", kind="stable").to_dict("records")[-1]
    whole = Decimal(str(peak["balance_yuan"]))
    share = short_percent(Decimal(str(peak["traced_yuan"])) / whole) if whole else ""
    said = word("draw", "traced_peak", amount=short_yuan(peak["traced_yuan"]), whole=short_yuan(whole), share=share)
    ax.set_title(said, loc="right", fontsize=9, color=SOFT)


def _steps(
    times: "pd.Series[Any]", amounts: "pd.Series[Any]", start: float, span: tuple[Any, Any]
) -> tuple[list[Any], list[float]]:
    """Return the steps of an amount over a span of time: what stood at its beginning, each change in it, and its end."""
    before = times < span[0]
    inside = (times >= span[0]) & (times <= span[1])
    first = float(amounts[before].iloc[-1]) if before.any() else start
    days: list[dt.datetime] = [span[0], *times[inside], span[1]]
    made = [first, *(float(a) for a in amounts[inside])]
    return days, [*made, made[-1]]
