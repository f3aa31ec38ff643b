"""Signs that a holder may hold for somebody else (代持), as far as the tables carry them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.errors import DataGap
from lib.ownership.agreements import PROXY
from lib.ownership.frames import TEXTS, called, frame_of
from lib.ownership.register import Register, everyone_above, numbered
from lib.ownership.solve import look_through
from lib.ownership.sources import Record, of_table, proof
from lib.words import word

# Lines set by no law (rules/catalogue, SH-03): companies that have nothing to do with each other, ages.
UNRELATED_COMPANIES = 5
YOUNG, OLD = 22, 70
# A telephone or address of more parties is that of an agent or an office building (rules/catalogue, SF-05).
OWN_CONTACT = 20
SIGNS = (
    *("recorded", "agreement", "shared_contact", "many_companies"),
    *("age", "student", "defaulter", "employee"),
)


@dataclass
class Sign:
    """A sign at one holder: whom or what it points to, its measure, the records."""

    holder_id: str
    sign: str
    others: set[str] = field(default_factory=set)
    measure: float | None = None
    records: list[Record] = field(default_factory=list)


def nominees(case: Case) -> pd.DataFrame:
    """List signs that somebody above the institution holds for another: leads to be asked about, never verdicts.

    Returns
    -------
    DataFrame, one row per holder and sign; holders with most signs first, what is recorded before what is only a sign
        holder_id · name · kind · sign · others (list of ids: for whom it is held, who shares the contact, where it is held or
        employed) · measure (age in years, number of companies; else null) · signs (how many the holder has) · share
        (look-through share of the institution; null where shares have no solution) · innocent (text: how it may be harmless) ·
        evidence (list of {table, id}) · sources (list: file and line).

        sign is one of: `recorded` (a holding names for whom it is held), `agreement` (a link says so), `shared_contact`
        (telephone, address, e-mail or device in common with another holder or an officer of the institution; contacts of
        more than 20 parties are not counted), `many_companies` (a person holds in 5 or more companies of which none holds
        another), `age` (under 22 or over 70), `student`, `defaulter` (on the list of judgment defaulters), `employee` (of the
        institution or of a company above it).

    Raises
    ------
    BadParameter
        If the case is the whole district.

    Notes
    -----
    The lines are set by no law. Whose money paid for the shares and where dividends went stands in the statements, not here.
    """
    register, target = numbered(case)
    if target is None:
        return _frame(case, [], {})
    parties = everyone_above(register, target).tolist()
    ids = register.named(parties)
    own = sorted({ids[0], case.institution_id or ids[0]})
    people = [i for i, p in zip(ids[1:], parties[1:], strict=True) if register.kinds[p].as_py() in ("person", None)]
    officers = case.store.run("offices_as_of", as_of=case.as_of, entities=own, people=[]).to_pylist()
    near = sorted({*ids[1:], *(row["person_id"] for row in officers if {row["entity_id"], row["written_entity_id"]} & {*own})})
    found = [
        *_held_for(case, set(ids)),
        *_contacts(case, near, set(ids[1:])),
        *_many(register, [p for p in parties[1:] if register.kinds[p].as_py() == "person"]),
        *_means(case, people, [*own, *ids[1:]]),
    ]
    return _frame(case, found, _shares(register, target))


def _held_for(case: Case, ids: set[str]) -> Iterator[Sign]:
    """Yield who holds for somebody by a record of the holding, or by an agreement."""
    made: dict[tuple[str, str], Sign] = {}
    for row in case.store.run("nominee_holdings_as_of", as_of=case.as_of).to_pylist():
        if row["nominee_id"] in ids and row["held_id"] in ids:
            records = of_table("holdings", [row["holding_id"]])
            _add(made, row["nominee_id"], "recorded", row["principal_id"], records)
    for row in case.store.run("agreements_as_of", as_of=case.as_of).to_pylist():
        if row["kind"] == PROXY and row["other_id"] in ids:
            _add(made, row["other_id"], "agreement", row["lead_id"], of_table("links", [row["link_id"]]))
    return iter(made.values())


def _add(made: dict[tuple[str, str], Sign], holder: str, sign: str, other: str | None, records: list[Record]) -> Sign:
    found = made.setdefault((holder, sign), Sign(holder, sign))
    found.others |= {other} if other is not None else set()
    found.records += records
    return found


def _contacts(case: Case, near: list[str], holders: set[str]) -> Iterator[Sign]:
    made: dict[tuple[str, str], Sign] = {}
    for row in case.store.run("shared_contacts", as_of=case.as_of, ids=near, most=OWN_CONTACT).to_pylist():
        if row["party_id"] in holders:
            records = of_table(row["table_name"], [row["record_id"]])
            _add(made, row["party_id"], "shared_contact", row["other_id"], records)
    return iter(made.values())


def _many(register: Register, people: Iterable[int]) -> Iterator[Sign]:
    """Yield persons who hold in many companies of which none holds another, counted by their groups."""
    pairs = register.pairs
    held_by: dict[int, list[int]] = defaultdict(list)
    wanted = np.flatnonzero(np.isin(pairs.holder, np.fromiter(people, np.int64)))
    for pair in wanted.tolist():
        held_by[int(pairs.holder[pair])].append(pair)
    for holder, mine in held_by.items():
        companies = {int(pairs.held[pair]) for pair in mine}
        if len(companies) >= UNRELATED_COMPANIES and (count := _apart(register, companies)) >= UNRELATED_COMPANIES:
            ids = [i for pair in mine for i in pairs.holding_ids(pair)]
            others = set(register.named(companies))
            yield Sign(register.named((holder,))[0], "many_companies", others, float(count), of_table("holdings", ids))


def _apart(register: Register, companies: set[int]) -> int:
    """Count groups of companies, joined where one holds another."""
    above, group = register.above, {c: c for c in companies}
    for company in sorted(companies):
        for holder in above.other[above.of(company)].tolist():
            if holder in companies:
                old, new = group[company], group[holder]
                group = {c: new if g == old else g for c, g in group.items()}
    return len(set(group.values()))


def _means(case: Case, people: list[str], entities: list[str]) -> Iterator[Sign]:
    made: dict[tuple[str, str], Sign] = {}
    settings: dict[str, Any] = {"as_of": case.as_of, "people": people, "entities": entities, "young": YOUNG, "old": OLD}
    for row in case.store.run("holder_means", **settings).to_pylist():
        records = of_table(row["table_name"], [row["record_id"]])
        found = _add(made, row["party_id"], row["sign"], row["other_id"], records)
        found.measure = row["measure"]
    return iter(made.values())


def _shares(register: Register, target: int) -> dict[str, float]:
    try:
        solved = look_through(register, target)
    except DataGap:  # `owners` says why
        return {}
    return dict(zip(register.named(solved.parties), solved.share.tolist(), strict=True))


def _frame(case: Case, found: list[Sign], shares: dict[str, float]) -> pd.DataFrame:
    count: dict[str, int] = defaultdict(int)
    for one in found:
        count[one.holder_id] += 1
    order = sorted(found, key=lambda s: (-count[s.holder_id], s.holder_id, SIGNS.index(s.sign)))
    return frame_of(
        **called(case, "holder_id", [s.holder_id for s in order]),
        sign=pa.array([s.sign for s in order], pa.string()),
        others=pa.array([sorted(s.others) for s in order], TEXTS),
        measure=pa.array([s.measure for s in order], pa.float64()),
        signs=pa.array([count[s.holder_id] for s in order], pa.int64()),
        share=pa.array([shares.get(s.holder_id) for s in order], pa.float64()),
        innocent=pa.array([word("innocent_signs", s.sign) for s in order], pa.string()),
        **proof(case, [s.records for s in order]),
    )
