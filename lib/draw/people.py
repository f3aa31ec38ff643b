"""Which case is being drawn, what its parties are called, and which of them a report names.

Holders, controllers, officers and the rest of the related set are named: the report exists to name them. Every other person
(lenders, borrowers, whoever stands in a statement) is masked.
"""

from collections.abc import Collection, Iterable

from lib import graph
from lib.case import Case, label
from lib.draw import masking
from lib.errors import LookthroughError
from lib.schema import schema

_drawn: list[Case] = []
_POINTS_TO_PARTIES = frozenset(
    [
        *("holder_id", "held_id", "nominee_for", "person_id", "entity_id", "a_id", "b_id", "borrower_id", "lender_id"),
        *("guarantor_id", "payer_id", "party_id", "from_lender_id", "to_lender_id"),
    ]
)


def use(case: Case) -> None:
    """Remember the case that a picture or table is made for; bare frames shown later take their names from it."""
    _drawn[:] = [case]


def current() -> Case | None:
    """Return the case that was drawn last; in JupyterLab, before anything was drawn, the variable `case`."""
    if _drawn:
        return _drawn[0]
    try:
        from IPython.core.getipython import get_ipython
    except ImportError:  # pragma: no cover - IPython comes with ipykernel
        return None
    shell = get_ipython()
    found = shell.user_ns.get("case") if shell is not None else None
    return found if isinstance(found, Case) else None


def names(ids: Collection[str], case: Case | None = None) -> dict[str, str]:
    """Return what to call parties on a page: id → name, masked where the report does not name them; unknown ids left out."""
    case = case or current()
    if case is None or not ids:
        return {}
    query = """
        select party_id, name, kind from parties where list_contains($ids, party_id)
        union all
        select institution_id, name, 'company' from institutions where list_contains($ids, institution_id)
    """
    rows = case.arrow(query, ids=sorted(set(ids)))
    return {
        row["party_id"]: shown_name(row["name"], row["party_id"], row["kind"], case) for row in rows.to_pylist() if row["name"]
    }


def shown_name(name: str, party_id: str | None = None, kind: str | None = None, case: Case | None = None) -> str:
    """Return a name as the page may show it: masked if it is a person's whom the report does not name."""
    if not masking.masks() or not (kind == "person" or (kind is None and masking.looks_personal(name))):
        return name
    case = case or current()
    if case is not None and (party_id in named(case) or name in _named_names(case)):
        return name
    return masking.mask_name(name)


def named(case: Case) -> frozenset[str]:
    """Return the ids that a report on this case names: holders, controllers, officers, the related set, the party itself."""
    key = ("draw.named", case.party_id, case.as_of)
    if key not in case.store.memo:
        case.store.memo[key] = frozenset(_collect(case))
    found: frozenset[str] = case.store.memo[key]
    return found


def _collect(case: Case) -> Iterable[str]:
    if case.party_id is None:
        return _officers_and_holders(case)
    ids = {case.party_id}
    for ask, column in ((graph.owners, "holder_id"), (graph.controllers, "controller_id"), (graph.related, "party_id")):
        try:
            ids.update(ask(case)[column])
        except LookthroughError:  # what cannot be worked out names nobody, and its own table says why
            continue
    return ids


def _officers_and_holders(case: Case) -> Iterable[str]:
    query = "select holder_id as id from holdings union select person_id from roles"
    return {row["id"] for row in case.arrow(query).to_pylist() if row["id"]}


def _named_names(case: Case) -> frozenset[str]:
    """Return the names of those that the report names, for places where a name stands without an id."""
    key = ("draw.named_names", case.party_id, case.as_of)
    if key not in case.store.memo:
        query = "select distinct name from parties where name is not null and list_contains($ids, party_id)"
        case.store.memo[key] = frozenset(row["name"] for row in case.arrow(query, ids=sorted(named(case))).to_pylist())
    found: frozenset[str] = case.store.memo[key]
    return found


def accounts_among(ids: Collection[str], case: Case | None = None) -> frozenset[str]:
    """Return those of some ids that are accounts of the Store."""
    case = case or current()
    if case is None or not ids:
        return frozenset()
    query = "select account_id from accounts where list_contains($ids, account_id)"
    return frozenset(row["account_id"] for row in case.arrow(query, ids=sorted(set(ids))).to_pylist())


def names_to_hide(case: Case, rows: Collection[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return, for rows (table, id), the names in them that a page must not show: of persons whom the report does not name.

    Names are those that stand in the row itself and those of the parties that it points to.
    """
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for table in {table for table, _ in rows}:
        ids = sorted({i for t, i in rows if t == table})
        for row_id, names_found in _names_in(case, table, ids).items():
            hidden = sorted(n for n in names_found if shown_name(n, None, names_found[n], case) != n)
            found[table, row_id] = tuple(hidden)
    return found


def _names_in(case: Case, table: str, ids: list[str]) -> dict[str, dict[str, str | None]]:
    """Return row id → name → kind (None: not known) for rows of one table."""
    spec = schema().get(table)
    if spec is None or len(spec.key) != 1:
        return {}
    written = [c.name for c in spec.columns if c.name == "name" or c.name.endswith("_name") or c.name == "legal_representative"]
    pointing = [c.name for c in spec.columns if c.name in _POINTS_TO_PARTIES]
    columns = ", ".join(f'"{c}"' for c in dict.fromkeys((spec.key[0], *written, *pointing)))
    query = f'select {columns} from store."{table}" where list_contains($ids, "{spec.key[0]}")'
    rows = case.arrow(query, ids=ids).to_pylist()
    parties = sorted({row[c] for row in rows for c in pointing if row[c]} | (set(ids) if table == "parties" else set()))
    known = case.arrow("select party_id, name, kind from parties where list_contains($ids, party_id)", ids=parties).to_pylist()
    by_id = {p["party_id"]: (p["name"], p["kind"]) for p in known if p["name"]}
    made: dict[str, dict[str, str | None]] = {}
    for row in rows:
        here: dict[str, str | None] = {row[c]: None for c in written if row[c]}
        here.update(by_id[row[c]] for c in (*pointing, spec.key[0]) if row[c] in by_id)
        made[row[spec.key[0]]] = here
    return made


def table_word(table: str) -> str:
    """Return what people call a table of the Store."""
    return label(table) if table in schema() else table
