"""The `lookthrough` command: thin calls of curate, checks and report, and one-line errors.

Texts of the help stand in labels.toml ([commands], [options]) and are put in when the process's language is known; heavy
modules are imported by the command that needs them, so that `--help` is quick.

Exit codes: 0 done · 1 data or files, or a fault of the program · 2 a name or option that does not exist · 130 stopped (Ctrl-C).
"""

import hashlib
import os
import shlex
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import pandas as pd
import typer

from lib import paths, terminal, usage
from lib.case import Case, open_case
from lib.errors import BadParameter, DataGap, LookthroughError
from lib.store import open_store
from lib.words import word

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich")
rule_app = typer.Typer(no_args_is_help=True)
app.add_typer(rule_app, name="rule")

Lang = Annotated[str | None, typer.Option("--lang", metavar="zh|en")]
StoreFile = Annotated[Path | None, typer.Option("--store", metavar="FILE")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD")]
Asked = Annotated[list[str] | None, typer.Argument(metavar="ID", show_default=False)]
All = Annotated[bool, typer.Option("--all", show_default=False)]


@app.callback()
@rule_app.callback()
def every_command(lang: Lang = None) -> None:
    """Take the language before a command too; `usage.speak` has read it by now."""


@app.command("import")
def import_(
    delivery: Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)],
    rebuild: Annotated[bool, typer.Option("--rebuild", show_default=False)] = False,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Bring files into the Store."""
    _import(delivery, store, rebuild=rebuild)


@app.command()
def check(
    ids: Asked = None,
    everyone: All = False,
    what_if: Annotated[list[str] | None, typer.Option("--what-if", metavar="RULE.NAME=VALUE", show_default=False)] = None,
    as_of: AsOf = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Run the rules."""
    if ids and everyone:
        raise _both("--all")
    _check(list(dict.fromkeys(ids or [])), as_of, store, usage.what_ifs(what_if or []))


@app.command()
def report(
    ids: Asked = None,
    everyone: All = False,
    parameters: Annotated[list[str] | None, typer.Option("--set", metavar="NAME=VALUE", show_default=False)] = None,
    file: Annotated[Path | None, typer.Option("--file", metavar="FILE")] = None,
    jobs: Annotated[int, typer.Option("--jobs", min=1, metavar="N")] = 1,
    out: Annotated[Path | None, typer.Option("--out", metavar="DIR")] = None,
    as_of: AsOf = None,
    template: Annotated[str, typer.Option("--template", metavar="NAME")] = "institution",
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Make reports."""
    asked = [*(ids or []), *(usage.listed(file) if file is not None else [])]
    if asked and everyone:
        raise _both("--all")
    if not asked and not everyone:
        raise BadParameter(
            "没有指定机构: 请给出编号或名称, 或用 --file 名单.txt, 或用 --all (全部机构)",
            "No institution is named: give ids or names, or --file ids.txt, or --all for every institution",
        )
    chosen = _institutions(store) if everyone else list(dict.fromkeys(asked))
    given = dict(usage.pair(text, "--set", "NAME=VALUE") for text in parameters or [])
    _report(chosen, store, as_of=as_of, out=out, template=template, parameters=given, jobs=jobs)


@app.command()
def demo(
    jobs: Annotated[int, typer.Option("--jobs", min=1, metavar="N")] = 2,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Import, check and report the sample district."""
    raw = paths.home() / "data" / "raw" / "sample"
    store = store or paths.home() / "data" / "curated" / "sample.duckdb"
    out = paths.home() / "reports" / "sample"
    if not raw.is_dir():
        raise DataGap(
            f"没有样例数据 {paths.written(raw)}。请在项目目录下运行, 或设置 LOOKTHROUGH_HOME",
            f"There is no sample at {paths.written(raw)}. Run this in the project's folder, or set LOOKTHROUGH_HOME",
        )
    _import([raw], store, rebuild=_outdated(store, raw))
    _check([], None, store, {})
    _report(_institutions(store), store, out=out, jobs=jobs)
    terminal.say(word("cli", "next", index=paths.written(out / "index.html"), program=_program()))


@app.command()
def lab(
    port: Annotated[int, typer.Option("--port", min=1024, max=65535, metavar="N")] = 8888,
    no_browser: Annotated[bool, typer.Option("--no-browser", show_default=False)] = False,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Start JupyterLab."""
    if store is not None:
        os.environ["LOOKTHROUGH_STORE"] = str(store.resolve())
    os.environ.setdefault("LOOKTHROUGH_HOME", str(paths.home()))
    flags = [
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        f"--ServerApp.root_dir={paths.home()}",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        "--LabApp.extension_manager=readonly",
        "--LabApp.default_url=/lab/tree/notebooks/01_first_look.ipynb",
    ]
    if no_browser:
        flags.append("--ServerApp.open_browser=False")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        flags.append("--allow-root")
    command = [sys.executable, "-m", "jupyterlab", *flags]
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter, no shell


@rule_app.command("list")
def rule_list(store: StoreFile = None, lang: Lang = None) -> None:
    """List the rules."""
    from lib import checks

    columns = ["rule", "title", "severity", "thresholds", *(["missing"] if store is not None else [])]
    missing = _missing(store) if store is not None else {}
    rows = []
    for name in checks.rules():
        said = checks.explain(name)
        thresholds = ", ".join(f"{key}={value}" for key, value in said["thresholds"].items())
        rows.append([name, said["title"], said["severity_word"], thresholds, *([missing[name]] if store is not None else [])])
    terminal.table(columns, rows)


@rule_app.command("show")
def rule_show(
    rule: Annotated[str, typer.Argument(metavar="ID", show_default=False)], store: StoreFile = None, lang: Lang = None
) -> None:
    """Print a rule."""
    from lib import checks

    text = checks.show(rule).rstrip()
    if store is not None:
        open_store(store)
        text = f"-- duckdb -readonly {shlex.quote(str(store))}\n{text}"
    sys.stdout.write(f"{text}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; every error is one line on stderr."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a file's name need not be text in the terminal's encoding
    try:
        usage.speak(arguments)
        code = usage.worded(typer.main.get_command(app)).main(arguments, prog_name="lookthrough", standalone_mode=False)
    except LookthroughError as error:
        return terminal.refuse(error)
    except (KeyboardInterrupt, typer.Abort):
        terminal.note(word("cli", "stopped"))
        return 130
    except BrokenPipeError:  # `lookthrough rule list | head -1`: whoever read has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:  # the last line of defence: never a traceback
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been printed
            return 2
        refused = usage.refusal(error)
        return terminal.refuse(refused) if refused else terminal.fault(error)
    return int(code or 0)


def _import(delivery: list[Path], store: Path | None, *, rebuild: bool = False) -> None:
    """Import files and show what became of each."""
    from lib import curate

    with terminal.progress() as step:
        done = curate.import_delivery(delivery, store, rebuild=rebuild, progress=step)
    fresh = done[done["state"] != "already_imported"].assign(state=lambda f: f["state"].map(lambda s: word("cli", s)))
    columns = ("name", "profile_id", "state", "rows_read", "rows_accepted", "rows_quarantined")
    if len(fresh):
        terminal.table(columns, _rows(fresh, columns), numbers=columns[3:])
    for name, unused in fresh[["name", "unused_columns"]].itertuples(index=False):
        if unused:
            terminal.say(word("cli", "unused", name=terminal.plain(name), columns=terminal.plain(", ".join(unused))))
    if quarantined := int(done["rows_quarantined"].fillna(0).sum()):
        terminal.say(word("cli", "quarantined", count=f"{quarantined:,}"))
    if same := len(done) - len(fresh):
        terminal.say(word("cli", "same", count=same))
    terminal.say(word("cli", "store", path=paths.written(store or paths.default_store())))


def _check(ids: list[str], as_of: str | None, store: Path | None, what_ifs: dict[str, dict[str, object]]) -> None:
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


def _report(ids: list[str], store: Path | None, **settings: Any) -> None:
    """Make reports and show what became of each; exit code 1 if one of them failed."""
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
    if failed:
        raise typer.Exit(1)


def _institutions(store: Path | None) -> list[str]:
    """Return the ids of all institutions of a Store."""
    opened = open_store(store)
    found = opened.arrow("select institution_id from institutions order by institution_id")["institution_id"].to_pylist()
    if not found:
        raise DataGap(
            f"数据库 {paths.written(opened.path)} 中没有机构名单 (institutions)。请指定编号或名称, 或先导入机构名单",
            f"The Store {paths.written(opened.path)} lists no institutions. Give ids or names, or import such a list",
        )
    return [str(name) for name in found]


def _rows(frame: pd.DataFrame, columns: Sequence[str]) -> list[list[object]]:
    """Return some columns of a frame as rows of plain values, None for what is missing."""
    chosen = frame[list(columns)].astype(object)
    rows: list[list[object]] = chosen.where(chosen.notna(), None).to_numpy().tolist()
    return rows


def _outdated(store: Path, raw: Path) -> bool:
    """Tell whether a Store of the sample holds files that are no longer in it, or cannot be used by this program."""
    from lib import curate

    try:
        held = open_store(store).arrow("select sha256, importer_version from sources").to_pylist()
    except DataGap:
        return True
    there = {hashlib.sha256(file.read_bytes()).hexdigest() for file in raw.rglob("*") if file.is_file()}
    return any(row["sha256"] not in there or row["importer_version"] != curate.importer_version() for row in held)


def _program() -> str:
    """Return how this command is called from the project's folder."""
    return ".venv/bin/lookthrough" if (paths.home() / ".venv" / "bin" / "lookthrough").exists() else "lookthrough"


def _both(option: str) -> BadParameter:
    return BadParameter(
        f"编号与 {option} 不能同时给出, 请只用其一", f"Ids and {option} cannot be given together; use one of them"
    )


def _findings_file(cases: Sequence[Case], ids: Sequence[str]) -> Path | None:
    """Return where the findings of some cases are kept, so that they do not replace those of the district."""
    if not ids:
        return None
    store = cases[0].store
    return store.path.with_name(
        f"{store.path.stem}.{store.version}.{paths.file_stem(cases[0].name, ' '.join(ids))}.findings.parquet"
    )


def _missing(store: Path) -> dict[str, str]:
    """Return for each rule the tables that it needs and that a Store has no rows of."""
    from lib import checks

    counts = open_store(store).counts()
    return {name: ", ".join(t for t in rule.needs if not counts[t]) for name, rule in checks.rules().items()}


if __name__ == "__main__":
    sys.exit(main())
