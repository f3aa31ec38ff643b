"""The child's side of the sandbox: statements of the Beneficial Ownership Data Standard (BODS 0.4) are read and checked.

Of a record only the newest version counts: the latest statementDate, of equal ones the later in the file.
"""

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

Row = dict[str, str]
EMPTY = "empty"  # a line of nothing
_BLANK = object()
_HANDLED = ("entity", "person", "relationship")
_KINDS = {"registeredEntity": "company", "legalEntity": "other", "arrangement": "other", "state": "state", "stateBody": "state"}
_OWN_KINDS = ("partnership", "fund")  # what our own export writes beside the type


class Unreadable(Exception):
    """Why a file is none of BODS statements, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.reason = (zh, en)


@dataclass
class Statement:
    """A statement: its number from 1, what it says, and what is wrong with it."""

    number: int
    text: str
    kind: str = ""
    record: str = ""
    at: float = 0.0  # statementDate, in seconds
    closed_on: str = ""  # day of the statement that closes the record
    details: dict[str, Any] = field(default_factory=dict)
    fault: str = ""
    aside: str = ""


def read(raw: bytes) -> list[Statement]:
    """Read a file of statements: one array or object, else one JSON text a line. Older versions of a record are set aside.

    Raises
    ------
    Unreadable
        If it is no JSON, or no statement of BODS is in it.
    """
    statements = [_statement(number, item) for number, item in enumerate(_items(raw), 1)]
    if all(statement.fault in ("json", "statement") for statement in statements):
        raise Unreadable(
            "是 JSON, 但其中没有 BODS 0.4 声明 (recordId, recordType, recordDetails); 如其中有数据, 请另存为 CSV 后导入",
            "JSON, but no BODS 0.4 statement is in it (recordId, recordType, recordDetails); save data as CSV and import that",
        )
    _set_old_aside(statements)
    return statements


def _items(raw: bytes) -> list[Any]:
    """Return the statements of a file: one array or object, else one JSON text a line; None for a line that is none."""
    text = _decoded(raw)
    try:
        whole = _parsed(text)
    except ValueError:
        found = [_line(line) for line in text.splitlines()]
        if not any(isinstance(item, dict) for item in found):
            raise Unreadable("不是有效的 JSON", "no valid JSON") from None
        return found
    return whole if isinstance(whole, list) and whole else [whole]


def _decoded(raw: bytes) -> str:
    for encoding in (json.detect_encoding(raw), "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Unreadable("不是 UTF-8 或 GB18030 文本", "neither UTF-8 nor GB18030 text")


def _parsed(text: str) -> Any:
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _line(text: str) -> Any:
    try:
        return _parsed(text) if text.strip() else _BLANK
    except ValueError:
        return text


def _statement(number: int, item: Any) -> Statement:
    """Read the head of a statement; what is wrong with it becomes its fault."""
    if item is _BLANK:
        return Statement(number, "", aside=EMPTY)
    if not isinstance(item, dict):
        return Statement(number, str(item)[:2000], fault="json")
    made = Statement(number, json.dumps(item, ensure_ascii=False, default=_number))
    made.kind, made.record = as_text(item.get("recordType")), as_text(item.get("recordId"))
    details = item.get("recordDetails")
    if not made.record or not isinstance(details, dict) or not as_text(item.get("statementId")):
        made.fault = "statement"
        return made
    made.details = details
    if made.kind not in _HANDLED:
        made.fault = "type"
    elif made.kind == "relationship" and not as_text(details.get("subject")):
        made.fault = "subject"
    elif (at := _moment(as_text(item.get("statementDate")))) is None:
        made.fault = "date"
    else:
        made.at = at.timestamp()
        made.closed_on = at.date().isoformat() if item.get("recordStatus") == "closed" else ""
    return made


def _number(value: Decimal) -> float:
    return float(value)


def as_text(value: Any) -> str:
    """Return a text without what would part it from the same id elsewhere; of anything else, nothing."""
    return value.strip() if isinstance(value, str) else ""


def objects(value: Any) -> list[dict[str, Any]]:
    """Return the objects in what should be a list of them."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _moment(text: str) -> dt.datetime | None:
    """Return a day or a time of ISO 8601, in UTC where no zone is told; None if it is none."""
    try:
        made = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return made if made.tzinfo else made.replace(tzinfo=dt.UTC)


def _set_old_aside(statements: list[Statement]) -> None:
    """Set aside every version of a record but the newest."""
    versions: dict[tuple[str, str], list[Statement]] = defaultdict(list)
    for statement in statements:
        if not statement.fault and not statement.aside:
            versions[statement.kind, statement.record].append(statement)
    for several in versions.values():
        newest = max(several, key=lambda s: (s.at, s.number))
        for statement in several:
            statement.aside = "" if statement is newest else "superseded"


def party(statement: Statement) -> Row:
    """Return the row of a person or an entity; whoever is unknown or anonymous has no kind."""
    details = statement.details
    made = {"party_id": statement.record, "kind": _kind(statement)}
    if statement.kind == "person":
        names = objects(details.get("names"))
        former = [as_text(n.get("fullName")) for n in names if n.get("type") == "former"]
        current = [as_text(n.get("fullName")) for n in names if n.get("type") != "former"]
        made |= {"name": next(iter(current), ""), "former_names": ";".join(former)}
        born = as_text(details.get("birthDate"))
        made |= {"born_on": born if len(born) == len("2000-01-01") else ""}  # of some, the year alone is told
    else:
        made |= {"name": as_text(details.get("name")), "registered_on": as_text(details.get("foundingDate"))}
        listing = details.get("publicListing")
        listed = listing.get("hasPublicListing") if isinstance(listing, dict) else None
        made |= {"listed": {True: "1", False: "0"}.get(listed, "") if isinstance(listed, bool) else ""}
    made |= _identified(statement)
    made["address"] = next((as_text(a.get("address")) for a in objects(details.get("addresses"))), "")
    return made


def _kind(statement: Statement) -> str:
    if statement.kind == "person":
        return "person" if statement.details.get("personType") == "knownPerson" else ""
    of = statement.details.get("entityType")
    of = of if isinstance(of, dict) else {}
    own = as_text(of.get("details"))
    return own if own in _OWN_KINDS else _KINDS.get(as_text(of.get("type")), "")


def _identified(statement: Statement) -> Row:
    """Return what Chinese registers know a party by: schemes that are not theirs have no column."""
    for each in objects(statement.details.get("identifiers")):
        scheme, number = as_text(each.get("scheme")), as_text(each.get("id"))
        if statement.kind == "person" and scheme == "CHN-IDCARD":
            return {"id_number": number}
        if statement.kind == "entity" and scheme in ("CN-SAIC", "CN-SAMR") and len(number) == 18:
            return {"uscc": number}
    return {}
