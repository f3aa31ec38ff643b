"""From raw files to the next version of the Store: read, fold, prove, derive, publish. The only one who writes a Store.

`import_delivery` takes a folder or files as they were handed over. Either all of it is imported and proved, or nothing is.
"""

import hashlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd
import pyarrow as pa

from lib import parties, paths
from lib.drafts import next_version
from lib.errors import BadFile, DataGap
from lib.intake import (
    check_digits,
    cleaning,
    correctable,
    folding,
    ledger,
    loading,
    originals,
    parts,
    planning,
    precedence,
    profiles,
    rebuilding,
    recording,
    staging,
    surroundings,
    totals,
)
from lib.intake.loading import Aside, Source
from lib.intake.planning import Held, Plan
from lib.intake.sandbox import Sandbox
from lib.money import reversals, transfers
from lib.schema import named_sql, schema
from lib.store import SCHEMA_VERSION, Store, frame, open_store

Progress = Callable[[str, int, int, int], None]

MOST_JOBS = 4  # beyond which the disk is what is waited for
_CODE_VERSION = 5  # raise it when the same bytes give other rows for a reason that is not in the profiles or the SQL below
_SQL = (
    "schema",
    "casts",
    "readings",
    "booked",
    "transfer_pairs",
    "transfers",
    "undoing",
    "reversals",
    "institution_parties",
    "device_kinds",
    "check_digits",
    "number_checks",
    "flags",
    "identity_keys",
    "shared_keys",
    "identity_numbers",
    "party_mentions",
)
_REFERENCE = paths.PACKAGE / "rules" / "reference"
_REFERENCE_TABLES = ("lpr_rates", "restricted_words", "workdays", "checklist_items")


def import_delivery(
    delivery: Path | str | Iterable[Path | str],
    store: Path | str | None = None,
    rebuild: bool = False,
    progress: Progress | None = None,
    jobs: int | None = None,
) -> pd.DataFrame:
    """Import files into the Store and publish its next version; the same bytes twice change nothing.

    Parameters
    ----------
    delivery
        A folder, a file, or several. They stay where they are.
    store
        Path of the Store; the project's own, if omitted.
    rebuild
        Start from an empty Store: what it held before is not kept, but for the workbooks in which rows of the delivery were
        corrected: they come in too, from where they lie.
    progress
        Called with a file's name, bytes done, bytes in all, and rows read.
    jobs
        How many files are hashed and unpacked at once; as many as there are processors, up to 4, if omitted.

    Returns
    -------
    DataFrame, one row per part of a file (a sheet, a member of a zip), in order of names
        name · member · sheet · profile_id · state (imported, already_imported, duplicate, set_aside, skipped, quarantined) ·
        rows_read · rows_accepted · rows_quarantined · rows_set_aside (no transactions: not read) · totals (list of {table_name,
        column_name, side, source_total, stored_total, rounding, stated_rows, stated_total}, yuan) · unused_columns ·
        source_id · delivery.

    Raises
    ------
    BadFile
        If a file fits no layout, or more than one, cannot be opened, or the books do not balance. One that can be opened and
        is damaged, hostile or not what its name says is quarantined whole.
    BadParameter
        If a path does not exist.
    DataGap
        If the Store was made by another importer, is damaged, or cannot be written; if such a workbook is gone.
    """
    path = Path(store).resolve() if store is not None else paths.default_store()
    held = Held(workbooks=rebuilding.workbooks(path)) if rebuild else _held(path)
    progress = progress or (lambda name, done, total, rows: None)
    jobs = jobs or min(os.cpu_count() or 1, MOST_JOBS)
    with Sandbox() as sandbox:
        plan = planning.plan(planning.files(delivery), held, sandbox, progress, jobs)
        if not plan.new and not held.sources:
            raise BadFile(
                "没有可导入的数据文件 (CSV、Excel 工作簿或 zip)。请核对路径",
                "There are no data files (CSV, workbooks or zip) to import. Check the path",
            )
        version = _version(held.marks | plan.marks)
        if version != held.version:
            try:
                with next_version(path, rebuild=rebuild) as draft:
                    _check_unmoved(draft, held, path)
                    _build(draft, plan, progress, version)
            except precedence.Overtaken:
                found = precedence.files_of(held) + planning.files(delivery)
                with next_version(path, rebuild=True) as draft:
                    _check_unmoved(open_store(path), held, path)
                    again = planning.plan(found, Held(), sandbox, progress, jobs)
                    precedence.check_same(held, held.marks | plan.marks, again)
                    _build(draft, again, progress, version)
    return _answer(path, plan)


@cache
def importer_version() -> str:
    """Return the version of the importer: of its code, its profiles and the SQL that casts and derives."""
    made = hashlib.sha256("\0".join(named_sql(name) for name in _SQL).encode()).hexdigest()[:8]
    return f"{_CODE_VERSION}-{profiles.digest()}-{made}"


def _version(hashes: Iterable[str]) -> str:
    """Return the version of a Store made of these sources and decisions: the same for a rebuild, whatever the order."""
    made = hashlib.sha256("\n".join([importer_version(), *sorted(hashes)]).encode())
    made.update(parties.digest().encode())
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
    sources = tuple(store.arrow("select * from store.sources order by seq").to_pylist())
    return Held(meta["version"], sources)


def _check_unmoved(draft: Store, held: Held, path: Path) -> None:
    """Refuse to go on if another import has published since we looked."""
    rows = draft.arrow("select version from store.store_meta")["version"].to_pylist()
    if rows != ([held.version] if held.version else []):
        raise DataGap(
            f"数据库 {paths.written(path)} 刚被另一个导入更新。请重试",
            f"The Store {paths.written(path)} has just been updated by another import. Try again",
        )


def _build(draft: Store, plan: Plan, progress: Progress, version: str) -> None:
    """Bring new files into a draft of the Store, corrections after what they correct, and derive what follows."""
    staging.prepare(draft)
    draft.execute(named_sql("forget_institution_parties"))
    parties.forget(draft)
    read = _Read(progress, sum(source.part.examined.bytes for source in plan.sources))
    for step in correctable.steps(plan.new):
        _bring(draft, step, read)
    _derive(draft)
    draft.execute("delete from store.store_meta")
    draft.execute(
        "insert into store.store_meta values ($version, $importer, $schema)",
        version=version,
        importer=importer_version(),
        schema=SCHEMA_VERSION,
    )


def _bring(draft: Store, parts_: list[Source | Aside], read: "_Read") -> None:
    """Stage, fold and prove parts of files, and write down where their rows come from."""
    new = [part for part in parts_ if isinstance(part, Source)]
    correctable.prepare(draft, new)
    names = _labels(draft) | {source.id: source.name for source in new}
    held = draft.arrow("select source_id, seq, sha256, corrects from store.sources").to_pylist()
    corrects = {row["source_id"]: row["corrects"] for row in held if row["corrects"]}
    corrects |= {source.id: source.correcting.target.source_id for source in new if source.correcting}
    seqs = {row["source_id"]: row["seq"] for row in held}, {source.id: source.seq for source in new}
    totals.prepare(draft, *seqs, corrects, precedence.ranks(held, new))
    sums = totals.Sums(draft)
    _load(draft, new, sums, read)
    _set_apart(new, folding.fold(draft, sums, names))
    stated = {source.seq: surroundings.stated(source.layout, source.remarks) for source in new}
    draft.append(
        "control_totals", totals.control_totals(sums, {source.seq: (source.id, source.name) for source in new}, stated)
    )
    accepted = totals.accepted(sums)
    for source in new:
        counts = (source.part.examined.bytes, accepted.get(source.seq, 0), source.n_apart)
        ledger.check_counts(source.name, source.tally, *counts)
    for part in parts_:
        if isinstance(part, Aside):
            part.count()
            ledger.check_tiles(part.part.label, part.tally, 0 if part.reason else part.part.examined.bytes)
    recording.write(draft, parts_, importer_version())


@dataclass
class _Read:
    """How much is read of all that is to be read, and who is told."""

    progress: Progress
    total: int
    bytes: int = 0
    rows: int = 0

    def more(self, name: str, n_bytes: int, n_rows: int) -> None:
        """Tell of a block of a part."""
        self.bytes, self.rows = self.bytes + n_bytes, self.rows + n_rows
        self.progress(name, self.bytes, self.total, self.rows)


def _load(draft: Store, new: list[Source], sums: totals.Sums, read: _Read) -> None:
    """Stage the rows of new parts; small files of one profile go together."""
    loader = loading.Loader(draft, sums)
    for source in new:
        for n_bytes, n_rows in loader.load(source):
            read.more(source.name, n_bytes, n_rows)
    loader.finish()


def _labels(draft: Store) -> dict[str, str]:
    """Return what each source in the Store is called: file, member and sheet."""
    rows = draft.arrow("select source_id, name, member, sheet from store.sources").to_pylist()
    return {row["source_id"]: parts.label(row["name"], row["member"], row["sheet"]) for row in rows}


def _set_apart(new: list[Source], faults: list[tuple[str, staging.Fault]]) -> None:
    """Set rows that contradict others apart, with their original texts."""
    by_id = {source.id: source for source in new}
    for source_id in dict.fromkeys(source_id for source_id, _ in faults):
        source = by_id[source_id]
        own = [fault for of, fault in faults if of == source_id]
        lines = {fault.line for fault in own}
        texts = originals.rows_of(source.part.text, source.part.examined.encoding, source.layout.delimiter, lines)
        source.set_apart(own, texts)


def _derive(draft: Store) -> None:
    """Make what follows from the curated rows whatever the day: parties and who is who, devices, transfers."""
    draft.append("parties", draft.run("institution_parties"))
    draft.execute(named_sql("device_kinds"))
    check_digits.flag(draft)
    parties.resolve(draft)
    transfers.make(draft)
    reversals.pair(draft)
    for name in _REFERENCE_TABLES:
        draft.execute(f"delete from store.{name}")
        if (file := _REFERENCE / f"{name}.csv").exists():
            _write_reference(draft, name, file)


def _write_reference(draft: Store, name: str, file: Path) -> None:
    """Load a reference table that ships with the program: UTF-8, commas, the columns of the schema."""
    columns = [c.name for c in schema()[name].columns]
    options = pa.csv.ConvertOptions(column_types=dict.fromkeys(columns, pa.string()), include_columns=columns)
    draft.derive("_reference", cleaning.clean(pa.csv.read_csv(file, convert_options=options)))
    values = ", ".join(f'cast("{c.name}" as {c.type}) as "{c.name}"' for c in schema()[name].columns)
    draft.execute(f"insert into store.{name} by name select {values} from _reference")


_COLUMNS = ("name", "member", "sheet", *planning.ANSWERED, "totals", "unused_columns", "source_id", "delivery")


def _answer(path: Path, plan: Plan) -> pd.DataFrame:
    """Say what became of each file."""
    rows = list(plan.rest)
    if plan.new:
        store = open_store(path)
        ids = [source.id for source in plan.new]
        query = "select * from store.{} where list_contains($ids, source_id)"
        totals = store.arrow(query.format("control_totals") + " order by table_name, column_name, side", ids=ids).to_pylist()
        for row in store.arrow(query.format("sources") + " order by seq", ids=ids).to_pylist():
            its = [{**total} for total in totals if total["source_id"] == row["source_id"]]
            rows.append({**row, "totals": its})
    types = {name: pa.int64() for name in planning.COUNTS} | {"unused_columns": pa.list_(pa.string())}
    texts = dict.fromkeys(_COLUMNS, pa.string()) | types
    table = {name: pa.array([row[name] for row in rows], texts[name]) for name in _COLUMNS if name != "totals"}
    made = frame(pa.table(table))
    made.insert(_COLUMNS.index("totals"), "totals", pd.Series([row["totals"] for row in rows], dtype=object))
    made["unused_columns"] = made["unused_columns"].map(lambda names: names if names is not None else [])
    return made.sort_values(["name", "delivery"], ignore_index=True, kind="stable")
