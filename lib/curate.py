"""From raw files to the next version of the Store: read, fold, prove, derive, publish. The only one who writes a Store.

`import_delivery` takes a folder or files as they were handed over. Either all of it is imported and proved, or nothing is.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from lib import paths
from lib.errors import BadFile, BadParameter, DataGap
from lib.intake import folding, ledger, loading, originals, profiles, readers, staging
from lib.intake.loading import Source, as_text
from lib.intake.readers import Examined
from lib.store import SCHEMA_VERSION, Store, frame, named_sql, next_version, open_store, schema

Progress = Callable[[str, int, int], None]

_CODE_VERSION = 1  # raise it when the same bytes give other rows for a reason that is not in the profiles or the SQL below
_SQL = ("schema", "casts", "transfers", "institution_parties", "device_kinds")
_REFERENCE = paths.PACKAGE / "rules" / "reference"
_REFERENCE_TABLES = ("lpr_rates", "restricted_words", "workdays", "checklist_items")
# Documents that come along with data; data in a form that this version does not read is refused instead.
_DOCUMENTS = (".md", ".pdf", ".doc", ".docx", ".ofd", ".html", ".htm", ".png", ".jpg", ".jpeg", ".gif", ".log")
_UNREAD = (".xlsx", ".xls", ".xlsm", ".et", ".zip", ".rar", ".7z", ".gz", ".tar", ".parquet", ".mdb", ".accdb", ".dbf")


@dataclass(frozen=True)
class Found:
    """A file of a delivery: where it lies, its path within the delivery, the delivery's name."""

    path: Path
    name: str
    delivery: str


@dataclass
class Plan:
    """What is to be done with a delivery: files to import, and a row of the answer for each file that is not."""

    new: list[Source] = field(default_factory=list)
    rest: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class Held:
    """What the Store holds already: its version and its sources by hash."""

    version: str | None = None
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)


def import_delivery(
    delivery: Path | str | Iterable[Path | str],
    store: Path | str | None = None,
    rebuild: bool = False,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """Import files into the Store and publish its next version; the same bytes twice change nothing.

    Parameters
    ----------
    delivery
        A folder, a file, or several. They stay where they are.
    store
        Path of the Store; the project's own, if omitted.
    rebuild
        Start from an empty Store: what it held before is not kept.
    progress
        Called with a file's name, bytes done and bytes in all.

    Returns
    -------
    DataFrame, one row per file, in order of names
        name · profile_id · state (imported, already_imported, duplicate, set_aside, skipped) · rows_read · rows_accepted ·
        rows_quarantined · totals (list of {table_name, column_name, source_total, stored_total, rounding}, yuan) ·
        unused_columns · source_id · delivery.

    Raises
    ------
    BadFile
        If a file fits no layout, or more than one, cannot be read, or the books do not balance.
    BadParameter
        If a path does not exist.
    DataGap
        If the Store was made by another importer, is damaged, or cannot be written.
    """
    path = Path(store).resolve() if store is not None else paths.default_store()
    held = Held() if rebuild else _held(path)
    plan = _plan(_files(delivery), held)
    if not plan.new and not held.sources:
        raise BadFile("没有可导入的数据文件 (CSV)。请核对路径", "There are no data files (CSV) to import. Check the path")
    hashes = [*held.sources, *(source.examined.sha256 for source in plan.new)]
    version = _version(hashes)
    if version != held.version:
        with next_version(path, rebuild=rebuild) as draft:
            _check_unmoved(draft, held, path)
            _build(draft, plan.new, progress or (lambda name, done, total: None))
            draft.execute("delete from store.store_meta")
            draft.execute(
                "insert into store.store_meta values ($version, $importer, $schema)",
                version=version,
                importer=importer_version(),
                schema=SCHEMA_VERSION,
            )
    return _answer(path, plan)


@cache
def importer_version() -> str:
    """Return the version of the importer: of its code, its profiles and the SQL that casts and derives."""
    made = hashlib.sha256("\0".join(named_sql(name) for name in _SQL).encode()).hexdigest()[:8]
    return f"{_CODE_VERSION}-{profiles.digest()}-{made}"


def _version(hashes: Iterable[str]) -> str:
    """Return the version of a Store made of these sources: the same for a rebuild, whatever the order of deliveries."""
    made = hashlib.sha256("\n".join([importer_version(), *sorted(hashes)]).encode())
    for name in _REFERENCE_TABLES:
        if (file := _REFERENCE / f"{name}.csv").exists():
            made.update(f"{name}\n{file.read_text(encoding='utf-8')}".encode())
    return made.hexdigest()[:12]


def _held(path: Path) -> Held:
    """Look what the Store holds; refuse one that another importer made."""
    if not path.exists():
        return Held()
    store = open_store(path)
    meta = store.arrow("select version, importer_version from store.store_meta").to_pylist()[0]
    if meta["importer_version"] != importer_version():
        raise DataGap(
            f"数据库 {paths.written(path)} 由其他版本的导入程序生成。"
            "请重建: lookthrough import --rebuild data/raw/<交付批次> …",
            f"The Store {paths.written(path)} was made by another version of the importer. "
            "Rebuild it: lookthrough import --rebuild data/raw/<delivery> …",
        )
    return Held(meta["version"], {row["sha256"]: row for row in store.arrow("select * from store.sources").to_pylist()})


def _check_unmoved(draft: Store, held: Held, path: Path) -> None:
    """Refuse to go on if another import has published since we looked."""
    rows = draft.arrow("select version from store.store_meta")["version"].to_pylist()
    if rows != ([held.version] if held.version else []):
        raise DataGap(
            f"数据库 {paths.written(path)} 刚被另一个导入更新。请重试",
            f"The Store {paths.written(path)} has just been updated by another import. Try again",
        )


def _files(delivery: Path | str | Iterable[Path | str]) -> list[Found]:
    """List the files of a delivery in order of their names."""
    given = [delivery] if isinstance(delivery, Path | str) else list(delivery)
    found = []
    for root in (Path(path).absolute() for path in given):
        if root.is_dir():
            below = (Path(folder) / name for folder, _, names in os.walk(root) for name in names)
            found += [Found(path, path.relative_to(root).as_posix(), root.name) for path in below]
        elif root.is_file():
            found.append(Found(root, root.name, root.parent.name))
        else:
            raise BadParameter(
                f"没有文件或文件夹 {paths.written(root)}。请核对路径, 例如 data/raw/<交付批次>",
                f"There is no file or folder {paths.written(root)}. Check the path, for example data/raw/<delivery>",
            )
    if not found:
        shown = ", ".join(paths.written(Path(path)) for path in given)
        raise BadParameter(f"{shown} 中没有文件。请核对路径", f"There are no files in {shown}. Check the path")
    once = {file.path.resolve(): file for file in reversed(found)}  # a folder and a file in it may both be named
    return sorted(once.values(), key=lambda file: (file.name, file.delivery, str(file.path)))


def _plan(files: list[Found], held: Held) -> Plan:
    """Decide for each file: import it, or say why not."""
    plan, seen = Plan(), {sha: (row["name"], row["profile_id"], row["rows_read"]) for sha, row in held.sources.items()}
    first_seq = 1 + max((row["seq"] for row in held.sources.values()), default=0)
    for file in files:
        if _is_note(file):
            plan.rest.append(_row(file, "skipped"))
            continue
        examined = readers.examine(file.path)
        layout = _layout(file, examined)
        if layout is None:
            plan.rest.append(_row(file, "skipped"))
        elif examined.sha256 in seen:
            known, profile_id, rows = seen[examined.sha256]
            if profile_id != layout.profile.id and rows != 0:
                raise _two_readings(file.name, layout.profile.id, known, profile_id)
            state = "already_imported" if known == as_text(file.name) else "duplicate"
            row = held.sources.get(examined.sha256, {})
            plan.rest.append(_row(file, state, layout.profile.id, loading.source_id(examined), row))
        else:
            seq = first_seq + len(plan.new)
            plan.new.append(Source(file.path, file.name, file.delivery, examined, layout, seq))
            seen[examined.sha256] = (as_text(file.name), layout.profile.id, None)
    return plan


def _is_note(file: Found) -> bool:
    """Tell whether a file is no data: hidden, a note or a document, or nothing that can be read (a pipe, a broken link)."""
    if any(part.startswith(".") for part in file.name.split("/")) or not file.path.is_file():
        return True
    if file.path.name == paths.ANSWERS:  # what is planted in a simulated district lies beside its data, and no rule may see it
        return True
    stem, suffix = file.path.stem.casefold(), file.path.suffix.casefold()
    return suffix in _DOCUMENTS or (not suffix and stem in ("readme", "license", "notice", "changelog"))


def _layout(file: Found, examined: Examined) -> profiles.Layout | None:
    """Find the layout of a file; None for a text that is a note."""
    suffix = file.path.suffix.casefold()
    if suffix in _UNREAD:
        raise BadFile(
            f"{file.name}: 本版本只读取 CSV, 不读取 {suffix}。请另存为 CSV (UTF-8) 放入交付目录, 原件移到目录之外",
            f"{file.name}: this version reads CSV, not {suffix}. Save it as CSV (UTF-8) and move the original away",
        )
    try:
        return loading.identify(file.path, file.name, examined)
    except BadFile:
        if suffix == ".txt":
            return None
        raise


def _two_readings(name: str, profile_id: str, known: str, known_id: str) -> BadFile:
    return BadFile(
        f"{name}: 内容与 {known} 完全相同, 但按文件名应为另一版式 ({profile_id}, 而非 {known_id})。请核对文件名",
        f"{name}: the same bytes as {known}, but its name says another layout ({profile_id}, not {known_id}). Check the names",
    )


def _build(draft: Store, new: list[Source], progress: Progress) -> None:
    """Bring new files into a draft of the Store: stage, fold, prove, derive."""
    staging.prepare(draft)
    draft.execute(named_sql("forget_institution_parties"))
    total, done = sum(source.examined.bytes for source in new), 0
    for source in new:
        before = done

        def read(n_bytes: int, name: str = source.name, before: int = before) -> None:
            progress(name, before + n_bytes, total)

        loading.load(draft, source, read)
        done += source.examined.bytes
    known = {row["source_id"]: row["name"] for row in draft.arrow("select source_id, name from store.sources").to_pylist()}
    names = known | {source.id: source.name for source in new}
    _set_apart(new, folding.set_contradictions_apart(draft, names))
    folding.fold(draft)
    for source in new:
        counts = (source.examined.bytes, len(source.faults))
        ledger.check_counts(draft, source.id, source.name, source.tally, *counts)
    loading.append(draft, "control_totals", ledger.control_totals(draft, names))
    for source in new:
        loading.write(draft, source, importer_version())
    _derive(draft)


def _set_apart(new: list[Source], faults: list[tuple[str, staging.Fault]]) -> None:
    """Set rows that contradict others apart, with their original texts."""
    by_id = {source.id: source for source in new}
    for source_id in dict.fromkeys(source_id for source_id, _ in faults):
        source = by_id[source_id]
        own = [fault for of, fault in faults if of == source_id]
        lines = {fault.line for fault in own}
        texts = originals.rows_of(source.path, source.examined.encoding, source.layout.delimiter, lines)
        source.set_apart(own, texts)


def _derive(draft: Store) -> None:
    """Make what follows from the curated rows whatever the day: parties of institutions, kinds of devices, transfers."""
    loading.append(draft, "parties", draft.run("institution_parties"))
    draft.execute(named_sql("device_kinds"))
    draft.execute("delete from store.transfers")
    draft.execute(f"insert into store.transfers by name {named_sql('transfers')}")
    for name in _REFERENCE_TABLES:
        draft.execute(f"delete from store.{name}")
        if (file := _REFERENCE / f"{name}.csv").exists():
            _write_reference(draft, name, file)


def _write_reference(draft: Store, name: str, file: Path) -> None:
    """Load a reference table that ships with the program: UTF-8, commas, the columns of the schema."""
    columns = [c.name for c in schema()[name].columns]
    options = pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), include_columns=columns)
    draft.derive("_raw", staging.clean(pa.csv.read_csv(file, convert_options=options)))
    values = ", ".join(f'cast("{c.name}" as {c.type}) as "{c.name}"' for c in schema()[name].columns)
    draft.execute(f"insert into store.{name} by name select {values} from _raw")


_COLUMNS = ("name", "profile_id", "state", "rows_read", "rows_accepted", "rows_quarantined", "totals", "unused_columns")


def _row(
    file: Found, state: str, profile_id: str | None = None, source_id: str | None = None, known: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Make a row of the answer for a file that is not imported now."""
    known = known or {}
    counts = {name: known.get(name) for name in ("rows_read", "rows_accepted", "rows_quarantined")}
    where = {"name": as_text(file.name), "delivery": as_text(file.delivery), "source_id": source_id}
    unused = known.get("unused_columns") or []
    return {**where, **counts, "profile_id": profile_id, "state": state, "totals": [], "unused_columns": unused}


def _answer(path: Path, plan: Plan) -> pd.DataFrame:
    """Say what became of each file."""
    rows = list(plan.rest)
    if plan.new:
        store = open_store(path)
        ids = [source.id for source in plan.new]
        query = "select * from store.{} where list_contains($ids, source_id)"
        totals = store.arrow(query.format("control_totals") + " order by table_name, column_name", ids=ids).to_pylist()
        for row in store.arrow(query.format("sources"), ids=ids).to_pylist():
            its = [{**total} for total in totals if total["source_id"] == row["source_id"]]
            rows.append({**row, "totals": its})
    columns = [*_COLUMNS, "source_id", "delivery"]
    types = {name: pa.int64() for name in ("rows_read", "rows_accepted", "rows_quarantined")}
    table = {name: pa.array([row[name] for row in rows], types.get(name)) for name in columns if name not in ("totals",)}
    made = frame(pa.table(table))
    made.insert(columns.index("totals"), "totals", pd.Series([row["totals"] for row in rows], dtype=object))
    return made.sort_values(["name", "delivery"], ignore_index=True)
