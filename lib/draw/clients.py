"""`draw.client_money`, `draw.payout_sources`: what is owed to lenders against what is there; with whose money they are paid."""

from decimal import Decimal
from typing import Any

import pandas as pd

from lib import flows
from lib.case import Case
from lib.draw import masking, plotting, tables
from lib.draw.columns import code_word
from lib.draw.markup import Piece, absent, figure
from lib.draw.months import every_month
from lib.draw.plotting import ALARM, DARK, GREY, INK, LIGHT, PALE, SOFT, WARM
from lib.draw.writing import count, short_percent, short_yuan, yuan
from lib.errors import DataGap
from lib.words import pick, word

_LOOKS = {"lender": ALARM, "borrower": DARK, "own": WARM, "other": LIGHT, "opening": PALE, "unknown": GREY}


def client_money(case: Case, frame: pd.DataFrame | None = None) -> Piece:
    """Draw day by day what is owed to lenders in cash, the balance of the accounts that hold it, and what is surely missing.

    Parameters
    ----------
    frame
        A frame of `flows.client_money`; asked for here, if omitted.

    Returns
    -------
    An SVG figure, or a box that says what is missing.
    """
    tables.use(case)
    try:
        days = flows.client_money(case) if frame is None else frame
    except DataGap as gap:
        return _missing(gap)
    known = days[days["balance_yuan"].notna()]
    worst = known.sort_values("shortfall_low_yuan", kind="stable").to_dict("records")[-1:] if len(known) else []
    short = bool(worst) and Decimal(str(worst[0]["shortfall_low_yuan"] or 0)) > 0
    said = word("draw", "client_money_short", amount=yuan(worst[0]["shortfall_low_yuan"]), day=worst[0]["day"]) if short else ""
    caption = pick("。", ". ").join(t for t in (word("draw", "client_money", name=case.name), said) if t)
    with plotting.sheet(3.2, 1, caption) as (axes, made):
        ax = axes[0]
        for name, colour, width in (("owed_yuan", DARK, 1.6), ("balance_yuan", LIGHT, 1.4)):
            ax.step(days["day"], _floats(days[name]), where="post", color=colour, linewidth=width, label=word("draw", name))
        if short:
            low = _floats(days["shortfall_low_yuan"])
            ax.fill_between(days["day"], low, step="post", color=ALARM, alpha=0.75, linewidth=0, label=word("draw", "short"))
        plotting.plain(ax)
        plotting.label_days(ax)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.legend(loc="upper left", ncol=3, frameon=False, fontsize=9, labelcolor=SOFT)
        ax.margins(x=0.01)
        ax.set_ylim(0, 1.2 * max(ax.get_ylim()[1], 1.0))
    return Piece(figure(made.svg, caption), caption)


def payout_sources(case: Case, frame: pd.DataFrame | None = None) -> Piece:
    """Draw month by month with whose money lenders were paid, pro rata; all paying accounts together.

    Parameters
    ----------
    frame
        A frame of `flows.payout_sources`; asked for here, if omitted.

    Returns
    -------
    An SVG figure, or a box that says what is missing.
    """
    tables.use(case)
    try:
        rows = flows.payout_sources(case) if frame is None else frame
    except DataGap as gap:
        return _missing(gap)
    if not len(rows):
        text = word("draw", "no_payouts", name=case.name)
        return Piece(absent(text), text)
    months = every_month(rows["month"])
    sums = {(m, s): Decimal(0) for m in months for s in _LOOKS}
    for month, source, amount in zip(rows["month"], rows["funded_by"], rows["pro_rata_yuan"], strict=True):
        sums[month, source] += Decimal(str(amount))
    total = sum(sums.values(), Decimal(0))
    lent = sum((amount for (_, source), amount in sums.items() if source == "lender"), Decimal(0))
    share = short_percent(lent / total) if total else short_percent(0)
    caption = word("draw", "payout_sources", name=case.name, total=short_yuan(total), share=share)
    with plotting.sheet(3.2, 1, caption) as (axes, made):
        ax, low = axes[0], [0.0] * len(months)
        for source, colour in _LOOKS.items():
            high = [float(sums[m, source]) for m in months]
            if any(high):
                ax.bar(range(len(months)), high, 0.72, low, color=colour, linewidth=0, label=code_word("funded_by", source))
                low = [a + b for a, b in zip(low, high, strict=True)]
        plotting.plain(ax)
        plotting.label_months(ax, months)
        ax.axhline(0, color=INK, linewidth=0.8)
        ax.legend(loc="upper left", ncol=6, frameon=False, fontsize=9, labelcolor=SOFT)
        ax.margins(x=0.01)
        ax.set_ylim(0, 1.2 * max(*low, 1.0))
    return Piece(figure(made.svg, caption), caption)


def pooling(case: Case, frame: pd.DataFrame | None = None) -> Piece:
    """Set out who pays into and out of accounts of the case without a contract.

    Parameters
    ----------
    frame
        A frame of `flows.pooling`; asked for here, if omitted.

    Returns
    -------
    A table, or a box that says what is missing.
    """
    tables.use(case)
    try:
        rows = flows.pooling(case) if frame is None else frame
    except DataGap as gap:
        return _missing(gap)
    return Piece(
        tables.frame_html(rows, word("tables", "pooling")), word("draw", "pooling", n=count(len(rows)), name=case.name)
    )


def _missing(gap: DataGap) -> Piece:
    """Return a box that says what is missing, account numbers masked where pages mask."""
    text = masking.mask_text(str(gap)) if masking.masks() else str(gap)
    return Piece(absent(text), text)


def _floats(column: "pd.Series[Any]") -> list[float]:
    """Return amounts as floats, for heights only; nan where nothing is known."""
    return [float("nan") if pd.isna(value) else float(value) for value in column]
