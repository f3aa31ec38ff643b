"""Statements of BODS 0.4 written by tests, and files of them imported."""

import json
from pathlib import Path
from typing import Any

from tests.deliveries import SHARED, Delivery

EXAMPLES = SHARED / "bods/examples"
SCHEMA = SHARED / "bods/schema"
Json = dict[str, Any]


def statement(kind: str, record: str, details: Json, on: str = "2018-01-01", status: str = "new", **more: Any) -> Json:
    known = {"statementId": f"{kind}-{record}-{on}-{status}".ljust(32, "x"), "declarationSubject": record, "statementDate": on}
    known |= {"recordId": record, "recordType": kind, "recordStatus": status}
    return {**known, "recordDetails": {"isComponent": False, **details}, **more}


def company(record: str, **more: Any) -> Json:
    return statement("entity", record, {"entityType": {"type": "registeredEntity"}, "name": f"{record}有限公司"}, **more)


def person(record: str, **more: Any) -> Json:
    return statement("person", record, {"personType": "knownPerson", "names": [{"fullName": f"{record}某"}]}, **more)


def tie(
    record: str, holder: str | Json, held: str | Json, *interests: Json, components: list[str] | None = None, **more: Any
) -> Json:
    details: Json = {"interestedParty": holder, "subject": held, "interests": list(interests)}
    details |= {"componentRecords": components} if components else {}
    return statement("relationship", record, details, **more)


def shares(percent: float | None = None, how: str = "direct", **more: Any) -> Json:
    share = {"share": {"exact": percent}} if percent is not None else {}
    return {"type": "shareholding", "directOrIndirect": how, **share, **more}


def brought(folder: Path, *statements: Any, name: str = "bods.json") -> Delivery:
    """Import a file of statements: an array, or one a line if its name says so."""
    made = Delivery(folder)
    made.raw.mkdir(parents=True, exist_ok=True)
    lines = [each if isinstance(each, str) else json.dumps(each, ensure_ascii=False) for each in statements]
    text = "\n".join(lines) if name.endswith("l") else f"[{', '.join(lines)}]"
    (made.raw / name).write_text(text, encoding="utf-8")
    made.bring()
    return made


def holdings(made: Delivery, *columns: str) -> list[tuple[Any, ...]]:
    asked = ", ".join(columns or ("holder_id", "held_id", "share"))
    return [tuple(row.values()) for row in made.rows(f"select {asked} from holdings order by line, holding_id")]
