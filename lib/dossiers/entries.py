"""Entries of the register (名单库): a line each in data/raw/records/register.csv, only ever appended to, and those delivered.

An entry adds an institution, changes what is said of it or removes it, from a day on. An empty value changes nothing; `-` takes
back what an earlier entry said. What a removed institution had stays to be read.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lib import grading, paths, records
from lib.case import day_of
from lib.errors import BadParameter
from lib.store import Store

ACTIONS = ("add", "change", "remove")
FIELDS = ("category", "disposal_class", "measure", "exit_on", "responsible", "grade")
COLUMNS = ("institution_id", "name", "action", "on", *FIELDS, "who", "when", "why")
NOTHING = "-"  # in a field: takes back what an earlier entry said
_NEEDED = ("institution_id", "on", "who", "when", "why")


@dataclass(frozen=True)
class Entry:
    """An entry: whose, what it does from which day on, what it says (field → text), who wrote it when and why, where it stands.

    `source` and `line` tell the place: a delivered file, or register.csv.
    """

    institution_id: str
    name: str
    action: str
    on: dt.date
    said: Mapping[str, str]
    who: str
    when: str
    why: str
    source: str
    line: int | None


@dataclass
class State:
    """What the entries on an institution come to: its entries in order, and for each field the entry that counts."""

    entries: list[Entry] = field(default_factory=list)
    by_field: dict[str, Entry] = field(default_factory=dict)
    removed: bool = False

    def value(self, name: str) -> str | None:
        """Return what is said in a field; None if nothing is."""
        return self.by_field[name].said[name] if name in self.by_field else None


def file() -> Path:
    """Return where the entries are kept."""
    return records.file("register")


def read() -> list[Entry]:
    """Return the entries of register.csv in the order of the file.

    Raises
    ------
    BadFile
        If the file is not what this program writes: the message names the line.
    """
    shown = paths.written(file())
    return [_entry(values, shown, line) for line, values in records.read(file(), COLUMNS, _fault)]


def all_entries(store: Store, until: dt.date | None = None) -> list[Entry]:
    """Return the entries that were delivered and those of register.csv, in order of days; of one day, delivered ones first."""
    made = [_delivered(row) for row in store.run("register_entries").to_pylist()] + read()
    made.sort(key=lambda entry: entry.on)
    return [entry for entry in made if until is None or entry.on <= until]


def states(entries: Iterable[Entry]) -> dict[str, State]:
    """Return what entries in order come to, by institution."""
    made: dict[str, State] = {}
    for entry in entries:
        state = made.setdefault(entry.institution_id, State())
        state.entries.append(entry)
        state.removed = entry.action == "remove" or (state.removed and entry.action == "change")
        if entry.action == "add":  # on the register anew: nothing of an earlier time counts
            state.by_field = {}
        for name, text in entry.said.items():
            if text == NOTHING:
                state.by_field.pop(name, None)
            else:
                state.by_field[name] = entry
    return made


def append(store: Store, institution: tuple[str, str], action: str, given: Mapping[str, str], who: str, why: str) -> Entry:
    """Append an entry on an institution, an id and a name, and return it.

    Parameters
    ----------
    given
        Fields of `FIELDS`, and `on` (the day from which it counts; today, if empty). Empty ones are left out.

    Raises
    ------
    BadParameter
        If a field or value is none, nothing is said, nobody or no reason is named, or the institution is on the register
        already (add) or is not (change, remove).
    """
    who, why = records.signed(who, why)
    values = {name: " ".join(text.split()) for name, text in given.items()}
    today = records.now().date().isoformat()
    on = day_of(values.pop("on", "") or today, "on").isoformat()
    line = dict.fromkeys(COLUMNS, "") | values
    line |= {"institution_id": institution[0], "name": institution[1], "action": action, "on": on}
    line |= {"who": who, "when": records.stamp(), "why": why}
    if unknown := set(line) - set(COLUMNS):
        raise BadParameter(
            f"没有栏目 {'、'.join(sorted(unknown))}, 可用: {'、'.join(FIELDS)}",
            f"There is no field {', '.join(sorted(unknown))}; there are: {', '.join(FIELDS)}",
        )
    if found := _fault(line):
        raise BadParameter(*found)
    _check(states(all_entries(store)).get(institution[0]), institution[0], action, values)
    records.append(file(), COLUMNS, line)
    return _entry(line, paths.written(file()), None)


def _check(state: State | None, institution_id: str, action: str, values: Mapping[str, str]) -> None:
    """Refuse an entry that does not fit what the register says."""
    there = state is not None and not state.removed
    if there and action == "add":
        raise BadParameter(
            f"{institution_id} 已在名单库中, 请用 change", f"{institution_id} is on the register already; use change"
        )
    if not there and action != "add":
        raise BadParameter(
            f"{institution_id} 不在名单库中, 请先用 add", f"{institution_id} is not on the register; use add first"
        )
    if action == "change" and not any(values.values()):
        raise BadParameter(
            f"没有写明改什么: 请给出 {'、'.join(FIELDS)} 之一", f"Nothing is changed: give one of {', '.join(FIELDS)}"
        )


def _fault(values: records.Line) -> tuple[str, str] | None:
    lacking = [name for name in _NEEDED if not values[name]]
    if lacking or values["action"] not in ACTIONS:
        return (
            f"应有 {'、'.join(_NEEDED)}, action 应为 {'、'.join(ACTIONS)}",
            f"{', '.join(_NEEDED)} are needed, and action is one of {', '.join(ACTIONS)}",
        )
    for name in ("on", "exit_on"):
        if values[name] not in ("", NOTHING if name == "exit_on" else "") and not _is_day(values[name]):
            said = f"{name} {values[name]!r}"
            return f"{said} 应为 YYYY-MM-DD", f"{said} must be YYYY-MM-DD"
    if values["grade"] not in ("", NOTHING, *grading.BANDS):
        said = f"grade {values['grade']!r}"
        return f"{said} 应为 {'、'.join(grading.BANDS)}", f"{said} must be one of {', '.join(grading.BANDS)}"
    return None


def _is_day(text: str) -> bool:
    try:
        return bool(dt.date.fromisoformat(text)) and len(text) == len("2018-09-30")
    except ValueError:
        return False


def _entry(values: Mapping[str, str], source: str, line: int | None) -> Entry:
    return Entry(
        institution_id=values["institution_id"],
        name=values["name"],
        action=values["action"],
        on=dt.date.fromisoformat(values["on"]),
        said={name: values[name] for name in FIELDS if values[name]},
        who=values["who"],
        when=values["when"],
        why=values["why"],
        source=source,
        line=line,
    )


def _delivered(row: Mapping[str, object]) -> Entry:
    return Entry(
        institution_id=str(row["institution_id"]),
        name=str(row["name"] or ""),
        action=str(row["action"]),
        on=day_of(str(row["entered_on"])),
        said={name: str(row[name]) for name in FIELDS if row.get(name) is not None},
        who=str(row["who"] or ""),
        when="",
        why=str(row["why"] or ""),
        source=str(row["source"] or ""),
        line=row["line"],  # type: ignore[arg-type]
    )
