"""The `lookthrough` command: what can be typed, and how it ends.

Texts of the help stand in labels.toml ([commands], [options]) and are put in when the process's language is known; heavy
modules are imported by the step that needs them, so that `--help` is quick.

Exit codes: 0 done · 1 data or files, or a fault of the program · 2 a name or option that does not exist · 130 stopped (Ctrl-C),
143 the same by SIGTERM.
"""

import os
import sys
from pathlib import Path

from lib import stopping

if __name__ == "__main__" or Path(sys.argv[0]).stem == "lookthrough":
    stopping.while_loading()  # what follows takes half a second, and a Ctrl-C in it showed a traceback

import shlex
from collections.abc import Sequence
from typing import Annotated

import typer

from lib import deciding, paths, registering, steps, terminal, usage
from lib.errors import BadParameter, LookthroughError
from lib.store import interrupted, open_store
from lib.words import word

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode="rich")
rule_app = typer.Typer(no_args_is_help=True)
app.add_typer(rule_app, name="rule")
export_app = typer.Typer(no_args_is_help=True)
app.add_typer(export_app, name="export")
register_app = typer.Typer(no_args_is_help=True)
app.add_typer(register_app, name="register")

DISTRICT = "district"  # the template of a page on the whole district, which names no institution
STOPPED = 130  # what typer makes of Ctrl-C

Lang = Annotated[str | None, typer.Option("--lang", metavar="zh|en")]
StoreFile = Annotated[Path | None, typer.Option("--store", metavar="FILE")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="YYYY-MM-DD")]
Asked = Annotated[list[str] | None, typer.Argument(metavar="ID", show_default=False)]
Institution = Annotated[str, typer.Argument(metavar="ID", show_default=False)]
Who = Annotated[str, typer.Option("--who", metavar="NAME", show_default=False)]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", show_default=False)]
OnDay = Annotated[str | None, typer.Option("--on", metavar="YYYY-MM-DD", show_default=False)]
Name = Annotated[str | None, typer.Option("--name", metavar="NAME", show_default=False)]
Category = Annotated[str | None, typer.Option("--category", metavar="TEXT", show_default=False)]
DisposalClass = Annotated[str | None, typer.Option("--class", metavar="rectify|ban|exit|incident", show_default=False)]
Measure = Annotated[str | None, typer.Option("--measure", metavar="TEXT", show_default=False)]
ExitOn = Annotated[str | None, typer.Option("--exit-on", metavar="YYYY-MM-DD", show_default=False)]
Responsible = Annotated[str | None, typer.Option("--responsible", metavar="UNIT", show_default=False)]
Grade = Annotated[str | None, typer.Option("--grade", metavar="red|orange|yellow|green", show_default=False)]
All = Annotated[bool, typer.Option("--all", show_default=False)]


@app.callback()
@rule_app.callback()
@export_app.callback()
@register_app.callback()
def every_command(lang: Lang = None) -> None:
    """Take the language before a command too; `usage.speak` has read it by now."""


@app.command("import")
def import_(
    delivery: Annotated[list[Path], typer.Argument(metavar="PATH", show_default=False)],
    rebuild: Annotated[bool, typer.Option("--rebuild", show_default=False)] = False,
    jobs: Annotated[int | None, typer.Option("--jobs", min=1, metavar="N", show_default=False)] = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Bring files into the Store."""
    if not steps.import_files(delivery, store, rebuild=rebuild, jobs=jobs):
        raise typer.Exit(1)


@app.command()
def doctor(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", show_default=False)],
    rows: Annotated[int, typer.Option("--rows", min=0, metavar="N")] = 5,
    stub: Annotated[bool, typer.Option("--stub", show_default=False)] = False,
    lang: Lang = None,
) -> None:
    """Explain how files would be read."""
    if not steps.explain_files(files, rows, stub_only=stub):
        raise typer.Exit(1)


@app.command()
def quarantine(
    source: Annotated[str | None, typer.Option("--source", metavar="ID", show_default=False)] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N")] = 20,
    export: Annotated[Path | None, typer.Option("--export", metavar="FILE.xlsx", show_default=False)] = None,
    corrected: Annotated[Path | None, typer.Option("--import", metavar="FILE.xlsx", show_default=False)] = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Show rows that were set apart, and bring corrected ones in."""
    if export is not None and corrected is not None:
        raise BadParameter("--export 与 --import 不能同时使用", "--export and --import cannot be used together")
    if export is not None:
        if not steps.export_quarantine(export, store, source):
            raise typer.Exit(1)
    elif corrected is not None:
        if not steps.import_files([corrected], store):
            raise typer.Exit(1)
    else:
        steps.show_quarantine(store, source, limit)


@app.command()
def parties(
    candidates: Annotated[bool, typer.Option("--candidates", show_default=False)] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, metavar="N")] = 50,
    listing: Annotated[Path | None, typer.Option("--export", metavar="FILE.xlsx", show_default=False)] = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Show who is who."""
    deciding.show(store, candidates=candidates, limit=limit, export=listing)


@app.command()
def decide(
    first: Annotated[str, typer.Argument(metavar="A", show_default=False)],
    second: Annotated[str, typer.Argument(metavar="B", show_default=False)],
    verdict: Annotated[str, typer.Argument(metavar="same|different|unsure", show_default=False)],
    who: Who,
    why: Why,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Write down a decision on two parties."""
    deciding.decide(store, first, second, verdict, who, why)


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
    steps.check_cases(list(dict.fromkeys(ids or [])), as_of, store, usage.what_ifs(what_if or []))


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
    chosen: list[str] | None
    asked = [*(ids or []), *(usage.listed(file) if file is not None else [])]
    if asked and everyone:
        raise _both("--all")
    if asked == [] and template == DISTRICT:
        chosen = None
    elif not asked and not everyone:
        raise BadParameter(
            "没有指定机构: 请给出编号或名称, 或用 --file 名单.txt, 或用 --all (全部机构)",
            "No institution is named: give ids or names, or --file ids.txt, or --all for every institution",
        )
    else:
        chosen = steps.institutions(store) if everyone else list(dict.fromkeys(asked))
    given = dict(usage.pair(text, "--set", "NAME=VALUE") for text in parameters or [])
    if not steps.make_reports(chosen, store, as_of=as_of, out=out, template=template, parameters=given, jobs=jobs):
        raise typer.Exit(1)


@app.command()
def simulate(
    target: Annotated[Path, typer.Option("--out", metavar="FOLDER")],
    institutions: Annotated[str, typer.Option("--institutions", metavar="N")] = "12",
    flows: Annotated[str, typer.Option("--flows", metavar="N")] = "1e6",
    seed: Annotated[str, typer.Option("--seed", metavar="N")] = "7",
    clean: Annotated[bool, typer.Option("--clean", show_default=False)] = False,
    form: Annotated[str, typer.Option("--format", metavar="csv|parquet")] = "csv",
    schemes: Annotated[list[str] | None, typer.Option("--scheme", metavar="NAME", show_default=False)] = None,
    sizes: Annotated[list[str] | None, typer.Option("--size", metavar="NAME=SIZE", show_default=False)] = None,
    lang: Lang = None,
) -> None:
    """Write a made-up district with schemes hidden in it."""
    counts = {"institutions": institutions, "flows": flows, "seed": seed}
    asked: dict[str, object] = {name: usage.whole(text, f"--{name}") for name, text in counts.items()}
    asked |= {"clean": clean, "form": form, "schemes": schemes or None}
    asked["sizes"] = dict(usage.number(text, "--size", "NAME=SIZE") for text in sizes or [])
    steps.simulate_district(target, asked)


@app.command()
def evaluate(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", show_default=False)],
    as_json: Annotated[bool, typer.Option("--json", show_default=False)] = False,
    page: Annotated[Path | None, typer.Option("--out", metavar="FILE")] = None,
    as_of: AsOf = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Hold the rules against the key of a simulated district."""
    steps.evaluate_district(folder, store, as_of=as_of, as_json=as_json, page=page)


@app.command()
def demo(
    jobs: Annotated[int, typer.Option("--jobs", min=1, metavar="N")] = 2,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Import, check and report the sample district."""
    if not steps.sample(store, jobs):
        raise typer.Exit(1)


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


@export_app.command()
def bods(
    to: Annotated[Path, typer.Option("--to", metavar="FILE")],
    case: Annotated[str | None, typer.Argument(metavar="ID", show_default=False)] = None,
    everyone: All = False,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Write shareholders as statements of BODS 0.4."""
    if case is not None and everyone:
        raise _both("--all")
    if case is None and not everyone:
        raise BadParameter(
            "没有指定机构: 请给出编号或名称, 或用 --all (全部持股)",
            "No institution is named: give its id or name, or --all for every holding",
        )
    steps.export_bods(case, to, store)


@register_app.command("list")
def register_list(
    as_of: AsOf = None,
    until: Annotated[str | None, typer.Option("--until", metavar="YYYY-MM-DD", show_default=False)] = None,
    listing: Annotated[Path | None, typer.Option("--export", metavar="FILE.xlsx", show_default=False)] = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Show the register."""
    registering.show(store, as_of, until, listing)


@register_app.command("add")
def register_add(
    institution: Institution,
    who: Who,
    why: Why,
    name: Name = None,
    category: Category = None,
    disposal_class: DisposalClass = None,
    measure: Measure = None,
    exit_on: ExitOn = None,
    responsible: Responsible = None,
    grade: Grade = None,
    on: OnDay = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Enter an institution."""
    given = {"name": name, "category": category, "disposal_class": disposal_class, "measure": measure, "exit_on": exit_on}
    given |= {"responsible": responsible, "grade": grade, "on": on}
    registering.enter(store, institution, "add", given, who, why)


@register_app.command("change")
def register_change(
    institution: Institution,
    who: Who,
    why: Why,
    name: Name = None,
    category: Category = None,
    disposal_class: DisposalClass = None,
    measure: Measure = None,
    exit_on: ExitOn = None,
    responsible: Responsible = None,
    grade: Grade = None,
    on: OnDay = None,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Change what the register says."""
    given = {"name": name, "category": category, "disposal_class": disposal_class, "measure": measure, "exit_on": exit_on}
    given |= {"responsible": responsible, "grade": grade, "on": on}
    registering.enter(store, institution, "change", given, who, why)


@register_app.command("remove")
def register_remove(
    institution: Institution, who: Who, why: Why, on: OnDay = None, store: StoreFile = None, lang: Lang = None
) -> None:
    """Remove an institution."""
    registering.enter(store, institution, "remove", {"on": on}, who, why)


@register_app.command("answer")
def register_answer(
    institution: Institution,
    answer: Annotated[str, typer.Argument(metavar="operating|closed|lost|out_of_scope", show_default=False)],
    who: Who,
    why: Why,
    store: StoreFile = None,
    lang: Lang = None,
) -> None:
    """Write down what an office answered in the survey."""
    registering.answer(store, institution, answer, who, why)


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
    """Run the command line and return its exit code; every error is one line on stderr.

    Without arguments given, it is the process's own command line, and the process ends after it.
    """
    own = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a file's name need not be text in the terminal's encoding
    with stopping.heeded(to_the_end=arguments is None) as stop:
        try:
            code = _run(own, stop)
        except KeyboardInterrupt:  # while an error was being told
            code = STOPPED
    if code == STOPPED:
        terminal.note(word("cli", "stopped"))
        if arguments is None:
            stopping.leave(stop.exit_code)
        return stop.exit_code
    return code


def _run(arguments: list[str], stop: stopping.Stop) -> int:
    try:
        usage.speak(arguments)
        code = usage.worded(typer.main.get_command(app)).main(arguments, prog_name="lookthrough", standalone_mode=False)
    except SystemExit:  # typer's answer to a closed pipe, as in `lookthrough rule list | head -1`: whoever read has enough
        return 0
    except Exception as error:  # the last line of defence: never a traceback
        if stop.number is not None or interrupted(error):  # whatever a library has made of the signal
            return STOPPED
        if isinstance(error, LookthroughError):
            return terminal.refuse(error)
        if type(error).__name__ == "NoArgsIsHelpError":  # the help has been printed
            return 2
        refused = usage.refusal(error)
        return terminal.refuse(refused) if refused else terminal.fault(error)
    return int(code or 0)


def _both(option: str) -> BadParameter:
    return BadParameter(
        f"编号与 {option} 不能同时给出, 请只用其一", f"Ids and {option} cannot be given together; use one of them"
    )


def _missing(store: Path) -> dict[str, str]:
    """Return for each rule the tables that it needs and that a Store has no rows of."""
    from lib import checks

    counts = open_store(store).counts()
    return {name: ", ".join(t for t in rule.needs if not counts[t]) for name, rule in checks.rules().items()}


if __name__ == "__main__":
    sys.exit(main())
