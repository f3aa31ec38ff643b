"""What the steps of the command line do: call curate, checks and report, show what became of it, say where it lies.

`sample` is the demo: its Store and reports are made again only where something they are made from has changed.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from lib import paths, terminal
from lib.case import Case, day_of, open_case
from lib.errors import BadParameter, DataGap
from lib.store import open_store
from lib.words import language, pick, word

_SHOWN_REASONS = 10
_SHOWN_ROWS = 100


def import_files(delivery: list[Path], store: Path | None, *, rebuild: bool = False, jobs: int | None = None) -> bool:
    """Import files, show what became of each and tell whether every row of the new ones was accepted."""
    done = _import(delivery, store, rebuild=rebuild, jobs=jobs)
    done = done.assign(file=done["name"], name=_labels(done))
    fresh = done[done["state"] != "already_imported"]
    unread = fresh["state"] == "quarantined"
    fresh = fresh.assign(state=fresh["state"].map(lambda s: word("cli", "file_quarantined" if s == "quarantined" else s)))
    aside = ("rows_set_aside",) if fresh["rows_set_aside"].fillna(0).any() else ()
    columns = ("name", "profile_id", "state", "rows_read", "rows_accepted", "rows_quarantined", *aside)
    if len(fresh):
        terminal.table(columns, _rows(fresh, columns), numbers=columns[3:])
    for name, unused in fresh[["name", "unused_columns"]].itertuples(index=False):
        if unused:
            terminal.say(word("cli", "unused", name=terminal.plain(name), columns=terminal.plain(", ".join(unused))))
    if quarantined := int(done["rows_quarantined"].fillna(0).sum()):
        terminal.say(word("cli", "quarantined", count=f"{quarantined:,}"))
    _say_stated(fresh)
    whole = not (unread.any() or fresh["rows_quarantined"].fillna(0).any())
    if not whole:
        _say_reasons(store, set(fresh["source_id"].dropna()))
    _say_failing_numbers(store, set(fresh["source_id"].dropna()))
    if same := len(done[done["state"] == "already_imported"][["file", "delivery"]].drop_duplicates()):
        terminal.say(word("cli", "same", count=same))
    terminal.say(word("cli", "store", path=paths.written(store or paths.default_store())))
    return whole


def _labels(done: pd.DataFrame) -> list[str]:
    """Return what each part is called: its file, and in it the member and the sheet."""
    from lib.intake import parts

    return [parts.label(*names) for names in done[["name", "member", "sheet"]].itertuples(index=False)]


def _import(delivery: list[Path], store: Path | None, *, rebuild: bool, jobs: int | None = None) -> pd.DataFrame:
    from lib import curate

    with terminal.progress() as step:

        def tell(name: str, done: int, total: int, rows: int) -> None:
            sizes = {"done": f"{done / 1e6:,.1f}", "total": f"{total / 1e6:,.1f}", "rows": f"{rows:,}"}
            step(name, done, total, word("cli", "read_so_far", **sizes))

        return curate.import_delivery(delivery, store, rebuild=rebuild, progress=tell, jobs=jobs)


def show_quarantine(store: Path | None, source_id: str | None, limit: int) -> None:
    """Show what was set apart: how many rows for which reason, then the rows, and whether they were corrected."""
    from lib import quarantine

    opened = open_store(store)
    reasons = quarantine.reasons(opened, source_id)
    if not reasons:
        terminal.say(word("cli", "nothing_set_apart"))
        return
    columns = ("source_id", "name", "reason", "count", "corrected")
    names = ("source_id", "name", "kind", "n", "n_corrected")
    terminal.table(columns, [[row[name] for name in names] for row in reasons], numbers=columns[3:])
    found = quarantine.rows(opened, source_id, limit)
    shown = found.assign(
        corrected=[
            "" if pd.isna(line) else f"{source}:{int(line)} {by or ''}".strip()
            for source, line, by in found[["corrected_source_id", "corrected_line", "corrected_by"]].itertuples(index=False)
        ]
    )
    columns = ("source_id", "line", "reason", "original_text", "corrected")
    terminal.table(columns, _rows(shown, columns), numbers=("line",))
    if (more := sum(row["n"] for row in reasons) - len(found)) > 0:
        terminal.say(word("cli", "more_set_apart", count=f"{more:,}"))
    if any(row["n_corrected"] < row["n"] and row["first_line"] and not row["corrects"] for row in reasons):
        terminal.say(word("cli", "how_to_correct", program=_program()))


def explain_files(files: list[Path], rows: int, *, stub_only: bool) -> bool:
    """Say how files would be read, and tell whether all of them would be."""
    from lib import doctor, explaining

    if stub_only:
        return _say_stubs(files)
    readings = doctor.explain(files, rows)
    for reading in readings:
        explaining.show(reading)
    terminal.say(word("cli", "no_effect"))
    return not any(reading.error for reading in readings)


def _say_stubs(files: list[Path]) -> bool:
    """Print profiles to begin with, and tell whether the files can be read without; what has no profile is said on stderr.

    A mapping.toml that is there already is not asked: the shell makes an empty one before `--stub > mapping.toml` begins.
    """
    from lib import doctor

    readings = doctor.explain(files, 0, mappings=False)
    for stub in dict.fromkeys(reading.stub.rstrip() for reading in readings if reading.stub):
        terminal.say(stub)
    for reading in (reading for reading in readings if not reading.stub):
        said = reading.error or reading.note or (reading.layout.profile.name if reading.layout else "")
        terminal.note(terminal.plain(word("cli", "no_stub", name=reading.name, said=said)))
    return not any(reading.error for reading in readings)


def export_quarantine(path: Path, store: Path | None, source_id: str | None = None) -> bool:
    """Write the workbook in which rows that were set apart are corrected, and tell whether all of them are in it."""
    from lib import quarantine

    made = quarantine.export(open_store(store), path, source_id)
    terminal.say(word("cli", "exported", path=paths.written(path), sheets=made.sheets, rows=f"{made.rows:,}"))
    for file, why in made.missing.items():
        terminal.note(f"{word('cli', 'error')}: {terminal.plain(file)}: {terminal.plain(why)}")
    terminal.say(word("cli", "then_import", path=paths.written(path), program=_program()))
    return not made.missing


def _say_stated(fresh: pd.DataFrame) -> None:
    """Say where a file states another number of rows or another sum of itself than what was accepted of it."""
    from lib.intake import totals as control

    for name, totals in fresh[["name", "totals"]].itertuples(index=False):
        for total in (one for one in totals if control.disagreement(one)):
            side = word("cli", f"side_{total['side'] or 'both'}")
            said = {"stated_rows": total["stated_rows"], "stated_total": total["stated_total"]}
            said = {key: "-" if value is None else f"{value:,}" for key, value in said.items()}
            found = {"rows": f"{total['row_count']:,}", "total": f"{total['stored_total']:,}"}
            terminal.say(word("cli", "stated_differs", name=terminal.plain(name), side=side, **said, **found))


def _say_failing_numbers(store: Path | None, source_ids: set[str]) -> None:
    """Say how many identity numbers, credit codes and card numbers of the files just imported fail their check digits."""
    from lib.intake import check_digits

    if source_ids and (count := check_digits.failing(open_store(store), source_ids)):
        terminal.say(word("cli", "failing_numbers", count=f"{count:,}"))


def _say_reasons(store: Path | None, source_ids: set[str]) -> None:
    """Say of the files just imported which rows were set apart and why: a line per file and reason."""
    from lib.intake import ledger

    rows = [row for row in open_store(store).run("quarantine_reasons").to_pylist() if row["source_id"] in source_ids]
    for row in rows[:_SHOWN_REASONS]:
        said = {"name": row["name"], "line": row["first_line"], "reason": ledger.reason(row["reason"]), "count": row["n"]}
        terminal.note(terminal.plain(word("cli", "set_apart" if row["first_line"] else "file_apart", **said)))
    if len(rows) > _SHOWN_REASONS:
        terminal.note(word("cli", "more_reasons", count=len(rows) - _SHOWN_REASONS))


def check_cases(ids: list[str], as_of: str | None, store: Path | None, what_ifs: dict[str, dict[str, object]]) -> None:
    """Run the rules, keep the findings unless they are a what-if, and show counts by rule and outcome."""
    from lib import checks

    cases = [open_case(name, as_of, store) for name in ids] or [open_case(None, as_of, store)]
    found = []
    with terminal.progress() as step:
        for done, case in enumerate(cases):
            step(case.name, done, len(cases))
            found.append(checks.run(case, **what_ifs))
    every = pd.concat(found, ignore_index=True)
    counts = Counter(zip(every["rule_id"], every["outcome"], strict=True))
    outcomes = ("hit", "clear", "not_testable")
    rows = [[name, checks.explain(name)["title"], *(counts[name, o] for o in outcomes)] for name in checks.rules()]
    terminal.table(("rule", "title", *outcomes), rows, numbers=outcomes)
    if what_ifs:
        terminal.say(word("cli", "what_if"))
    else:
        path = checks.save(cases[0], every, _findings_file(cases, ids))
        terminal.say(word("cli", "findings", path=paths.written(path), as_of=cases[0].as_of))


def make_reports(ids: list[str] | None, store: Path | None, **settings: Any) -> bool:
    """Make reports (without ids one on the whole district), show what became of each and tell whether all are made."""
    from lib import report as reports

    with terminal.progress() as step:
        settings["progress"] = lambda done, total, row: step(f"{row['name']} ({done}/{total})", done, total)
        done = reports.run(ids, store=store, **settings)
    shown = done.assign(
        named=done["name"],
        untested=done["not_testable"],
        outcome=done["outcome"].map(lambda o: word("cli", o)),
        path=done["path"].map(lambda p: paths.written(Path(p)), na_action="ignore"),
    )
    columns = ("asked", "named", "outcome", "hits", "untested", "path", "reason")
    terminal.table(columns, _rows(shown, columns), numbers=("hits", "untested"))
    failed = int((done["outcome"] == "failed").sum())
    terminal.say(word("cli", "reports", made=len(done) - failed, failed=failed))
    return failed == 0


def institutions(store: Path | None) -> list[str]:
    """Return the ids of all institutions of a Store."""
    opened = open_store(store)
    found = opened.arrow("select institution_id from institutions order by institution_id")["institution_id"].to_pylist()
    if not found:
        raise DataGap(
            f"数据库 {paths.written(opened.path)} 中没有机构名单 (institutions)。请指定编号或名称, 或先导入机构名单",
            f"The Store {paths.written(opened.path)} lists no institutions. Give ids or names, or import such a list",
        )
    return [str(name) for name in found]


def sample(store: Path | None, jobs: int) -> bool:
    """Import, check and report the sample district; tell whether all reports are made."""
    raw, out = paths.home() / "data" / "raw" / "sample", paths.home() / "reports" / "sample"
    own = paths.home() / "data" / "curated" / "sample.duckdb"
    path = (store or own).resolve()
    if not raw.is_dir():
        raise DataGap(
            f"没有样例数据 {paths.written(raw)}。请在项目目录下运行, 或设置 LOOKTHROUGH_HOME",
            f"There is no sample at {paths.written(raw)}. Run this in the project's folder, or set LOOKTHROUGH_HOME",
        )
    import_files([raw], path, rebuild=_rebuilds(path, raw, ours=path == own.resolve()))
    check_cases([], None, path, {})
    ids = institutions(path)
    if _current(out, path, len(ids)):
        terminal.say(word("cli", "current"))
        done = True
    else:
        done = make_reports(ids, path, out=out, jobs=jobs)
    if done:
        terminal.say(word("cli", "next", index=paths.written(out / "index.html"), program=_program()))
    return done


def simulate_district(out: Path, asked: dict[str, Any]) -> None:
    """Write a made-up district and say what is in it."""
    from lib import simulate

    with terminal.stoppable(), terminal.progress() as step:
        asked["progress"] = lambda what, done, total: step(word("simulate", what), done, total)
        done = simulate.simulate(out, **asked)
    counts = {name: f"{done[name]:,}" for name in ("institutions", "contracts", "flows", "files", "planted", "decoys")}
    terminal.say(word("simulate", "done", path=paths.written(done["path"]), **counts))
    if rows := sum(entry["line"] > 0 for entry in done["broken"]):
        terminal.say(word("simulate", "broken", count=f"{rows:,}"))
    if files := sum(entry["line"] == 0 for entry in done["broken"]):
        terminal.say(word("simulate", "twice", count=f"{files:,}"))
    for text in dict.fromkeys(pick(part["zh"], part["en"]) for part in done["left_out"]):
        terminal.say(text)
    terminal.say(word("simulate", "next", path=paths.written(done["path"]), program=_program()))


def export_bods(asked: str | None, path: Path, store: Path | None) -> None:
    """Write what is known of an institution's shareholders, or of all, as statements of BODS, and say how many there are."""
    from lib.export import bods

    made = bods.write(open_case(asked, None, store), path)
    counts = {"entities": made.entities, "persons": made.persons, "relationships": made.relationships}
    terminal.say(word("cli", "exported_bods", path=paths.written(path), **{name: f"{n:,}" for name, n in counts.items()}))


def evaluate_district(folder: Path, store: Path | None, *, as_of: str | None, as_json: bool, page: Path | None) -> None:
    """Run the rules on a simulated district and show how they did against its key, as tables or as one JSON document."""
    from lib import evaluate

    evaluate.read_key(folder)  # before an import that may take minutes, as is the day
    if as_of is not None:
        day_of(as_of)
    path = store or paths.home() / "data" / "curated" / f"{folder.resolve().name}.duckdb"
    if store is None:
        ours = path.resolve() != paths.default_store().resolve()  # a folder may be named like the project's own Store
        _import([folder], path, rebuild=_rebuilds(path, folder, ours=ours))
    result = evaluate.evaluate(open_case(None, as_of, path), folder)
    if page is not None:
        evaluate.write_page(result, page)
    if as_json:  # ASCII: what a terminal's encoding lacks would be escaped in a way that no JSON knows
        terminal.say(json.dumps(result, default=str, allow_nan=False))
        return
    _say_evaluation(result)
    terminal.say(word("cli", "store", path=paths.written(path)))
    if page is not None:
        terminal.say(word("evaluate", "page", path=paths.written(page)))


def _say_evaluation(result: dict[str, Any]) -> None:
    from lib.evaluation import listing

    for line in listing.headline(result):
        terminal.say(terminal.plain(line))
    for made in listing.listings(result):
        terminal.say(f"\n{made.caption}")
        terminal.table(made.columns, made.rows[:_SHOWN_ROWS], numbers=made.numbers)
        if (more := len(made.rows) - _SHOWN_ROWS) > 0:
            terminal.say(word("evaluate", "more", count=f"{more:,}"))


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[list[object]]:
    """Return some columns of a frame as rows of plain values, None for what is missing."""
    chosen = frame[list(columns)].astype(object)
    rows: list[list[object]] = chosen.where(chosen.notna(), None).to_numpy().tolist()
    return rows


def _rebuilds(store: Path, raw: Path, *, ours: bool) -> bool:
    """Tell whether a Store that is to hold a folder and nothing else must be made anew."""
    try:
        return _outdated(store, raw)
    except DataGap:  # damaged, or made by another version: what we made we can make again, another's is not ours to lose
        if not ours:
            raise
        return True


def _outdated(store: Path, raw: Path) -> bool:
    """Tell whether a Store no longer holds what a folder holds; refuse one that holds anything else."""
    from lib import curate

    if not store.exists():
        return False
    held = open_store(store).arrow("select path, sha256, importer_version from sources").to_pylist()
    if any(not (paths.found(row["path"]).resolve()).is_relative_to(raw.resolve()) for row in held):
        raise BadParameter(
            f"数据库 {paths.written(store)} 中有 {paths.written(raw)} 以外的数据, 不会动它。请用 --store 另指定一个文件",
            f"The Store {paths.written(store)} holds other data than {paths.written(raw)} and is left alone. "
            "Name another file with --store",
        )
    there = {hashlib.sha256(file.read_bytes()).hexdigest() for file in _files(raw)}
    return any(row["sha256"] not in there or row["importer_version"] != curate.importer_version() for row in held)


def _current(out: Path, store: Path, count: int) -> bool:
    """Tell whether the reports are newer than their Store and the program, and in the language asked for."""
    made = list(out.glob("*.html"))
    index = out / "index.html"
    if len(made) != count + 1 or not index.exists():
        return False
    sources = (store, *_files(paths.PACKAGE), *_files(paths.template("institution").parent))
    newest = max(file.stat().st_mtime for file in sources)
    head = index.read_text(encoding="utf-8")[:200]
    return f'lang="{language()}' in head and min(file.stat().st_mtime for file in made) > newest


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _program() -> str:
    """Return how this command is called from the project's folder."""
    return ".venv/bin/lookthrough" if (paths.home() / ".venv" / "bin" / "lookthrough").exists() else "lookthrough"


def _findings_file(cases: Sequence[Case], ids: Sequence[str]) -> Path | None:
    """Return where the findings of some cases are kept, so that they do not replace those of the district."""
    if not ids:
        return None
    store = cases[0].store
    return store.path.with_name(
        f"{store.path.stem}.{store.version}.{paths.file_stem(cases[0].name, ' '.join(ids))}.findings.parquet"
    )
