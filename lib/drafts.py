"""Drafts: the next version of a Store, written beside it and published by a rename, or thrown away.

Whatever happens meanwhile, the Store is as before or as after.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
from filelock import FileLock, Timeout

from lib import paths
from lib.errors import DataGap
from lib.processes import gone
from lib.schema import named_sql, quoted, schema
from lib.store import Store, attach, first_line, open_store

_EMPTY: list[bytes] = []  # the file of a Store without rows, once it has been made


@contextmanager
def next_version(path: Path, *, rebuild: bool = False) -> Iterator[Store]:
    """Give a writable copy of the Store; when the block ends well, publish it under `path`, else leave everything as it was.

    One writer at a time. Readers keep what they have open; the copy is checkpointed, closed, synced and renamed.

    Raises
    ------
    DataGap
        If another import is running, or the disk refuses.
    """
    lock = FileLock(path.with_name(f".{path.name}.lock"))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with lock.acquire(timeout=0):
            yield from _draft(path, path.with_name(f".{path.name}.next"), rebuild=rebuild)
    except Timeout:
        raise DataGap(
            f"另一个导入正在写 {paths.written(path)}。请等它结束后重试",
            f"Another import is writing {paths.written(path)}. Try again when it has ended",
        ) from None
    except (OSError, duckdb.IOException, duckdb.OutOfMemoryException) as error:
        raise DataGap(
            f"数据库 {paths.written(path)} 未能写入, 原有内容未变 ({first_line(error)})。请检查磁盘空间和写入权限后重试",
            f"The Store {paths.written(path)} could not be written and is as it was ({first_line(error)}). "
            "Check the disk's free space and permissions, then try again",
        ) from None


def _draft(path: Path, draft: Path, *, rebuild: bool) -> Iterator[Store]:
    """Copy the current version, hand it out, then checkpoint, close, sync and rename the copy; leave no litter."""
    _sweep(draft)
    try:
        if path.exists() and not rebuild:
            open_store(path)  # refuses a damaged one before it is copied
            shutil.copyfile(path, draft)
        else:
            _begin(draft)
        with _written(draft) as connection:
            yield Store(path, "", connection)
        _sync(draft)
        draft.replace(path)
        _sync(path.parent)
    finally:
        _sweep(draft)


@contextmanager
def passing_draft() -> Iterator[Store]:
    """Give an empty draft that is never published, to see what an import would make of files."""
    with tempfile.TemporaryDirectory(prefix="lookthrough-draft-") as folder:
        file = Path(folder) / "draft.duckdb"
        _begin(file)
        connection = attach(file, read_only=False)
        try:
            yield Store(Path(), "", connection)
        finally:
            connection.close()


def _begin(file: Path) -> None:
    """Write the file of a Store without rows: made once a process, since its comments take a tenth of a second."""
    if _EMPTY:
        file.write_bytes(_EMPTY[0])
        return
    with _written(file) as connection:  # in its place: a process that is killed here leaves nothing anywhere else
        _create(connection)
    _EMPTY.append(file.read_bytes())


@contextmanager
def _written(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach a file to be written, and have all of it on the disk when the block ends well."""
    connection = attach(file, read_only=False)
    try:
        yield connection
        connection.execute("checkpoint store")
        connection.execute("use memory")
        connection.execute("detach store")
    finally:
        connection.close()


def _create(connection: duckdb.DuckDBPyConnection) -> None:
    """Make the tables with their comments."""
    connection.execute("begin")  # one commit: some five hundred comments, each synced on its own, take a second
    connection.execute(named_sql("schema"))
    for table in schema().values():
        connection.execute(f"comment on table {table.name} is {quoted(f'{table.zh} · {table.grain}')}")
        for column in table.columns:
            text = quoted(f"{column.zh} | {column.en}")
            connection.execute(f'comment on column {table.name}."{column.name}" is {text}')
    connection.execute("commit")


def _sweep(draft: Path) -> None:
    """Remove what a killed writer or reader left: an unfinished copy, its log and spill folders of processes that are gone."""
    for left in (draft, draft.with_name(f"{draft.name}.wal")):
        left.unlink(missing_ok=True)
    for spill in draft.parent.glob(".spill-*"):
        if gone(spill.name.removeprefix(".spill-")):  # .spill-old may be anybody's
            shutil.rmtree(spill, ignore_errors=True)


def _sync(path: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there, and files only for writing
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
