"""Reports: a template notebook run for each institution and rendered to one HTML file, and the list of all of them.

A report appears under its name only when every cell of it has completed; one that fails does not stop the others. A batch runs
through a `concurrent.futures.Executor` of threads: the work is done in the kernels, which are processes of their own.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from html.parser import HTMLParser
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd

from lib import paths
from lib.case import Case, open_case
from lib.errors import BadParameter, DataGap
from lib.rendering.kernels import Kernels, kernels
from lib.words import LANGUAGES, labels, language

COLUMNS = (
    *("asked", "name", "institution_id", "party_id", "as_of", "outcome", "reason"),
    *("hits", "not_testable", "clear", "path"),
)
_HEAD_BYTES = 65_536
Row = dict[str, Any]
Progress = Callable[[int, int, Row], None]


@dataclass(frozen=True)
class _Job:
    """One report to be made: what is asked of the template, what the page says of itself, where it goes."""

    template: Path
    parameters: dict[str, Any]
    facts: dict[str, Any]
    lang: str
    path: Path


def run(
    institutions: Iterable[str] | None,
    *,
    store: Path | str | None = None,
    as_of: str | dt.date | None = None,
    out: Path | str | None = None,
    lang: str | None = None,
    template: str = "institution",
    parameters: Mapping[str, object] | None = None,
    jobs: int = 1,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Make a report for each institution, and the list of all reports in the folder.

    Parameters
    ----------
    institutions
        Ids or exact names of institutions or of any parties; one that is asked for twice is made once. None is one page on the
        whole district, of a template that is made for it.
    store, as_of
        As for `open_case`; the same day for all.
    out
        Folder of the reports; reports/ of the project, if omitted.
    lang
        `zh` or `en`; the process's language, if omitted.
    template
        Name of a notebook in notebooks/templates. It is given `institution` (an id), `as_of`, `store` and `lang`.
    parameters
        Further parameters of the template.
    jobs
        How many reports are made at the same time.
    progress
        Called after each report with how many are done, how many there are, and the row.

    Returns
    -------
    DataFrame, one row per institution, in the order asked
        asked · name · institution_id · party_id · as_of (date) · outcome (`ok` or `failed`) · reason (one line, null if ok) ·
        hits · not_testable · clear (rules, as the cover counts them; null where it does not or the report failed) ·
        path (of the HTML file, null if failed).

    Raises
    ------
    BadParameter
        If an institution, the template, a parameter or the language does not exist; then nothing is written.
    DataGap
        If the Store cannot be read, or the folder cannot be written.
    BadFile
        If the template is no notebook or has no cell of parameters.
    """
    lang = _language(lang)
    if jobs < 1:
        raise BadParameter(f"jobs={jobs} 应为 1 或更大的整数", f"jobs={jobs} must be 1 or more")
    cases = _cases(institutions, store, as_of)
    folder = _folder(out)
    made = [_job(case, paths.template(template), parameters or {}, lang, folder) for case in cases.values()]
    with kernels() as source:
        # Imported here: papermill takes two seconds, in which the parent of the kernels gets ready.
        from lib.rendering import execution

        execution.check_parameters(made[0].template, made[0].parameters)
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            rows = _run_all(pool, dict(zip(cases, made, strict=True)), source, progress)
    if any(row["outcome"] == "ok" for row in rows):
        index(folder, lang=lang)
    return _table(rows)


def index(out: Path | str | None = None, *, lang: str | None = None) -> Path:
    """Write index.html, the list of all reports in a folder, and return its path.

    Every HTML file whose head holds the meta of a report is listed, most leads first.

    Raises
    ------
    BadParameter
        If there is no such folder, or no such language.
    DataGap
        If the list cannot be written.
    """
    from lib.rendering import page

    folder = _folder(out)
    if not folder.is_dir():
        raise BadParameter(f"没有文件夹 {paths.written(folder)}", f"There is no folder {paths.written(folder)}")
    rows = [row for path in sorted(folder.glob("*.html")) if (row := _meta(path)) is not None]
    rows.sort(key=lambda row: (-(row["hits"] or 0), row["name"], row["file"]))
    target = folder / "index.html"
    _write(target, page.listing(rows, _language(lang)))
    return target


def _language(lang: str | None) -> str:
    if lang is None:
        return language()
    if lang not in LANGUAGES:
        raise BadParameter(f"没有语言 {lang!r}。可选: zh、en", f"There is no language {lang!r}. Choose zh or en")
    return lang


def _cases(institutions: Iterable[str] | None, store: Path | str | None, as_of: str | dt.date | None) -> dict[str, Case]:
    """Open a case for each institution, each once, by what was asked."""
    if institutions is None:
        return {"": open_case(None, as_of, store)}
    cases: dict[str, Case] = {}
    for asked in [institutions] if isinstance(institutions, str) else institutions:
        if not asked:
            raise BadParameter("没有写明机构名称或编号", "An institution's id or name is empty")
        case = open_case(asked, as_of, store)
        if case.institution_id not in (None, asked):  # asked by its company's name, an institution is still called as itself
            case = open_case(case.institution_id, case.as_of, store)
        if (case.institution_id, case.party_id) not in {(c.institution_id, c.party_id) for c in cases.values()}:
            cases[asked] = case
    if not cases:
        raise BadParameter(
            "没有指定机构。请写明机构名称或编号, 或用 --all 生成全部机构的报告",
            "No institution was named. Give ids or names, or --all for a report on every institution",
        )
    return cases


def _folder(out: Path | str | None) -> Path:
    return Path(out).resolve() if out is not None else paths.home() / "reports"


def _job(case: Case, template: Path, more: Mapping[str, object], lang: str, folder: Path) -> _Job:
    key = case.institution_id or case.party_id
    name = labels()["case"]["district"][lang] if key is None else case.name
    facts = {
        "institution_id": case.institution_id,
        "party_id": case.party_id,
        "name": name,
        "as_of": case.as_of.isoformat(),
        "template": template.stem,
        "lang": lang,
        "program": version("lookthrough"),
        "store_version": case.store.version,
    }
    parameters = {"institution": key, "as_of": facts["as_of"], "store": paths.written(case.store.path), "lang": lang, **more}
    return _Job(template, parameters, facts, lang, folder / f"{paths.file_stem(name, key or template.stem)}.html")


def _run_all(pool: Executor, jobs: dict[str, _Job], source: Kernels, progress: Progress | None) -> list[Row]:
    running: dict[Future[Row], str] = {pool.submit(_report, job, source): asked for asked, job in jobs.items()}
    rows: dict[str, Row] = {}
    try:
        for done in as_completed(running):
            asked = running[done]
            rows[asked] = {"asked": asked, **done.result()}
            if progress is not None:
                progress(len(rows), len(jobs), rows[asked])
    except BaseException:  # Ctrl-C: what has not begun is not begun
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    return [rows[asked] for asked in jobs]


def _report(job: _Job, source: Kernels) -> Row:
    """Make one report; whatever goes wrong is the reason in its row."""
    from lib.rendering import execution, page

    row: Row = {k: job.facts[k] for k in ("name", "institution_id", "party_id")}
    row["as_of"] = dt.date.fromisoformat(job.facts["as_of"])
    try:
        notebook = execution.execute(job.template, job.parameters, job.lang, source)
        text = page.render(notebook, job.facts, job.lang)
        _write(job.path.with_suffix(".ipynb"), nbformat.writes(notebook))
        _write(job.path, text)
    except Exception as error:
        return row | {"outcome": "failed", "reason": _reason(error), "path": None}
    summary = page.summary(notebook)
    counts = {key: summary.get(key) for key in ("hits", "not_testable", "clear")}
    return row | {"outcome": "ok", "reason": None, "path": str(job.path)} | counts


def _reason(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if type(error).__module__.startswith("lib.") else f"{type(error).__name__}: {text}"


def _write(path: Path, text: str) -> None:
    try:
        with paths.replacing(path) as draft:
            draft.write_text(text, encoding="utf-8")
    except OSError as error:
        raise DataGap(
            f"{paths.written(path)} 无法写入 ({error.strerror})。请检查磁盘空间和写入权限",
            f"{paths.written(path)} cannot be written ({error.strerror}). Check the disk's free space and permissions",
        ) from None


def _table(rows: list[Row]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.astype(dict.fromkeys(("hits", "not_testable", "clear"), "Int64"))


class _MetaReader(HTMLParser):
    """Finds the meta that a report carries in its head."""

    content: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "meta" and given.get("name") == "lookthrough" and self.content is None:
            self.content = given.get("content")


def _meta(path: Path) -> Row | None:
    """Return what a report says of itself, with its `file`; None for other pages."""
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES).decode("utf-8", errors="replace")
    reader = _MetaReader()
    reader.feed(head)
    try:
        found = json.loads(reader.content or "null")
    except ValueError:
        return None
    if not isinstance(found, dict):
        return None
    counts = {key: n for key in ("hits", "not_testable", "clear") if isinstance(n := found.get(key), int)}
    severities = found.get("by_severity")
    by_severity = {k: n for k, n in severities.items() if isinstance(n, int)} if isinstance(severities, dict) else {}
    texts = {key: str(found.get(key) or "") for key in ("name", "institution_id", "party_id", "as_of")}
    return {
        **texts,
        **dict.fromkeys(("hits", "not_testable", "clear")),
        **counts,
        "by_severity": by_severity,
        "file": path.name,
    }
