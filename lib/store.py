"""The Store: one DuckDB file, opened read-only; an import publishes the next version of it (drafts.py).

Only these two modules import duckdb. A file is attached to an in-memory database of its own, so that a version published
meanwhile is seen by whoever opens next (two plain connections of one process would share the old file), and so that
temporary tables can be made while the file stays read-only.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow as pa

from lib import merging, paths
from lib.errors import BadParameter, DataGap
from lib.schema import named_sql, quoted, schema

SCHEMA_VERSION = 5
QueryError = duckdb.Error  # for those who must tell a faulty query from other faults and may not import duckdb
MONEY = pa.decimal128(18, 2)
_WRITER_MEMORY = "1GB"
_KEPT_OPEN = 4  # versions that a next handle finds open; one that no handle uses any more takes 6 MB and two threads
_MERGED = ("store", "merged")


@dataclass(frozen=True, eq=False)
class Store:
    """A handle on one version of the Store: a connection, the file it reads and what was worked out once for it.

    Attributes
    ----------
    path
        The DuckDB file.
    version
        Digest of its sources and importer, 12 hex digits.
    memo
        What later layers worked out once for this version (indexes, solved components), shared by all handles on it.
    """

    path: Path
    version: str
    connection: duckdb.DuckDBPyConnection = field(repr=False)
    memo: dict[Any, Any] = field(default_factory=dict, repr=False)
    _kept: dict[str, pa.Table] = field(default_factory=dict, repr=False)

    def arrow(self, query: str, **params: object) -> pa.Table:
        """Run a query and return an Arrow table; values reach it as `$name` only."""
        relation = self.connection.sql(query, params=params) if params else self.connection.sql(query)
        return relation.to_arrow_table() if relation is not None else pa.table({})

    def sql(self, query: str, **params: object) -> pd.DataFrame:
        """Run a query and return a DataFrame, amounts as decimal128 (never floats).

        Raises
        ------
        BadParameter
            If the query cannot be run: the database's own first line says why.
        """
        try:
            return frame(self.arrow(query, **params))
        except duckdb.Error as error:
            raise _refused(error) from None

    def run(self, name: str, **params: object) -> pa.Table:
        """Run lib/sql/<name>.sql and return an Arrow table."""
        return self.arrow(named_sql(name), **params)

    def execute(self, statement: str, **params: object) -> None:
        """Run a statement that returns nothing; on a read-only Store only temporary tables can be made."""
        self.connection.execute(statement, params or None)

    def attempt(self, statement: str) -> bool:
        """Run a statement; return False, nothing being changed, if it called `error` for one of its rows."""
        try:
            self.execute(statement)
        except duckdb.InvalidInputException:
            return False
        return True

    def derive(self, name: str, table: pa.Table) -> None:
        """Keep an Arrow table as the TEMP table `name` on this handle, replacing an earlier one; the same one stays."""
        if self._kept.get(name) is table:
            return
        self.connection.register("_derived", table)
        self.connection.execute(f'create or replace temp table "{name}" as select * from _derived')
        self.connection.unregister("_derived")
        self._kept[name] = table

    def append(self, table: str, rows: pa.Table) -> None:
        """Add rows to a table of a draft, by the names of their columns."""
        self.show("_appended", rows)
        self.execute(f"insert into store.{table} by name select * from _appended")
        self.hide("_appended")

    def show(self, name: str, table: pa.Table) -> None:
        """Let queries on this handle read an Arrow table under a name, without copying it."""
        self.connection.register(name, table)

    def hide(self, name: str) -> None:
        """Take away what `show` has shown."""
        self.connection.unregister(name)

    def counts(self) -> dict[str, int]:
        """Return the number of rows of every table of the schema."""
        parts = " union all ".join(f"select '{t}' as name, count(*) as n from store.{t}" for t in schema())
        return {row["name"]: row["n"] for row in self.arrow(parts).to_pylist()}

    def fresh(self) -> "Store":
        """Return another handle on the same version with temporary tables of its own."""
        cursor = self.connection.cursor()
        cursor.execute("use store")
        for made in (*self.memo.get(_MERGED, ()), named_sql("aliases")):
            cursor.execute(made)
        return replace(self, connection=cursor, _kept={})


def open_store(path: Path | str | None = None) -> Store:
    """Open the current version of a Store, read-only.

    Raises
    ------
    DataGap
        If there is no such file, it is no Store, it is damaged or an older program made it.
    """
    path = Path(path).resolve() if path is not None else paths.default_store()
    try:
        stat = path.stat()
    except OSError:
        raise DataGap(
            f"没有数据库 {paths.written(path)}。请先导入: lookthrough import data/raw/<交付批次>",
            f"There is no Store at {paths.written(path)}. Import first: lookthrough import data/raw/<delivery>",
        ) from None
    return _open((str(path), stat.st_ino, stat.st_mtime_ns, stat.st_size)).fresh()


@lru_cache(_KEPT_OPEN)
def _open(stamp: tuple[str, int, int, int]) -> Store:
    """Attach the file that has this stamp; a newer file under the same name has another stamp and is attached anew."""
    path = Path(stamp[0])
    try:
        connection = attach(path, read_only=True)
        rows = connection.sql("select version, schema_version from store_meta").fetchall()
    except duckdb.Error as error:
        raise DataGap(
            f"数据库 {paths.written(path)} 已损坏或不是本程序的数据库 ({first_line(error)})。"
            "请重建: lookthrough import --rebuild data/raw/<交付批次>",
            f"The Store {paths.written(path)} is damaged or not one of ours ({first_line(error)}). "
            "Rebuild it: lookthrough import --rebuild data/raw/<delivery>",
        ) from None
    if len(rows) != 1 or rows[0][1] != SCHEMA_VERSION:
        raise DataGap(
            f"数据库 {paths.written(path)} 由其他版本的程序生成。请重建: lookthrough import --rebuild data/raw/<交付批次>",
            f"The Store {paths.written(path)} was made by another version. "
            "Rebuild it: lookthrough import --rebuild data/raw/<delivery>",
        )
    return Store(path, rows[0][0], connection, _merged(connection))


def _merged(connection: duckdb.DuckDBPyConnection) -> dict[Any, Any]:
    """Return the views that show parties of several ids as one, for the memo of a Store that has any."""
    has = "select exists (from party_ids) or exists (from party_records where joined_by <> 'id')"
    if not connection.sql(has).fetchall()[0][0]:
        return {}
    return {_MERGED: tuple(merging.views({name: [c.name for c in table.columns] for name, table in schema().items()}))}


@contextmanager
def scratch() -> Iterator[Store]:
    """Give an empty database in memory, to try statements on."""
    connection = duckdb.connect(":memory:")
    connection.execute("set enable_external_access = false")
    try:
        yield Store(Path(), "", connection)
    finally:
        connection.close()


def frame(table: pa.Table) -> pd.DataFrame:
    """Turn an Arrow table into a DataFrame: decimals stay decimals, integers with gaps stay integers, lists become lists."""
    made: pd.DataFrame = table.to_pandas(types_mapper=lambda t: pd.ArrowDtype(t) if pa.types.is_decimal(t) else None)
    for spec in table.schema:
        column = table[spec.name]
        if pa.types.is_list(spec.type):
            made[spec.name] = pd.Series(column.to_pylist(), index=made.index, dtype=object)
        elif column.null_count and (pa.types.is_integer(spec.type) or pa.types.is_boolean(spec.type)):
            made[spec.name] = column.to_pandas(types_mapper=pd.ArrowDtype)
    return made


def attach(path: Path, *, read_only: bool) -> duckdb.DuckDBPyConnection:
    """Attach a Store file to a database in memory of its own, and set that one up."""
    spill = path.parent / f".spill-{os.getpid()}"
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(spill),
    }
    if not read_only:  # what does not fit is spilled to disk: an import of any size goes through on an auditor's laptop
        settings["memory_limit"] = _WRITER_MEMORY
    connection = duckdb.connect(":memory:", config=settings)
    # a draft is thrown away if it does not come to its end: no log of what to do again is kept, which each statement waits for
    mode = " (read_only)" if read_only else " (recovery_mode 'no_wal_writes')"
    connection.execute(f"attach {quoted(str(path))} as store{mode}")
    connection.execute("use store")
    # Global too: a cursor does not inherit what its connection has set for itself.
    for setting in ("global timezone = 'Asia/Shanghai'", "timezone = 'Asia/Shanghai'", "preserve_insertion_order = true"):
        connection.execute(f"set {setting}")
    # In a notebook without ipywidgets the bar is off, and DuckDB refuses even to switch it off.
    if connection.sql("select current_setting('enable_progress_bar')").fetchall() == [(True,)]:
        connection.execute("set enable_progress_bar = false")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    return connection


def interrupted(error: BaseException) -> bool:
    """Tell whether somebody stopped a query: DuckDB makes a RuntimeError of a Ctrl-C that comes while it runs."""
    return isinstance(error, duckdb.InterruptException) or (
        isinstance(error, RuntimeError) and str(error) == "Query interrupted"
    )


def first_line(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().splitlines()[0]


def _refused(error: duckdb.Error) -> BadParameter:
    text = " ".join(str(error).split("\n\n")[0].split())
    return BadParameter(f"查询无法执行: {text}", f"The query cannot be run: {text}")
