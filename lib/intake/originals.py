"""The original text of imported rows: read again from the raw file, which must be the very bytes that were imported.

A workbook or zip is unpacked again for it; what was unpacked last is kept for as long as the process runs.
"""

import os
from collections.abc import Collection
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from lib import paths
from lib.errors import DataGap
from lib.intake import parts
from lib.intake.parts import Part
from lib.intake.readers import Examined, blocks, hashed
from lib.intake.sandbox import Sandbox
from lib.store import Store


def original_text(store: Store, source_id: str, lines: Collection[int]) -> dict[int, str]:
    """Return the text of rows as they are written in their file.

    Parameters
    ----------
    lines
        First lines of the rows, from 1 (in a sheet, rows). One at which no row begins is left out of the answer.

    Raises
    ------
    DataGap
        If the Store does not know the file, or it is gone or has changed since the import.
    """
    found = store.arrow("select * from store.sources where source_id = $source_id", source_id=source_id).to_pylist()
    if not found:
        raise DataGap(f"没有来源文件 {source_id}", f"There is no source {source_id}")
    source = found[0]
    _check_unchanged(store, paths.found(source["path"]), source["name"], source["sha256"])
    if not lines or source["encoding"] is None:  # of a file that could not be read, there are no rows
        return {}
    text = part(store, source).text
    start = store.arrow(
        "select line_from, byte_from from store.spans where source_id = $source_id and line_from <= $line "
        "and byte_from is not null order by line_from desc limit 1",
        source_id=source_id,
        line=min(lines),
    ).to_pylist()
    at = start[0] if start else {"line_from": 1, "byte_from": 0}
    return rows_of(text, source["encoding"], source["delimiter"], lines, at["line_from"], at["byte_from"])


def rows_of(
    path: Path, encoding: str, delimiter: str, lines: Collection[int], line_from: int = 1, byte_from: int = 0
) -> dict[int, str]:
    """Return the original text of the rows of a file that begin at these lines, reading on from a line's first byte."""
    wanted, found = np.array(sorted(set(lines)), np.int64), dict[int, str]()
    for block in blocks(path, encoding, delimiter, byte_from=byte_from, line_from=line_from):
        for i in np.flatnonzero(np.isin(block.line[:-1], wanted)).tolist():
            found[int(block.line[i])] = block.original(i)
        if block.line[-1] > wanted[-1]:
            break
    return found


def part(store: Store, source: dict[str, Any]) -> Part:
    """Return a source, a row of `sources`, as a part of its file: the file itself, or what is unpacked of it.

    Raises
    ------
    DataGap
        If the file is gone or has changed since the import.
    """
    path, sha256 = paths.found(source["path"]), source["sha256"]
    _check_unchanged(store, path, source["name"], sha256)
    examined = Examined(sha256, path.stat().st_size, source["encoding"] or "")
    if not source["member"] and not source["sheet"]:
        return Part(path, source["name"], examined, path, examined)
    found = {part.id: part for part in _unpacked(os.getpid(), path, source["name"], examined)}
    made = found.get(source["source_id"])
    if made is None or made.refused:
        name = parts.label(source["name"], source["member"], source["sheet"])
        raise DataGap(
            f"来源 {name} 无法再次解包, 无法显示原文。请重试, 或重建数据库",
            f"The source {name} cannot be unpacked again, so that its text cannot be shown. Try again, or rebuild the Store",
        )
    return made


@lru_cache(maxsize=8)
def _unpacked(pid: int, path: Path, name: str, examined: Examined) -> tuple[Part, ...]:
    """Unpack a file of which the hash is known, once a process (a forked one has its own folder)."""
    return tuple(parts.parts(path, name, examined, _sandbox(pid)))


@cache
def _sandbox(pid: int) -> Sandbox:
    return Sandbox()  # it removes its folder when the process ends


def _check_unchanged(store: Store, path: Path, name: str, sha256: str) -> None:
    """Check the file's hash, once per Store version and state of the file."""
    try:
        stat = path.stat()
    except OSError:
        raise DataGap(
            f"来源文件 {name} 已不在 {paths.written(path)}, 无法显示原文。请放回原处后重试",
            f"The source file {name} is no longer at {paths.written(path)}, so that its text cannot be shown. Put it back",
        ) from None
    key = ("unchanged", sha256, stat.st_mtime_ns, stat.st_size)
    if key not in store.memo:
        store.memo[key] = hashed(path).sha256 == sha256
    if not store.memo[key]:
        raise DataGap(
            f"来源文件 {name} 在导入后被改动过 ({paths.written(path)}), 无法显示原文。请放回原文件, 或重建数据库",
            f"The source file {name} was changed after the import ({paths.written(path)}), so that its text cannot be shown. "
            "Put the original back, or rebuild the Store",
        )
