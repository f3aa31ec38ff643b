"""`draw.cover`: whose report this is, what was received, and what was found, in numbers."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pandas as pd

from lib import checks
from lib.case import BUSINESS_TABLES, Case, label
from lib.draw import tables
from lib.draw.markup import Head, Piece, Safe, join, table, tag
from lib.draw.writing import NOTHING, count, period, yuan
from lib.errors import BadParameter
from lib.schema import schema
from lib.words import pick, word

MIME = "application/vnd.lookthrough.summary+json"
# The day by which the rows of a table are dated on the cover.
_DATED = {
    "flows": '"at"', "loans": "coalesce(signed_on, started_on)", "repayments": "paid_on", "holdings": "valid_from",
    "roles": "valid_from", "projects": "listed_at", "registry_changes": "changed_on", "disclosures": "as_of_on",
    "advertisements": "seen_at", "custody_days": "day_on", "assignments": "assigned_on", "schedules": "due_on",
    "licences": "valid_from", "links": "valid_from", "accounts": "opened_on", "institutions": "online_on",
    "parties": "registered_on",
}  # fmt: skip


def cover(case: Case, found: pd.DataFrame | None = None) -> Piece:
    """Draw the cover of an institution's report.

    Parameters
    ----------
    found
        A frame of `checks.run`; run here, if omitted.

    Returns
    -------
    Name, day, numbers of leads by gravity, of rules that could not be tested and of those that are clear; what was received
    and what is missing. The page also gets the summary as data: institution_id, party_id, name, as_of, hits (leads),
    by_severity (severity → leads), not_testable, clear (rules), loans, principal_yuan (text; contracts on the platform).

    Raises
    ------
    BadParameter
        If the case is the whole district.
    """
    if case.party_id is None:
        raise BadParameter(
            '封面需要指定机构或主体, 例如 open_case("金水贷"); 全区没有封面',
            'A cover needs an institution or party, for example open_case("金水贷"); the whole district has none',
        )
    tables.use(case)
    found = checks.run(case) if found is None else found
    summary = summed_up(case, found)
    parts = (_title(case), _cards(summary), tag("p", word("draw", "leads_note")), _received(case))
    line = word("draw", "cover_line", name=case.name, as_of=case.as_of, hits=summary["hits"], untested=summary["not_testable"])
    return Piece(tag("section", *parts, class_="lt-cover"), line, {MIME: summary})


def summed_up(case: Case, found: pd.DataFrame) -> dict[str, Any]:
    """Count the findings of a case: leads by gravity, rules that could not be tested, rules that are clear."""
    outcomes = found.groupby("rule_id")["outcome"].agg(lambda o: "hit" if (o == "hit").any() else o.iloc[0])
    rules = checks.rules()
    hits = found.loc[found["outcome"] == "hit", "rule_id"]
    graded = hits.map(lambda rule: rules[rule].severity).value_counts()
    number, principal = _own_loans(case)
    return {
        "institution_id": case.institution_id,
        "party_id": case.party_id,
        "name": case.name,
        "as_of": case.as_of.isoformat(),
        "hits": len(hits),
        "by_severity": {s: int(graded[s]) for s in grades() if s in graded},
        "not_testable": int((outcomes == "not_testable").sum()),
        "clear": int((outcomes == "clear").sum()),
        "loans": number,
        "principal_yuan": None if principal is None else str(principal),
    }


def grades() -> list[str]:
    """Return the grades of gravity that rules have, gravest first."""
    return list(dict.fromkeys(rule.severity for rule in checks.rules().values()))


def _title(case: Case) -> Safe:
    ids = [case.institution_id, case.party_id] if case.party_id != case.institution_id else [case.institution_id]
    facts = [(word("draw", "as_of"), case.as_of), (word("draw", "ids"), " · ".join(i for i in ids if i))]
    items = [part for name, text in facts for part in (tag("dt", name), tag("dd", text))]
    return join((tag("p", word("draw", "report"), class_="lt-note"), tag("h1", case.name), tag("dl", *items)))


def _cards(summary: dict[str, Any]) -> Safe:
    """Return the numbers: leads by gravity in the colour of leads, then what could not be tested and what is clear."""
    made = [card(summary["hits"], word("draw", "card_hits"), "hit" if summary["hits"] else "")]
    made += [card(n, word("severity", s), "hit") for s, n in summary["by_severity"].items()]
    made.append(card(summary["not_testable"], word("draw", "card_untested"), "open" if summary["not_testable"] else ""))
    made.append(card(summary["clear"], word("draw", "card_clear"), ""))
    return cards(made)


def cards(made: list[Safe]) -> Safe:
    """Return numbers with their words beside each other."""
    return tag("div", *made, class_="lt-cards", style="display:flex;flex-wrap:wrap;gap:1.2rem 3rem;margin:2.2rem 0 1.8rem")


def card(number: int, text: str, tone: str) -> Safe:
    """Return a number with its words; `tone` is a colour of the page (hit, open), or empty."""
    colour = f"var(--{tone})" if tone else "var(--ink)"
    big = tag("strong", count(number), style=f"display:block;font-size:2.6rem;line-height:1.15;font-weight:400;color:{colour}")
    return tag("div", big, tag("span", text, style="color:var(--soft)"), class_="lt-card")


def _received(case: Case) -> Safe:
    """Return the table of what was received: rows and the period that they cover; and what is missing."""
    counts = case.store.counts()
    held = [t for t in schema() if t in BUSINESS_TABLES and counts[t]]
    missing = [label(t) for t in schema() if t in BUSINESS_TABLES and not counts[t]]
    spans = _spans(case, [t for t in held if t in _DATED])
    heads = [Head(word("draw", "table")), Head(word("draw", "rows"), "num"), Head(word("draw", "covered"))]
    rows = [[label(t), count(counts[t]), period(*spans.get(t, (None, None)))] for t in held]
    note = word("draw", "missing", tables=pick("、", ", ").join(missing) or NOTHING)
    return join(
        (tag("h2", word("draw", "received")), _platform(case), table(word("draw", "received_caption"), heads, rows, note))
    )


def _spans(case: Case, tables: list[str]) -> dict[str, tuple[dt.date | None, dt.date | None]]:
    if not tables:
        return {}
    parts = [
        f"select '{t}' as name, cast(min({_DATED[t]}) as date) as a, cast(max({_DATED[t]}) as date) as b from {t}"
        for t in tables
    ]
    return {row["name"]: (row["a"], row["b"]) for row in case.arrow(" union all ".join(parts)).to_pylist()}


def _own_loans(case: Case) -> tuple[int, Decimal | None]:
    """Return how many contracts the platform has, and their principal."""
    query = "select count(*) as n, cast(sum(principal_yuan) as decimal(38, 2)) as total from loans where institution_id = $id"
    row = case.arrow(query, id=case.institution_id or "").to_pylist()[0]
    return row["n"], row["total"]


def _platform(case: Case) -> Safe:
    number, principal = _own_loans(case)
    return tag("p", word("draw", "own_loans", n=count(number), total=yuan(principal))) if number else Safe("")
