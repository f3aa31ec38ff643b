"""What `lookthrough register` shows and writes down: the institutions of a district, and what people enter about them."""

from collections.abc import Mapping
from pathlib import Path

from lib import paths, targets, terminal
from lib.case import Case, find, open_case
from lib.errors import BadParameter
from lib.store import Store, open_store
from lib.words import word

_ANY_DAY = "2018-09-30"  # who is on the list does not depend on the day
_SHOWN = ("institution_id", "name", "register_state", "disposal_class", "grade", "computed_grade", "leads")
_FOUR = ("name", "disposal_measure", "exit_on", "responsible")  # 机构、处置措施、退出时间、责任主体


def show(store: Path | None, as_of: str | None, until: str | None, export: Path | None) -> None:
    """Show the register, the four columns with it; or write it, its history and the district's lists to a workbook."""
    from lib import dossier

    if export is not None:
        targets.check_new(export, ".xlsx")
    case = open_case(None, as_of, store)
    if export is not None:
        _write(case, until, export)
        return
    made = dossier.register(case, until)
    from lib.draw.columns import heading

    columns = (*_SHOWN, *_FOUR[1:])
    rows = made[list(columns)].itertuples(index=False)
    told = [[_shown(n, cell) for n, cell in zip(columns, row, strict=True)] for row in rows]
    terminal.table((), told, heads=[heading(name)[0] for name in columns])
    counts = made["register_state"].value_counts().to_dict()
    said = {name: f"{counts.get(name, 0):,}" for name in ("entered", "not_entered", "removed")}
    terminal.say(word("register", "counted", as_of=case.as_of, **said))


def enter(store: Path | None, asked: str, action: str, given: Mapping[str, str | None], who: str, why: str) -> None:
    """Write an entry down and say where it stands."""
    from lib.dossiers import entries

    opened = open_store(store)
    values = {name: text for name, text in given.items() if text is not None}
    named = values.pop("name", None)
    made = entries.append(opened, _institution(opened, asked, named, action), action, values, who, why)
    shown = {"id": terminal.plain(made.institution_id), "name": terminal.plain(made.name)}
    shown |= {"action": word("register", action), "path": paths.written(entries.file())}
    terminal.say(word("register", "written", on=made.on, **shown))


def answer(store: Path | None, asked: str, given: str, who: str, why: str) -> None:
    """Write down what an office answered on an institution, and say where it stands."""
    from lib import dossier, records

    case = open_case(None, _ANY_DAY, store)
    institution_id, name = _institution(case.store, asked, None, "change")
    dossier.answer(case, institution_id, given, who, why)
    shown = {"id": terminal.plain(institution_id), "name": terminal.plain(name), "answer": word("register", given)}
    terminal.say(word("register", "answered", path=paths.written(records.file("survey_answers")), **shown))


def _shown(name: str, cell: object) -> object:
    from lib.draw.columns import code_word
    from lib.draw.writing import is_null

    return None if is_null(cell) else code_word(name, cell) if isinstance(cell, str) else cell


def _institution(store: Store, asked: str, named: str | None, action: str) -> tuple[str, str]:
    """Return id and name: of the Store, else as the register has it, else (with a name given) of one that is new to both."""
    from lib.dossiers import entries

    try:
        institution_id, party_id, name = find(store, asked)
        return institution_id or party_id, named or name
    except BadParameter:
        known = {e.institution_id: e.name for e in entries.all_entries(store)}
        ids = [i for i, name in known.items() if asked in (i, name)]
        if len(ids) == 1:
            return ids[0], named or known[ids[0]]
        if action == "add" and named:
            return asked, named
        raise


def _write(case: Case, until: str | None, path: Path) -> None:
    from lib import checks, dossier
    from lib.export import workbook

    found = checks.run(case)
    register = dossier.register(case, until, found)
    sheets = {
        "four_columns": register[register["register_state"] == "entered"][list(_FOUR)],
        "register": register,
        "history": dossier.history(case),
        "survey": dossier.survey(case),
        "league": dossier.league(case, found),
        "shared": dossier.shared(case),
        "deadlines": dossier.deadlines(case),
        "work": dossier.work(case, found),
    }
    workbook.write(path, {word("sheets", name): made for name, made in sheets.items()})
    counts = {"institutions": f"{len(register):,}", "entered": f"{len(sheets['four_columns']):,}"}
    terminal.say(word("register", "exported", path=paths.written(path), **counts))
