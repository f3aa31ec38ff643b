"""What the institutions of a district share: who controls or runs them, contacts, devices, accounts, borrowers."""

from dataclasses import replace
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import graph
from lib.case import Case
from lib.errors import BadParameter, LookthroughError
from lib.findings.derived import delivered
from lib.store import MONEY, frame
from lib.words import pick, word

LINKS = ("operator", "controller", "officer", "account", "borrower", "device", "phone", "address", "email", "website")
_NEEDS = {
    "controller": "holdings", "officer": "roles", "account": "loans", "borrower": "loans", "device": "devices",
    "phone": "parties", "address": "parties", "email": "parties",
}  # fmt: skip
_EVIDENCE = pa.list_(pa.struct({"table": pa.string(), "id": pa.string()}))
_CONTROLLERS = pa.schema(dict.fromkeys(("institution_id", "thing", "table_name", "record_id"), pa.string()))
_COLUMNS = pa.schema(
    {
        **dict.fromkeys(("a_id", "a_name", "b_id", "b_name", "link", "shared", "shared_name"), pa.string()),
        "institutions": pa.int64(),
        **dict.fromkeys(("a_yuan", "b_yuan"), MONEY),
        "records": pa.int64(),
        "evidence": _EVIDENCE,
    }
)
Row = dict[str, Any]


def shared(case: Case) -> pd.DataFrame:
    """List what each pair of institutions of the district has in common on the day: to be looked into, no proof of a group.

    Returns
    -------
    DataFrame, one row per pair, kind of link and thing shared, by kind
        a_id, a_name · b_id, b_name (institutions, the lower id first) · link (`operator`: one operating company; `controller`;
        `officer`: in office in both; `account`: stands in contracts or repayments of both; `borrower`: has loans of both;
        `device`: signed in to accounts of both companies; `phone`, `address`, `email`, `website` of both companies) · shared
        (the party, account, device or text) · shared_name (null if unknown) · institutions (how many of the district share it:
        what many share may be an agent's) · a_yuan, b_yuan (principal lent to a borrower; null if not all of it is known, and
        for other links) · records (rows behind it on both sides) · evidence (list of {table, id}: of each side 20 at most).
        `attrs`: untested (link → why it could not be looked at, in full or at all).

    Raises
    ------
    BadParameter
        If the case is not the whole district.

    Notes
    -----
    Hub accounts (custody, payment companies, tax, settlement) link nobody; a borrower's own accounts are told by the borrower.
    """
    if not case.is_district:
        raise BadParameter(
            "机构之间的共享关系要看全区: 请用 open_case() 不指定机构",
            "What institutions share is asked of the whole district: open_case() without an institution",
        )
    members = case.store.run("institutions_listed", as_of=case.as_of, institution_id=None).to_pylist()
    controllers, unsolved = _controllers(case, members)
    case.store.derive("institution_controllers", pa.Table.from_pylist(controllers, schema=_CONTROLLERS))
    names = {row["institution_id"]: row["name"] for row in members}
    found = case.store.run("shared_things", as_of=case.as_of).to_pylist()
    rows = [{**row, "a_name": names[row["a_id"]], "b_name": names[row["b_id"]]} for row in found]
    made = frame(pa.Table.from_pylist(rows, schema=_COLUMNS))
    untested = _untested(case, unsolved)
    notes = [word("register", "untested_link", link=word("register", link), why=why) for link, why in untested.items()]
    made.attrs |= {"caption": word("register", "shared", as_of=case.as_of), "untested": untested, "notes": notes}
    return made


def _controllers(case: Case, members: list[Row]) -> tuple[list[Row], list[str]]:
    """Return the controllers of each institution with the records that show it, and institutions that have no solution."""
    rows, unsolved = [], []
    for member in members:
        own = replace(case, name=member["name"], institution_id=member["institution_id"], party_id=member["party_id"])
        try:
            found = graph.controllers(own)
        except LookthroughError:
            unsolved.append(member["institution_id"])
            continue
        for thing, evidence in found[["controller_id", "evidence"]].itertuples(index=False):
            common = {"institution_id": member["institution_id"], "thing": thing}
            rows += [common | {"table_name": e["table"], "record_id": e["id"]} for e in evidence]
    return rows, unsolved


def _untested(case: Case, unsolved: list[str]) -> dict[str, str]:
    held = delivered(case.store)
    made = {link: word("register", "table_missing", table=table) for link, table in _NEEDS.items() if table not in held}
    if unsolved:
        made.setdefault("controller", word("register", "unsolved", ids=pick("、", ", ").join(unsolved)))
    return made
