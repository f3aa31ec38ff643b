"""Holdings and offices as statements of the Beneficial Ownership Data Standard (BODS 0.4).

One relationship per record of a holding or an office, with its days, its range where that is all that is known, and file and
line as its source. Identity numbers, days of birth, addresses and phones are left out, and masked where an id holds one;
holders and officers are named. Ids follow from the rows alone: the same Store gives the same bytes.

Ties (kin, acting in concert) have no place in the standard, nor have supervisors and staff: they stay behind.
"""

import datetime as dt
import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from lib import targets
from lib.case import Case
from lib.draw.masking import mask_id, mask_number
from lib.errors import DataGap
from lib.intake.parts import label
from lib.words import pick

Json = dict[str, Any]
_INTERESTS = {
    "director": "boardMember",
    "senior_manager": "seniorManagingOfficial",
    "legal_representative": "otherInfluenceOrControl",
}
_ENTITIES = {"company": "registeredEntity", "partnership": "registeredEntity", "fund": "legalEntity", "state": "state"}
_SAYS_MORE = ("partnership", "fund")
_PUBLISHER = {"name": "Lookthrough"}


@dataclass(frozen=True)
class Written:
    """What is in the file: statements of entities, of persons, of relationships."""

    entities: int
    persons: int
    relationships: int


def write(case: Case, path: Path) -> Written:
    """Write the statements of everyone above an institution, or of the whole district, to a new file.

    Parameters
    ----------
    path
        One JSON array; one statement a line if it ends in .jsonl.

    Raises
    ------
    BadParameter
        If the file is there already or is neither .json nor .jsonl, or its folder is not there.
    DataGap
        If there are no holdings or offices to tell of, or the file cannot be written.
    """
    targets.check_new(path, ".json", ".jsonl")
    made = statements(case)
    if not any(each["recordType"] == "relationship" for each in made):
        raise DataGap(
            f"{case.name} 没有可导出的持股和任职。请先导入股东资料",
            f"{case.name} has no holdings or offices to export. Import its shareholders first",
        )
    lines = [json.dumps(each, ensure_ascii=False, allow_nan=False) for each in made]
    as_lines = path.suffix.casefold() == ".jsonl"
    text = "\n".join(lines) + "\n" if as_lines else "[\n" + ",\n".join(lines) + "\n]\n"
    with targets.writing(path) as draft:
        draft.write_text(text, encoding="utf-8", newline="\n")
    kinds = [each["recordType"] for each in made]
    return Written(*(kinds.count(kind) for kind in ("entity", "person", "relationship")))


def statements(case: Case) -> list[Json]:
    """Return the statements of a case: parties by id, then holdings, then offices; whatever their days, ended ones too."""
    holdings, roles = _rows(case, "holdings", "holder_id", "held_id"), _rows(case, "roles", "person_id", "entity_id")
    roles = [row for row in roles if row["role"] in _INTERESTS and not row["claimed_only"]]
    if not case.is_district:
        above = _above(case, holdings)
        holdings = [row for row in holdings if row["held_id"] in above]
        roles = [row for row in roles if row["entity_id"] in above]
    named = [row[side] for row in holdings for side in ("held_id", "holder_id", "nominee_for")]
    named += [row[side] for row in roles for side in ("entity_id", "person_id")]
    known = _parties(case)
    writer = _Writer(case)
    parties = [writer.party(party_id, known.get(party_id, {})) for party_id in sorted({p for p in named if p})]
    found = [each for row in holdings for each in writer.holding(row)]
    return [*parties, *found, *(writer.office(row) for row in roles)]


def _rows(case: Case, table: str, *needed: str) -> list[Json]:
    filled = " and ".join(f"nullif({column}, '') is not null" for column in needed)
    key = {"holdings": "holding_id", "roles": "role_id"}[table]
    return list(case.arrow(f"select * from {table} where {filled} order by {key}, source_id, line").to_pylist())


def _parties(case: Case) -> dict[str, Json]:
    """Return what is known of each party; an institution's id that is no party's is that of a company."""
    institutions = case.arrow("select institution_id as party_id, name, 'company' as kind from institutions").to_pylist()
    parties = case.arrow("select * from parties order by party_id, source_id, line").to_pylist()
    return {row["party_id"]: row for row in (*institutions, *parties)}


def _above(case: Case, holdings: Iterable[Json]) -> set[str]:
    """Return the ids of the case's party and of everyone above it on any day."""
    holders = defaultdict[str, set[str]](set)
    for row in holdings:
        holders[row["held_id"]] |= {row["holder_id"]} | ({row["nominee_for"]} if row["nominee_for"] else set())
    same = case.arrow("select institution_id, party_id from institutions where nullif(party_id, '') is not null").to_pylist()
    for row in same:  # an institution's id stands for its operating company
        holders[row["party_id"]].add(row["institution_id"])
        holders[row["institution_id"]].add(row["party_id"])
    queue, found = [case.party_id or ""], set[str]()
    while queue:
        if (at := queue.pop()) not in found:
            found.add(at)
            queue += holders[at]
    return found


class _Writer:
    """Writes rows as statements of one day, each with its file and line."""

    def __init__(self, case: Case) -> None:
        self.day = case.as_of.isoformat()
        sources = case.arrow("select source_id, name, member, sheet from sources").to_pylist()
        self.files = {row["source_id"]: label(row["name"], row["member"], row["sheet"]) for row in sources}

    def party(self, party_id: str, row: Json) -> Json:
        """Write a person or an entity; one of unknown kind is an unknown entity."""
        kind, name = row.get("kind"), {"name": row["name"]} if row.get("name") else {}
        former = [each.strip() for each in (row.get("former_names") or "").split(";") if each.strip()]
        if kind == "person":
            names = [{"fullName": row["name"]}] if row.get("name") else []
            names += [{"type": "former", "fullName": each} for each in former]
            return self._statement("person", party_id, {"personType": "knownPerson", "names": names}, party_id, row)
        made = _entity(kind) | name | ({"alternateNames": former} if former else {})
        made |= {"identifiers": [{"scheme": "CN-SAIC", "id": row["uscc"]}]} if row.get("uscc") else {}
        made |= {"foundingDate": _day(row["registered_on"])} if row.get("registered_on") else {}
        made |= {"publicListing": {"hasPublicListing": row["listed"]}} if row.get("listed") is not None else {}
        return self._statement("entity", party_id, made, party_id, row)

    def holding(self, row: Json) -> Iterator[Json]:
        """Write a holding; one that is held for another through a nomination of the two."""
        interests, record = _interests(row), row["holding_id"]
        if not row["nominee_for"]:
            yield self._relationship(record, row["holder_id"], row["held_id"], interests, row)
            return
        nomination, held = f"{record}:nomination", row["held_id"]
        of = {"entityType": {"type": "arrangement", "subtype": "nomination"}, "isComponent": True}
        yield self._statement("entity", nomination, of, held, row)
        days = _days(row)
        for role, party in (("nominee", row["holder_id"]), ("nominator", row["nominee_for"])):
            tie = [{"type": role, "directOrIndirect": "direct", **days}]
            yield self._relationship(f"{record}:{role}", party, nomination, tie, row, part=role == "nominator")
        yield self._relationship(record, nomination, held, interests, row, part=True)
        parts = [mask_id(each) for each in (nomination, f"{record}:nominator", record)]
        through = [{**each, "directOrIndirect": "indirect"} for each in interests]
        yield self._relationship(f"{record}:indirect", row["nominee_for"], held, through, row, parts=parts)

    def office(self, row: Json) -> Json:
        """Write an office; the one that BODS has no word for says its own."""
        kind = _INTERESTS[row["role"]]
        details = "法定代表人" if row["role"] == "legal_representative" else row["title"]
        interest = {"type": kind, "directOrIndirect": "direct", **({"details": details} if details else {}), **_days(row)}
        return self._relationship(f"{row['role_id']}:role", row["person_id"], row["entity_id"], [interest], row)

    def _relationship(
        self,
        record: str,
        holder: str,
        held: str,
        interests: list[Json],
        row: Json,
        part: bool = False,
        parts: Iterable[str] = (),
    ) -> Json:
        details: Json = {"isComponent": part, "subject": mask_id(held), "interestedParty": mask_id(holder)}
        details |= {"componentRecords": list(parts)} if parts else {}
        return self._statement("relationship", record, {**details, "interests": interests}, held, row)

    def _statement(self, kind: str, record: str, details: Json, subject: str, row: Json) -> Json:
        made: Json = {"statementDate": self.day, "declarationSubject": mask_id(subject), "recordId": mask_id(record)}
        made |= {"recordType": kind, "recordStatus": "new", "recordDetails": {"isComponent": False, **details}}
        made |= {"publicationDetails": {"publicationDate": self.day, "bodsVersion": "0.4", "publisher": _PUBLISHER}}
        if row.get("source_id") in self.files:
            place = f"{mask_number(self.files[row['source_id']])}:{row['line']}"
            made |= {"source": {"description": place}}
        digest = hashlib.sha256(json.dumps(made, ensure_ascii=False).encode()).hexdigest()
        return {"statementId": digest, **made}


def _entity(kind: str | None) -> Json:
    if kind is None:
        reason = pick("主体类型未知", "the kind of this party is not known")
        unknown = {"reason": "informationUnknownToPublisher", "description": reason}
        return {"entityType": {"type": "unknownEntity"}, "unspecifiedEntityDetails": unknown}
    more = {"details": kind} if kind in _SAYS_MORE else {}
    return {"entityType": {"type": _ENTITIES.get(kind, "legalEntity"), **more}}


def _interests(row: Json) -> list[Json]:
    """Return the interests in shares and, where they are told apart, in votes."""
    known = {"directOrIndirect": "direct", **_days(row)}
    sides = {"exact": row["share"], "minimum": row["share_low"], "maximum": row["share_high"]}
    made = [{"type": "shareholding", **known, **_share(sides)}]
    if row["voting_share"] is not None:
        made.append({"type": "votingRights", **known, **_share({"exact": row["voting_share"]})})
    return made


def _share(sides: dict[str, float | None]) -> Json:
    """Return a share in percent; what is none (below 0 % or above 100 %) is said in words."""
    told = {name: value for name, value in sides.items() if value is not None}
    odd = {name: value for name, value in told.items() if not 0 <= value <= 1}
    share = {name: float(Decimal(repr(value)) * 100) for name, value in told.items() if name not in odd}
    words = "; ".join(f"{name} {value!r}" for name, value in odd.items())
    said = pick(f"原比例不在 0–100% 之内: {words}", f"a share outside 0–100 %: {words}")
    return ({"share": share} if share else {}) | ({"details": said} if odd else {})


def _days(row: Json) -> Json:
    days = {"startDate": row["valid_from"], "endDate": row["valid_to"]}
    return {name: _day(day) for name, day in days.items() if day is not None}


def _day(day: dt.date) -> str:
    return day.isoformat()
