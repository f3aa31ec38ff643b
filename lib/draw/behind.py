"""The rows behind a line of a network: its transfers, and where in the files each is shown."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from lib.case import Case
from lib.draw import masking
from lib.draw.markup import plain
from lib.draw.writing import count, day, yuan
from lib.intake.parts import label
from lib.words import pick, word

SHOWN = 8  # transfers of one line that are written out


def rows_behind(case: Case | None, lines: Iterable[dict[str, Any]]) -> list[list[str]]:
    """Return for each line of a network (its facts) a text per transfer: time, amount, file and line; no case, no texts."""
    facts = list(lines)
    wanted = [list(f.get("transfer_ids") or [])[:SHOWN] for f in facts]
    texts = _texts(case, sorted({i for ids in wanted for i in ids})) if case is not None else {}
    return [_written([texts[i] for i in ids if i in texts], fact) for ids, fact in zip(wanted, facts, strict=True)]


def _written(rows: list[str], fact: dict[str, Any]) -> list[str]:
    left = int(fact.get("count") or len(rows)) - len(rows)
    return [*rows, word("draw", "more_rows", n=count(left))] if rows and left > 0 else rows


def _texts(case: Case, ids: list[str]) -> dict[str, str]:
    places: dict[str, list[str]] = defaultdict(list)
    found: dict[str, dict[str, Any]] = {}
    for row in case.store.run("transfer_lines", ids=ids).to_pylist():
        found[row["transfer_id"]] = row
        if row["name"] is not None:
            file = label(row["name"], row["member"], row["sheet"])
            file = masking.mask_number(file) if masking.masks() else file
            places[row["transfer_id"]].append(word("draw", "place", file=file, line=count(row["line"])))
    return {
        i: plain(" · ".join(t for t in (_when(row), yuan(row["amount_yuan"]), pick("；", "; ").join(places[i])) if t))
        for i, row in found.items()
    }


def _when(row: dict[str, Any]) -> str:
    return day(row["at"])[:10] if row["day_only"] else day(row["at"])
