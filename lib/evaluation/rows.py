"""Which curated rows the key's lines became, and which rows a hit's evidence points to: both as places that can be compared.

A place is (table, id). Every line of a statement is taken to the transfer that shows it, so that either bank's side of one
movement of money is the same place. Only the lines asked for are queried: a district may hold millions.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence, Set
from pathlib import Path
from typing import Any

import pyarrow as pa

from lib import paths
from lib.errors import DataGap
from lib.evaluation.key import Line
from lib.intake import folding, readers
from lib.schema import schema
from lib.store import Store

Place = tuple[str, str]
_WANTED = pa.schema({"n": pa.int64(), "source_id": pa.string(), "line": pa.int64(), "id": pa.string()})


def sources_of(store: Store, folder: Path, files: Sequence[str]) -> dict[str, str]:
    """Return the source that each file of a district is in the Store: path inside the folder → source_id.

    Parameters
    ----------
    files
        Paths inside the folder. A file that lies there is known by its content (two equal ones are one source), one that
        does not by the end of its path: the folder may have been imported whole, in part, or from another place.

    Raises
    ------
    DataGap
        If the Store lacks any of them, or holds it with another content.
    """
    held = store.arrow("select source_id, name, path, sha256 from sources order by seq").to_pylist()
    by_hash = {row["sha256"]: row["source_id"] for row in held}
    found: dict[str, str] = {}
    for file in files:
        there = folder / file
        known = by_hash.get(_sha256(there)) if there.is_file() else _by_path(held, file)
        if known is not None:
            found[file] = known
    if lacking := [file for file in files if file not in found]:
        raise _lacking(store, folder, lacking, len(files))
    return found


def resolve(store: Store, sources: Mapping[str, str], lines: Set[Line]) -> dict[Line, Place]:
    """Return the place of each line that became a curated row: by file and line, else by its id; others are left out."""
    by_table: dict[str, list[Line]] = {}
    for line in lines:
        by_table.setdefault(line.table, []).append(line)
    found = {line: place for table, asked in by_table.items() for line, place in _rows(store, sources, table, asked).items()}
    transfers = _transfers(store, {name for table, name in found.values() if table == "flows"})
    return {line: _shown(*place, transfers) for line, place in found.items()}


def evidence(store: Store, every: Iterable[Iterable[Mapping[str, Any]]]) -> list[frozenset[Place]]:
    """Return the places of each finding's evidence (a list of {table, id}), in the same order."""
    pairs = [[(item["table"], item["id"]) for item in one] for one in every]
    transfers = _transfers(store, {name for one in pairs for table, name in one if table == "flows"})
    return [frozenset(_shown(*pair, transfers) for pair in one) for one in pairs]


def _rows(store: Store, sources: Mapping[str, str], table: str, lines: Sequence[Line]) -> dict[Line, Place]:
    wanted = [{"n": n, "source_id": sources[one.path], "line": one.line, "id": one.id} for n, one in enumerate(lines)]
    store.derive("evaluate_wanted", pa.Table.from_pylist(wanted, schema=_WANTED))
    row_id = folding.row_id(schema()[table], "t")
    store.execute(
        f"create or replace temp view evaluate_table as select {row_id} as row_id, t.source_id, t.line from store.{table} as t"
    )
    found = store.run("evaluate_rows", table=table).to_pylist()
    return {lines[row["n"]]: (table, row["row_id"]) for row in found}


def _transfers(store: Store, flow_ids: Collection[str]) -> dict[str, str]:
    """Return the transfer that shows each of these lines of statements."""
    if not flow_ids:
        return {}
    store.derive("evaluate_flows", pa.table({"flow_id": pa.array(sorted(flow_ids), pa.string())}))
    found = store.run("evaluate_transfers")
    return dict(zip(found["flow_id"].to_pylist(), found["transfer_id"].to_pylist(), strict=True))


def _shown(table: str, row_id: str, transfers: Mapping[str, str]) -> Place:
    return ("transfers", transfers[row_id]) if table == "flows" and row_id in transfers else (table, row_id)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with readers.opened(path) as file:
        while chunk := file.read(readers.BLOCK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _by_path(held: Sequence[Mapping[str, Any]], file: str) -> str | None:
    """Find a source by the end of its path: the file's whole path, else the longest part that one source alone is named by."""
    whole = [row["source_id"] for row in held if any(_ends(row[kind], file) for kind in ("path", "name"))]
    if whole:
        return str(whole[-1])  # a file imported twice with other contents: the later one is the one that lay there
    parts = [(len(row["name"]), row["source_id"]) for row in held if _ends(file, row["name"])]
    longest = [source for size, source in parts if size == max(parts)[0]]
    return str(longest[0]) if len(longest) == 1 else None


def _ends(path: str | None, end: str | None) -> bool:
    return bool(path and end) and f"/{path}".endswith(f"/{end}")


def _lacking(store: Store, folder: Path, lacking: Sequence[str], asked: int) -> DataGap:
    where, given, first = paths.written(store.path), paths.written(folder), lacking[0]
    return DataGap(
        f"数据库 {where} 没有答案所涉及的 {asked} 个文件中的 {len(lacking)} 个, 或内容不同, 例如 {first}。"
        f"请把该文件夹导入单独的数据库: lookthrough import {given} --store <数据库文件>",
        f"The Store {where} lacks {len(lacking)} of the {asked} files that the key names, or holds them with other contents; "
        f"{first} for one. Import the folder into a Store of its own: lookthrough import {given} --store <file>",
    )
