"""`draw.uses`: what an institution's loans were used for, in sums, and the uses that contradict a contract's purpose."""

import pandas as pd

from lib import flows
from lib.case import Case
from lib.draw import tables
from lib.draw.markup import Piece, absent, join
from lib.draw.writing import count, yuan
from lib.words import word

_LEAD = "contradicts"
_SHOWN = ("loan_id", "borrower_id", "purpose", "category", "holder_id", "holder_name", "relation", "days")


def uses(case: Case, frame: pd.DataFrame | None = None) -> Piece:
    """Set out what loans were used for.

    Parameters
    ----------
    frame
        A frame of `flows.use_of_funds`; asked for here, if omitted.

    Returns
    -------
    Sums by category under each convention, and below the ways whose end contradicts what the contract says, the largest first:
    leads, since money on an account is not told apart. A box that says what is missing, where no loan is known.
    """
    tables.use(case)
    rows = flows.use_of_funds(case) if frame is None else frame
    if not len(rows):
        text = word("draw", "no_uses", name=case.name)
        return Piece(absent(text), text)
    amounts = [str(c) for c in rows.columns if str(c).endswith("_yuan") and c != "contract_yuan"]
    by = rows.groupby("category", dropna=False, as_index=False)
    sums = by.agg(loans=("loan_id", "nunique"), **{a: (a, "sum") for a in amounts})
    sums = sums.sort_values([amounts[0], "category"], ascending=[False, True], ignore_index=True)
    leads = rows[rows["purpose_check"] == _LEAD].sort_values(amounts[0], ascending=False, kind="stable", ignore_index=True)
    caption = word("draw", "uses", name=case.name, method=rows.attrs.get("caption", ""))
    said = word("draw", "uses_leads", n=count(len(leads)), amount=yuan(leads[amounts[0]].sum() if len(leads) else 0))
    below = leads[[c for c in _SHOWN if c in leads.columns] + amounts]
    return Piece(join((tables.frame_html(sums, caption), tables.frame_html(below, said))), said)
