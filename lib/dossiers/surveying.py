"""The survey (摸排): who of a list is in its scope, by which words, which office asks, and what it answered."""

import csv
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import paths, records
from lib.case import Case
from lib.dossiers import routing
from lib.dossiers.listing import listed
from lib.errors import BadParameter
from lib.store import frame
from lib.words import pick, word

TYPES = (
    *("p2p", "crowdfunding", "payment", "asset_management", "ico", "campus_loan", "cash_loan", "virtual_currency"),
    *("forex", "insurance"),
)
ANSWERS = ("operating", "closed", "lost", "out_of_scope")
_FAILED = "failed"
_LINE = ("institution_id", "answer", "who", "when", "why")
_TEXTS = pa.list_(pa.string())
_COLUMNS = pa.schema(
    {
        **dict.fromkeys(("institution_id", "name", "unit", "survey_state"), pa.string()),
        "business": _TEXTS,
        "because": pa.string(),
        **dict.fromkeys(("to_ban", "failed"), pa.bool_()),
        **dict.fromkeys(("answer", "answered_by", "answered_at", "reason", "list_origin", "source"), pa.string()),
        "line": pa.int64(),
    }
)
Row = dict[str, Any]


def survey(case: Case) -> pd.DataFrame:
    """Classify a survey list (摸排名单): the institutions of the Store, or the one of the case.

    Returns
    -------
    DataFrame, one row per institution, in the order of ids
        institution_id · name · unit (its office; 各办事处 where that is unknown) · survey_state (`licensed`: has a financial
        licence on the day and leaves the list; `in_scope`: a word of the notice's types of business was found; `unclear`: none
        was, which clears nobody) · business (types, in words) · because (which word stands where, and how often; words in
        disclaimers alone) · to_ban (拟取缔: by disposal class; null if that is unknown) · failed (已出险: by disposal class or
        a word in lists and entries; null if nothing says so) · answer (`operating`, `closed`, `lost`, `out_of_scope`; null:
        none yet), answered_by, answered_at, reason · list_origin · source, line.

    Raises
    ------
    BadParameter
        If the case is one of a party that is no institution.
    BadFile
        If data/raw/records/survey_answers.csv or the list of words cannot be read: the message names the line.

    Notes
    -----
    Words stand in lib/rules/reference/survey_words.csv with basis and mark. They are looked for in names, former names, types
    of business, scope, advertisements, names of counterparties of the company's own accounts, and delivered register entries.
    Latin ones count as whole words only (ICO is not in ICON).
    """
    everyone = {one.institution_id: one for one in listed(case)}
    words = [{"type": kind, "word": text, "pattern": _pattern(text)} for kind, text in _words()]
    case.store.derive("survey_words", pa.Table.from_pylist(words))
    asked = {"as_of": case.as_of, "institution_id": case.institution_id}
    found: dict[str, list[Row]] = {}
    for row in case.store.run("survey_words_found", **asked).to_pylist():
        found.setdefault(row["institution_id"], []).append(row)
    answers = {line["institution_id"]: line for _, line in records.read(records.file("survey_answers"), _LINE, _fault)}
    rows = []
    for row in case.store.run("survey_list", **asked).to_pylist():
        said = found.get(row["institution_id"], [])
        given = answers.get(row["institution_id"])
        told = _classified(row, said) | _flags(everyone[row["institution_id"]].disposal_class, said)
        told |= {"unit": row["office"] or routing.OFFICES}
        if given is not None:
            told |= {
                "answer": given["answer"],
                "answered_by": given["who"],
                "answered_at": given["when"],
                "reason": given["why"],
            }
        rows.append(row | told | {"name": everyone[row["institution_id"]].name})
    made = frame(pa.Table.from_pylist(rows, schema=_COLUMNS))
    answered = int(made["answer"].notna().sum())
    made.attrs["caption"] = word("register", "survey", as_of=case.as_of, answered=answered, all=len(made))
    return made


def answer(case: Case, institution_id: str, answer: str, who: str, why: str) -> None:
    """Write down what an office answered on an institution, as a line of data/raw/records/survey_answers.csv; the last counts.

    Parameters
    ----------
    answer
        operating, closed, lost or out_of_scope.

    Raises
    ------
    BadParameter
        If there is no such institution or answer, or nobody or no reason is named.
    BadFile
        If the file cannot be read: it is then not written to.
    """
    who, why = records.signed(who, why)
    if institution_id not in {one.institution_id for one in listed(case)}:
        raise BadParameter(f"没有机构 {institution_id!r}", f"There is no institution {institution_id!r}")
    line = {"institution_id": institution_id, "answer": answer, "who": who, "when": records.stamp(), "why": why}
    if found := _fault(line):
        raise BadParameter(*found)
    path = records.file("survey_answers")
    records.read(path, _LINE, _fault)
    records.append(path, _LINE, line)


def _classified(row: Row, said: Iterable[Row]) -> Row:
    hits = [one for one in said if one["type"] != _FAILED]
    types = [t for t in TYPES if any(one["type"] == t and one["times"] for one in hits)]
    state = "licensed" if row["licence"] else "in_scope" if types else "unclear"
    texts = [_because(kind, [one for one in hits if one["type"] == kind]) for kind in TYPES]
    texts = [text for text in texts if text]
    if row["licence"]:
        texts.insert(0, word("register", "licence", number=row["licence"]))
    because = pick("；", "; ").join(texts) or word("register", "no_word")
    return {"survey_state": state, "business": [word("register", t) for t in types], "because": because}


def _because(kind: str, hits: list[Row]) -> str:
    """Say for one type of business which words stand where, and how often; empty without any."""
    places: dict[str, list[str]] = {}
    for one in hits:
        key, n = ("word_found", one["times"]) if one["times"] else ("word_disclaimed", one["disclaimed"])
        places.setdefault(one["word"], []).append(word("register", key, origin=word("register", f"in_{one['origin']}"), n=n))
    comma = pick("、", ", ")
    said = comma.join(f"“{text}” ({comma.join(found)})" for text, found in places.items())
    return f"{word('register', kind)}: {said}" if said else ""


def _flags(disposal_class: str | None, said: Iterable[Row]) -> Row:
    """Return what is flagged; that nothing says an institution has failed does not say that it has not."""
    failed = disposal_class == "incident" or any(one["type"] == _FAILED and one["times"] for one in said)
    return {"to_ban": disposal_class == "ban" if disposal_class in routing.classes() else None, "failed": failed or None}


def _pattern(text: str) -> str:
    """Return the expression that finds a word in texts in capitals."""
    found = re.escape(text.upper())
    return rf"(^|[^A-Z0-9]){found}([^A-Z0-9]|$)" if text.isascii() else found


@cache
def _words() -> tuple[tuple[str, str], ...]:
    path = paths.PACKAGE / "rules" / "reference" / "survey_words.csv"
    made = []
    with path.open(encoding="utf-8", newline="") as file:
        for line, row in enumerate(csv.DictReader(file), start=2):
            if row["type"] not in (*TYPES, _FAILED) or not row["word"] or row["mark"] not in ("V", "M", "D"):
                known = ", ".join((*TYPES, _FAILED))
                raise records.bad(
                    path, line, f"type 应为 {known}, 并应有 word 和 mark", f"type is one of {known}; word and mark too"
                )
            made.append((row["type"], row["word"]))
    return tuple(made)


def _fault(values: records.Line) -> tuple[str, str] | None:
    if values["answer"] in ANSWERS and all(values[name] for name in _LINE):
        return None
    return (
        f"应有 {'、'.join(_LINE)}, answer 应为 {'、'.join(ANSWERS)}",
        f"{', '.join(_LINE)} are needed, and answer is one of {', '.join(ANSWERS)}",
    )
