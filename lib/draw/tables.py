"""A bare DataFrame in a cell, as a page shows it: headings in words, values as people write them, masked where they must be.

`install` tells IPython. What a column holds is read from its name, as the house rules for columns have it (`_yuan`, `_on`,
`_at`, `share`, `_id`: lib/draw/columns.py); the words for headings and codes come from schema.sql and labels.toml.
"""

import pandas as pd

from lib.case import Case
from lib.draw import columns, people, proofs
from lib.draw.markup import Head, Safe, absent, in_lab, join, on_page, table
from lib.draw.writing import count
from lib.words import pick, word

MAX_ROWS = 200
# What a frame is, told by columns that no other frame has together; its caption stands in labels.toml [tables].
_FRAMES = {
    "beneficial_owners": ("party_id", "certainty", "law"),
    "changes": ("changed_on", "change", "share_after"),
    "nominees": ("holder_id", "sign", "innocent"),
    "gaps": ("gap", "party_id", "measure"),
    "controllers": ("controller_id", "votes"),
    "chains": ("holder_id", "share", "path"),
    "owners": ("holder_id", "direct_share", "share"),
    "related": ("party_id", "reason"),
    "circular": ("component_id", "loop"),
    "round_trips": ("trip_id", "transfer_ids"),
    "compare_methods": ("end", "pro_rata_yuan", "poison_yuan"),
    "use_of_funds": ("loan_id", "category", "purpose_check"),
    "trace": ("transfer_id", "traced_yuan", "hop"),
    "traced_balances": ("account", "change_yuan", "traced_yuan"),
    "at_rest": ("account", "traced_yuan"),
    "checks": ("rule_id", "finding_id"),
    "apr": ("loan_id", "apr_simple"),
    "instalments": ("loan_id", "period", "bank_yuan"),
    "reconcile": ("loan_id", "outcome"),
    "evidence": ("table", "id", "line", "text"),
}


def frame_html(frame: pd.DataFrame, caption: str | None = None, max_rows: int = MAX_ROWS) -> Safe:
    """Return a DataFrame as an HTML table.

    Parameters
    ----------
    caption
        Title of the table; what `frame.attrs["caption"]` says or what its columns tell, if omitted.
    max_rows
        Rows shown; how many more there are is said below.
    """
    shown = frame if isinstance(frame.index, pd.RangeIndex) and frame.index.name is None else _with_index(frame)
    title = caption or frame.attrs.get("caption") or known_caption(shown)
    if not len(shown):
        empty = absent(join((f"{title}{pick('：', ': ')}" if title else "", word("tables", "empty"))))
        return join((empty, proofs.below(shown, {})))
    top = shown.head(max_rows)
    made = [columns.column(top, place) for place in range(top.shape[1])]
    more = len(shown) - len(top)
    note = word("tables", "more", shown=count(len(top)), more=count(more)) if more else ""
    told = proofs.shown_columns(top)
    inside = [c for c, name in zip(made, map(str, top.columns), strict=True) if name in told]
    heads = [Head(c.text, c.class_, c.title) for c in inside]
    whole = table(title, heads, zip(*(c.cells for c in inside), strict=True), note)
    return join((whole, proofs.below(top, dict(zip(map(str, top.columns), made, strict=True)))))


def known_caption(frame: pd.DataFrame) -> str:
    """Return what a frame is, as far as its columns tell; empty for any other frame."""
    held = set(frame.columns)
    for name, needed in _FRAMES.items():
        if held.issuperset(needed):
            return word("tables", name)
    return ""


def use(case: Case) -> None:
    """Remember the case that is drawn, for the frames that stand bare in later cells, and make sure that they look right.

    A kernel may be forked from a process that has imported everything and had no IPython yet: importing is not enough there.
    """
    people.use(case)
    install()


def install() -> bool:
    """Make IPython show DataFrames this way; return whether there is an IPython to tell."""
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:  # pragma: no cover - IPython comes with ipykernel
        return False
    shell = get_ipython()
    if shell is None or shell.display_formatter is None:
        return False
    shell.display_formatter.formatters["text/html"].for_type(pd.DataFrame, _for_ipython)
    return True


def _for_ipython(frame: pd.DataFrame) -> str:
    made = frame_html(frame)
    return str(made if on_page() else in_lab(made))


def _with_index(frame: pd.DataFrame) -> pd.DataFrame:
    """Turn a meaningful index into columns; one without a name and of whole numbers is only a place and is dropped."""
    if frame.index.nlevels == 1 and frame.index.name is None and pd.api.types.is_integer_dtype(frame.index):
        return frame.reset_index(drop=True)
    taken = {str(c) for c in frame.columns}
    names = [str(n) if n is not None and str(n) not in taken else f"index {i}" for i, n in enumerate(frame.index.names)]
    return frame.reset_index(names=names)
