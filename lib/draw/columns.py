"""One column of a frame as a page shows it: its heading, the class of its cells, and each value as people write it."""

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

import pandas as pd

from lib.draw import masking, people
from lib.draw.markup import Safe, esc, join, tag
from lib.draw.writing import NOTHING, count, day, is_null, percent, width_em, yuan
from lib.schema import schema
from lib.words import has_word, pick, word

MAX_LISTED = 12
MAX_RECORDS = 4  # of lists of ids that stand for evidence: the frame holds them all
_SHARES = re.compile(r"(^|_)(shares?|rate|apr|votes|confidence)(_|$)")
_ACCOUNTS = re.compile(r"(^|_)accounts?(_ids?|_number)?$")
_NUMBERS = frozenset(("id_number", "written_number", "phone"))
_COUNTERS = frozenset(("line", "seq", "hop", "layers", "period", "step", "item", "file_order"))
_PATHS = frozenset(("path", "loop", "accounts", "relation_path", "holder_names"))
_PARTIES = frozenset(("path", "loop", "members", "member_ids", "acting_in_concert", "others"))
_OF_INSTITUTIONS = ("computed_grade", "deadline_state", "unit", "action")  # columns of frames that list institutions
_EACH = {"loops": "loop"}  # what a list of lists holds
_CODES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("kind", "direction", "purpose", "role", "position", "group"), ("codes", "flows")),
    "why": ("codes", "flows", "sampled"),
    **dict.fromkeys(("how", "method", "part"), ("sampled",)),
    "state": ("codes", "flows", "compare", "checklist"),
    "outcome": ("outcome", "flows", "codes"),
    "match": ("flows", "codes"),
    "end": ("flows",),
    **dict.fromkeys(("unknown", "purpose_check", "not_traceable"), ("flows",)),
    "category": ("flows", "codes"),
    "relation": ("graph",),
    **dict.fromkeys(("reading", "certainty", "funded_by", "state_before", "state_after"), ("codes",)),
    "checked": ("basis",),
    "gap": ("gaps",),
    "sign": ("signs",),
    "change": ("changes",),
    "reason": ("graph", "codes"),
    "basis": ("graph", "codes", "flows"),
    "severity": ("severity",),
    "factor": ("grading",),
    "why_not": ("checks",),
    **dict.fromkeys(
        ("register_state", "disposal_class", "action", "field", "task", "link", "survey_state", "answer"), ("register",)
    ),
    **dict.fromkeys(("grade", "computed_grade"), ("grading",)),
    **dict.fromkeys(("before", "after"), ("grading", "register")),
    **dict.fromkeys(("deadline", "deadline_state"), ("deadlines",)),
    **dict.fromkeys(("exit_by", "responsible_by"), ("said_by",)),
}


@dataclass(frozen=True)
class Shown:
    """A column as it is shown: heading, what it means, class of its cells (`num`, `id` or empty), cells."""

    text: str
    title: str
    class_: str
    cells: list[Safe]


def column(frame: pd.DataFrame, place: int) -> Shown:
    """Return a column of a frame, by its place, as a page shows it."""
    name = str(frame.columns[place])
    values = frame.iloc[:, place].tolist()
    write, class_ = _writer(name, values, frame)
    text, meaning = heading("through_share" if name == "share" and _is_through(frame) else name)
    cells = [esc(NOTHING if is_null(v) else write(v)) for v in values]
    return Shown(text, meaning, class_, cells if class_ == "num" else [_unbroken(c, class_) for c in cells])


def _is_through(frame: pd.DataFrame) -> bool:
    """Tell whether `share` is the look-through share, as in frames of owners and chains, rather than a holding's."""
    return bool({"direct_share", "circular", "certainty", "gap", "sign"} & set(map(str, frame.columns)))


def _unbroken(cell: Safe, class_: str) -> Safe:
    """Keep a short word, or an id of usual length, on one line."""
    short = len(cell) <= 24 if class_ == "id" else width_em(cell) <= 7
    return tag("span", cell, style="white-space:nowrap") if short and "<" not in cell and len(cell) > 1 else cell


def heading(name: str) -> tuple[str, str]:
    """Return a column's heading and its meaning: labels.toml [columns], else schema.sql, else the name itself."""
    known = _schema_columns().get(name)
    if has_word("columns", name):
        return _with_unit(word("columns", name), name), known[1] if known else ""
    if known is None:
        return name, ""
    return _with_unit(pick(known[0], name.removesuffix("_yuan").replace("_", " ")), name), known[1]


def _with_unit(text: str, name: str) -> str:
    unit = pick("(元)", "(yuan)")
    return f"{text} {unit}" if name.endswith("_yuan") and not text.rstrip().endswith((")", "）")) else text


@cache
def _schema_columns() -> dict[str, tuple[str, str]]:
    """Return what schema.sql says of a column's name: label and meaning, of the first table that has it."""
    found: dict[str, tuple[str, str]] = {}
    for table in schema().values():
        for spec in table.columns:
            found.setdefault(spec.name, (spec.zh, spec.en))
    return found


def _writer(name: str, values: list[Any], frame: pd.DataFrame) -> tuple[Callable[[Any], object], str]:
    """Return how a value of this column is written, and the class of its cells."""
    present = [v for v in values if not is_null(v)]
    kinds = {type(v) for v in present}
    if any(issubclass(k, list | tuple) for k in kinds):
        return _lists(name, present), "id" if name.endswith("_ids") else ""
    if name.endswith("_yuan") or kinds == {Decimal}:
        return yuan, "num"
    if kinds and all(issubclass(k, bool) for k in kinds):
        return lambda v: word("tables", "yes" if v else "no"), ""
    if kinds and all(issubclass(k, dt.date) for k in kinds):
        return _days(name, frame), "num"
    if kinds and all(issubclass(k, int | float) for k in kinds):
        return _numbers(name), "num"
    return _texts(name, present, frame)


def _numbers(name: str) -> Callable[[Any], object]:
    if _SHARES.search(name):
        return percent
    return lambda v: (str(int(v)) if name in _COUNTERS else count(int(v))) if float(v).is_integer() else f"{v:,.4g}"


def _days(name: str, frame: pd.DataFrame) -> Callable[[Any], object]:
    """Return how to write days: without a time where none is known."""
    bare = "day_only" in frame.columns and frame["day_only"].fillna(False).all()
    return lambda v: day(v)[:10] if bare or name.endswith("_on") or name == "month" else day(v)


def _lists(name: str, present: list[Any]) -> Callable[[Any], object]:
    """Return how to write lists: a path with arrows, any other with commas; ids by their names where they have one."""
    items = [i for v in present for i in v]
    mark = " → " if name in _PATHS else pick("、", ", ")
    if any(isinstance(i, dict) for i in items):
        return lambda v: count(len(v))
    if any(isinstance(i, list) for i in items):
        inner = _lists(_EACH.get(name, name), items)
        return lambda v: _cut([inner(i) for i in v], "; ")
    if items and all(isinstance(i, float) for i in items):
        return lambda v: _cut([_numbers(name)(i) for i in v], mark)
    known = people.names([i for i in items if isinstance(i, str)]) if _holds_parties(name) else {}
    most = MAX_RECORDS if name in ("transfer_ids", "flow_ids", "other_accounts") and mark != " → " else MAX_LISTED
    one = _account if _ACCOUNTS.search(name) else _masked_name if name.endswith("_names") else _record

    def write(value: Any) -> Safe:
        parts: list[object] = [
            tag("span", known[i], title=_record(i)) if i in known else NOTHING if is_null(i) else one(str(i))
            for i in value[:most]
        ]
        return _cut(parts, mark, len(value), most)

    return write


def _masked_name(value: str) -> str:
    return people.shown_name(value, None, None)


def _cut(parts: list[object], mark: str, size: int | None = None, most: int = MAX_LISTED) -> Safe:
    """Join the first items of a list of `size`, and say how many more there are."""
    more = (len(parts) if size is None else size) - most
    listed = join(parts[:most], mark)
    return join((listed, word("tables", "and_more", more=count(more)) if more > 0 else ""))


def _holds_parties(name: str) -> bool:
    return name in ("path", "relation_path", "loop", "members", "member_ids", "acting_in_concert") or name.endswith(
        ("holder_ids", "party_ids", "parties")
    )


def _texts(name: str, present: list[Any], frame: pd.DataFrame) -> tuple[Callable[[Any], object], str]:
    if name in _CODES:
        return lambda v: code_word(name, str(v)), ""
    if name == "subject_id":
        accounts = people.accounts_among([str(v) for v in present])
        known = people.names([str(v) for v in present])
        return lambda v: _with_name(_account(v) if v in accounts else _record(v), known.get(v)), "id"
    if _ACCOUNTS.search(name) or name in _NUMBERS:
        return _account, "id"
    if name.endswith("_id") or name == "id":
        known = people.names([str(v) for v in present]) if "name" not in frame.columns else {}
        return lambda v: _with_name(_record(v), known.get(v)), "id"
    if name == "name" or name.endswith("_name"):
        return _names(name, frame), ""
    return _loose, ""


def code_word(name: str, code: str) -> str:
    """Return the word for a code in a column such as kind, role or outcome; the code itself, if there is none."""
    for section in _CODES.get(name, ()):
        if has_word(section, code):
            return word(section, code)
    return code


def _names(name: str, frame: pd.DataFrame) -> Callable[[Any], object]:
    """Return how to write names: those of holders, controllers and officers as they are, other persons' masked."""
    if name == "name" and (frame.columns.isin(("holder_id", "controller_id")).any() or "reason" in frame.columns):
        return str  # frames of holders, controllers and related parties exist to name them
    if name == "name" and frame.columns.isin(_OF_INSTITUTIONS).any():
        return str  # many a platform's name looks like a person's
    kinds = dict(zip(frame[name].tolist(), frame["kind"].tolist(), strict=True)) if name == "name" and "kind" in frame else {}
    return lambda v: people.shown_name(str(v), None, kinds.get(v))


def _with_name(written: str, name: str | None) -> object:
    return join((written, tag("span", name, class_="lt-name")), " ") if name else written


def _account(value: object) -> str:
    return masking.mask_number(str(value)) if masking.masks() else str(value)


def _record(value: object) -> str:
    return masking.mask_id(str(value)) if masking.masks() else str(value)


def _loose(value: object) -> str:
    return masking.mask_text(str(value)) if masking.masks() else str(value)
