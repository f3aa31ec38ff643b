"""What people decided of two parties: one line each in data/raw/records/party_decisions.csv, only ever appended to.

The last line on a pair counts. A line that is removed is undone at the next import.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from lib import records
from lib.errors import BadParameter

VERDICTS = ("same", "different", "unsure")


@dataclass(frozen=True)
class Decision:
    """A line: two ids and what they were called, same, different or unsure; who decided when (Beijing time), and why."""

    a_id: str
    b_id: str
    a_name: str
    b_name: str
    verdict: str
    who: str
    when: str
    why: str

    @property
    def pair(self) -> tuple[str, str]:
        """Return the two ids, whichever was named first."""
        return (self.a_id, self.b_id) if self.a_id < self.b_id else (self.b_id, self.a_id)


_COLUMNS = tuple(field.name for field in fields(Decision))


def file() -> Path:
    """Return where the decisions are kept."""
    return records.file("party_decisions")


def read() -> list[Decision]:
    """Return all decisions, in the order of the file; none, if there is no file.

    Raises
    ------
    BadFile
        If the file is not what this program writes: the message names the line.
    """
    return [Decision(**values) for _, values in records.read(file(), _COLUMNS, _fault)]


def effective(made: Iterable[Decision]) -> dict[tuple[str, str], Decision]:
    """Return the decision that counts on each pair: the last."""
    return {decision.pair: decision for decision in made}


def digest() -> str:
    """Return a digest of what the decisions make the Store join or keep apart; empty if nothing."""
    counted = sorted((*pair, d.verdict) for pair, d in effective(read()).items() if d.verdict != "unsure")
    return hashlib.sha256(repr(counted).encode()).hexdigest()[:12] if counted else ""


def append(a: tuple[str, str], b: tuple[str, str], verdict: str, who: str, why: str) -> Decision:
    """Append a decision on two parties, each an id and a name, and return it.

    Raises
    ------
    BadParameter
        If the verdict is none of `VERDICTS`, or nobody or no reason is named.
    """
    if verdict not in VERDICTS:
        raise BadParameter(
            f"结论 {verdict!r} 应为 same (同一)、different (不同) 或 unsure (待定)",
            f"The verdict {verdict!r} must be one of {', '.join(VERDICTS)}",
        )
    who, why = records.signed(who, why)
    read()  # a file that cannot be read is not written to
    made = Decision(a[0], b[0], a[1], b[1], verdict, who, records.stamp(), why)
    records.append(file(), _COLUMNS, asdict(made))
    return made


def _fault(values: records.Line) -> tuple[str, str] | None:
    if values["verdict"] in VERDICTS and all(values[name] for name in ("a_id", "b_id", "who", "why")):
        return None
    return (
        f"应有 a_id、b_id、who、why, verdict 应为 {'、'.join(VERDICTS)}",
        f"a_id, b_id, who and why are needed, and verdict is one of {', '.join(VERDICTS)}",
    )
