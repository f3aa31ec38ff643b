"""A Case: an institution (or any party, or the whole district), a day and a Store. What every question is about."""

import datetime as dt
import html
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
import pyarrow as pa

from lib.errors import BadParameter, DataGap
from lib.schema import schema
from lib.store import Store, open_store
from lib.words import pick, word


@dataclass(frozen=True, eq=False)
class Case:
    """An institution, a date and a Store; frozen.

    Attributes
    ----------
    name
        Name of the institution or party; of the district, if the case is the whole of it.
    as_of
        The day asked about; holdings, roles and rules are those in force on it.
    institution_id
        Institution whose platform loans belong to the case; None for other parties and for the district.
    party_id
        Party that is looked through; None for the district.
    """

    name: str
    as_of: dt.date
    store: Store = field(repr=False)
    institution_id: str | None = None
    party_id: str | None = None

    @property
    def is_district(self) -> bool:
        """Whether the case is the whole district."""
        return self.party_id is None

    def sql(self, query: str, **params: object) -> pd.DataFrame:
        """Run a query on the Store and return a DataFrame; values reach it as `$name`, `$as_of` is always known."""
        return self.store.sql(query, **self._bound(query, params))

    def arrow(self, query: str, **params: object) -> pa.Table:
        """Run a query on the Store and return an Arrow table; `$as_of` is always known."""
        return self.store.arrow(query, **self._bound(query, params))

    def _bound(self, query: str, params: dict[str, object]) -> dict[str, object]:
        return {"as_of": self.as_of, **params} if "$as_of" in query else params

    def __repr__(self) -> str:
        held, missing = self._held()
        lines = [
            f"{self.name} · {word('case', 'as_of')} {self.as_of}",
            f"{word('case', 'held')}: {held}",
            f"{word('case', 'missing')}: {missing}",
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        first, *rest = (html.escape(line) for line in repr(self).splitlines())
        return f"<p><strong>{first}</strong><br>{'<br>'.join(rest)}</p>"

    def _held(self) -> tuple[str, str]:
        counts = self.store.counts()
        asked = [t for t in schema() if t in BUSINESS_TABLES]
        held = [f"{label(t)} {counts[t]:,}" for t in asked if counts[t]]
        missing = [label(t) for t in asked if not counts[t]]
        return pick("、", ", ").join(held), pick("、", ", ").join(missing)


BUSINESS_TABLES = (
    *("institutions", "parties", "holdings", "roles", "links", "registry_changes", "licences", "accounts", "flows"),
    *("projects", "loans", "schedules", "repayments", "assignments", "disclosures", "advertisements", "custody_days"),
)


def label(table: str) -> str:
    """Return a table's name in the process's language."""
    return pick(schema()[table].zh, table.replace("_", " "))


def open_case(institution: str | None = None, as_of: str | dt.date | None = None, store: str | Path | None = None) -> Case:
    """Open a case.

    Parameters
    ----------
    institution
        Id or exact name of an institution or of any party; the whole district, if omitted.
    as_of
        Day asked about, a date or `YYYY-MM-DD`; the last day that the data covers, if omitted (printed by the case).
    store
        Path of the Store; the project's own, if omitted.

    Raises
    ------
    BadParameter
        If nobody has this id or name, several parties bear the name, or the date is none.
    DataGap
        If the Store is missing, damaged or holds nothing with a date.
    """
    opened = open_store(store)
    day = day_of(as_of) if as_of is not None else last_day(opened)
    if institution is None:
        return Case(word("case", "district"), day, opened)
    institution_id, party_id, name = find(opened, institution)
    return Case(name, day, opened, institution_id, party_id)


def last_day(store: Store) -> dt.date:
    """Return the last day that the Store's dated rows reach.

    Raises
    ------
    DataGap
        If no row of it has a date.
    """
    found = store.run("last_day").to_pylist()[0]["last_on"]
    if found is None:
        raise DataGap(
            "数据中没有任何日期, 无法确定基准日。请用 as_of 指定, 例如 as_of=2018-09-30",
            "No row has a date, so there is no day to ask about. Name one with as_of, for example as_of=2018-09-30",
        )
    assert isinstance(found, dt.date)
    return found


def day_of(value: str | dt.date, name: str = "as_of") -> dt.date:
    """Return a day as asked for under a name, a date or a text YYYY-MM-DD.

    Raises
    ------
    BadParameter
        If it is none.
    """
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadParameter(
            f"{name}={value!r} 不是日期, 应写作 YYYY-MM-DD, 例如 2018-09-30",
            f"{name}={value!r} is not a date; write YYYY-MM-DD, for example 2018-09-30",
        ) from None


def find(store: Store, asked: str) -> tuple[str | None, str, str]:
    """Return institution id, party id and name: an id before a name, an institution before other parties.

    Raises
    ------
    BadParameter
        If nobody has this id or name, or several parties bear the name.
    """
    rows = store.run("find_party", asked=asked).to_pylist()
    best = [row for row in rows if row["rank"] == min(r["rank"] for r in rows)]
    if not best:
        near = [row["name"] for row in store.run("similar_names", asked=asked).to_pylist()]
        raise BadParameter(
            f"没有名为或编号为 {asked!r} 的机构或主体。" + (f"相近的名称: {'、'.join(near)}" if near else "请核对名称或编号"),
            f"No institution or party has the id or name {asked!r}. "
            + (f"Similar names: {', '.join(near)}" if near else "Check the name or id"),
        )
    if len(best) > 1:
        ids = [row["party_id"] for row in best]
        raise BadParameter(
            f"名称 {asked!r} 对应多个主体, 请改用编号: {'、'.join(ids[:20])}",
            f"Several parties bear the name {asked!r}; use an id: {', '.join(ids[:20])}",
        )
    return best[0]["institution_id"], best[0]["party_id"], best[0]["name"]
