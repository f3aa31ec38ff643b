"""What `lookthrough parties` and `lookthrough decide` show: who is who, what is to be decided, what was decided."""

from pathlib import Path

import pandas as pd
import xlsxwriter

from lib import paths, targets, terminal
from lib.case import Case, open_case
from lib.words import word

_ANY_DAY = "2018-09-30"  # who is who does not depend on the day
_WIDTH = 24
_PLAIN = {"strings_to_numbers": False, "strings_to_formulas": False, "strings_to_urls": False}


def show(store: Path | None, *, candidates: bool, limit: int, export: Path | None) -> None:
    """Show merged ids and conflicts, or the pairs that a person may decide; or write them to a workbook."""
    from lib import parties

    if export is not None:
        targets.check_new(export, ".xlsx")
    case = _case(store)
    if candidates:
        found = parties.candidates(case)
        found["decision"] = [" ".join(filter(None, pair)) for pair in found[["decision", "decided_by"]].itertuples(index=False)]
        if found.empty:
            terminal.say(word("cli", "no_candidates"))
            return
        _tell(found, ("a_id", "a_name", "b_id", "b_name", "confidence", "why", "decision"), limit, export)
        terminal.say(word("cli", "how_to_decide", program="lookthrough"))
        return
    merged, conflicts = parties.merged(case), parties.conflicts(case)
    merged["joined_by"] = [word("names", f"by_{by}") for by in merged["joined_by"]]
    if len(merged) or export is not None:
        _tell(merged, ("party_id", "resolved_id", "name", "joined_by", "confidence"), limit, export)
    if len(conflicts):
        _tell(_worded(conflicts), ("joined_by", "value", "members", "reason"), limit, None)
    held = case.sql("select count(*) as n from parties")["n"][0]
    terminal.say(word("cli", "parties_held", parties=f"{held:,}", ids=f"{len(merged):,}", conflicts=f"{len(conflicts):,}"))


def decide(store: Path | None, first: str, second: str, verdict: str, who: str, why: str) -> None:
    """Write a decision down and say where it stands and when it counts."""
    from lib import parties
    from lib.identity import decisions

    made = parties.decide(_case(store), first, second, verdict, who, why)
    names = {"a": f"{made.a_id} {made.a_name}", "b": f"{made.b_id} {made.b_name}"}
    shown = {name: terminal.plain(text) for name, text in names.items()}
    terminal.say(word("cli", "decided", path=paths.written(decisions.file()), verdict=made.verdict, **shown))


def _case(store: Path | None) -> Case:
    return open_case(None, _ANY_DAY, store)


def _worded(conflicts: pd.DataFrame) -> pd.DataFrame:
    return conflicts.assign(
        joined_by=[word("names", f"by_{by}") for by in conflicts["joined_by"]],
        members=[
            ", ".join([*ids, *records]) for ids, records in conflicts[["party_ids", "record_ids"]].itertuples(index=False)
        ],
        reason=[word("names", reason) for reason in conflicts["reason"]],
    )


def _tell(found: pd.DataFrame, columns: tuple[str, ...], limit: int, export: Path | None) -> None:
    """Print the first rows, or write all of them to a workbook."""
    rows = [[None if pd.isna(cell) else cell for cell in row] for row in found[list(columns)].itertuples(index=False)]
    if export is not None:
        _write(export, columns, rows)
        terminal.say(word("cli", "exported_parties", rows=f"{len(rows):,}", path=paths.written(export)))
        return
    terminal.table(columns, rows[:limit], numbers=("confidence",))
    if len(rows) > limit:
        terminal.say(word("cli", "more_parties", count=f"{len(rows) - limit:,}"))


def _write(path: Path, columns: tuple[str, ...], rows: list[list[object]]) -> None:
    """Write a workbook whose texts are texts: a name that begins with = is no formula."""
    with targets.writing(path) as draft, xlsxwriter.Workbook(draft, {**_PLAIN, "in_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        sheet.write_row(0, 0, [word("cli", name) for name in columns], book.add_format({"bold": True}))
        for n, row in enumerate(rows, start=1):
            sheet.write_row(n, 0, row)
