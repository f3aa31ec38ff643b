"""Clean deliveries: the canonical layouts alone, a file per table and source, UTF-8 CSV or Parquet, nothing broken in them."""

from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from lib.district.numbers import padded
from lib.district.settling import batches, statements
from lib.district.sheets import FOLDER
from lib.district.world import World, Written

Ints = npt.NDArray[np.int64]
_KEPT_APART = ("opening_fen", "statements", "exact")
Progress = Callable[[int, int], None]


def write_clean(world: World, target: Path, form: str, progress: Progress) -> list[Written]:
    """Write every table and the statements of every bank into a folder; `form` is csv or parquet."""
    written = []
    for name, table in world.tables.items():
        for folder, chosen in by_folder(table):
            part = table.take(pa.array(chosen))
            path = f"{folder}/{name}.{form}"
            _write(target / path, form, iter([canonical(part)]))
            written.append(Written(path, name, chosen, np.arange(2, len(chosen) + 2)))
    total, done = len(world.settled.lines.seq), 0
    for folder, accounts in by_folder(world.accounts):
        places = world.lines_of(accounts)
        if len(places):
            path = f"{folder}/flows.{form}"
            _write(target / path, form, canonical_flows(world, places))
            written.append(Written(path, "flows", places, np.arange(2, len(places) + 2)))
            done += len(places)
            progress(done, total)
    return written


def by_folder(table: pa.Table) -> Iterator[tuple[str, Ints]]:
    """Give the folders of a table and the places of their rows, in order of the folders' first rows."""
    if len(table):
        coded = table[FOLDER].combine_chunks().dictionary_encode()
        codes = coded.indices.to_numpy()
        order = np.argsort(codes, kind="stable")
        edges = np.searchsorted(codes[order], np.arange(len(coded.dictionary) + 1))
        for n, folder in enumerate(coded.dictionary.to_pylist()):
            yield folder, order[edges[n] : edges[n + 1]]


def canonical(table: pa.Table) -> pa.Table:
    """Return the columns of a layout of ours that some row fills, without those that are kept for the generator alone."""
    names = [n for n in table.column_names if n not in (FOLDER, *_KEPT_APART)]
    return table.select([n for n in names if table[n].null_count < len(table)])


def canonical_flows(world: World, places: Ints) -> Iterator[pa.Table]:
    """Give the statement lines at some places as rows of `flows`, some hundred thousand at a time."""
    for first, last in batches(len(places)):
        some = places[first:last]
        rows = statements(world.books, world.settled, world.accounts, world.tables["loans"], some)
        yield rows.add_column(0, "flow_id", flow_ids(some))


def flow_ids(places: Ints) -> pa.Array:
    """Return the ids of statement lines by their places."""
    return pc.binary_join_element_wise("LS", padded(places + 1, 9), "")


def _write(path: Path, form: str, parts: Iterator[pa.Table]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    first = next(parts)
    if form == "parquet":
        with pq.ParquetWriter(path, first.schema) as file:
            file.write_table(first)
            for part in parts:
                file.write_table(part)
        return
    with path.open("wb") as sink:
        sink.write((",".join(first.column_names) + "\n").encode())
        for part in chain((first,), parts):
            # Arrow quotes all texts or none: none where no text needs it, which saves a tenth of the bytes.
            options = pcsv.WriteOptions(include_header=False, quoting_style="needed" if _needs_quotes(part) else "none")
            pcsv.write_csv(part, sink, options)


def _needs_quotes(part: pa.Table) -> bool:
    texts = (part[name] for name in part.column_names if pa.types.is_string(part[name].type))
    return any(pc.any(pc.match_substring_regex(text.unique(), '[,"\r\n]')).as_py() for text in texts)
