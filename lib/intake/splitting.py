"""Splitting the rows of a block into cells: trimmed, empty ones null, as Arrow's string views.

Large blocks are cut by a kernel (kernels/fields.py). Small ones, and what the kernel does not do, are left to Arrow's reader,
which takes longer and needs no kernel to be loaded. Both give the same cells.
"""

import re
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
from numpy.typing import NDArray

from lib.errors import BadFile
from lib.intake.cells import LINE_BREAK
from lib.intake.cleaning import clean
from lib.intake.encodings import SHEET
from lib.intake.profiles import Layout
from lib.intake.readers import BIG, Block
from lib.intake.sorting import shape_fault
from lib.intake.staging import Fault
from lib.kernels.shapes import EVERY, PATTERNS

_VIEW = pa.string_view()


@dataclass(frozen=True)
class Split:
    """The rows of a block in cells.

    Attributes
    ----------
    place
        Index in the block of each row.
    cells
        By the place of a column in the header.
    shapes
        What all filled cells of a column are known to be (kernels.shapes).
    faults
        Records that cannot be split: they are no rows.
    """

    place: NDArray[np.int64]
    cells: dict[int, pa.Array]
    shapes: dict[int, int]
    faults: list[Fault]


def split(block: Block, keep: NDArray[np.bool_], layout: Layout) -> Split:
    """Split the kept records of a block into the cells of the columns that the layout uses, and of the first.

    Where a layout leaves last fields out, they are null; where it ends its rows with blank fields, they are cut off.
    """
    wanted = list(range(len(layout.header))) if layout.profile.signed else sorted({0, *layout.place.values()})
    if len(block.text) <= BIG or block.cuts is None or (block.encoding == SHEET and LINE_BREAK.encode() in block.text):
        return _by_arrow(block, keep, layout, wanted)
    made = _by_kernel(block, keep, layout, wanted)
    nothing = layout.profile.nothing
    return replace(made, cells={at: _without(cells, nothing) for at, cells in made.cells.items()}) if nothing else made


def _by_kernel(block: Block, keep: NDArray[np.bool_], layout: Layout, wanted: list[int]) -> Split:
    from lib.kernels.fields import cut

    place = np.flatnonzero(keep)
    n, width = len(place), len(layout.header)
    column_of = np.full(width, -1, np.int64)
    column_of[wanted] = np.arange(len(wanted))
    views = np.zeros((len(wanted), n, 2), np.uint64)
    filled, overfull = np.zeros((len(wanted), n), np.uint8), np.zeros(n, np.uint8)
    shapes, spare = np.full(len(wanted), EVERY, np.uint8), np.empty(len(block.text), np.uint8)
    assert block.cuts is not None
    assert block.cut_at is not None
    text = np.frombuffer(block.text, np.uint8)
    of_records = block.text_at[place], block.fields[place], block.cut_at[place], block.cuts
    cut(text, *of_records, column_of, views.reshape(-1), filled, spare, shapes, overfull)
    if overfull.any():
        faults = [shape_fault(block, at, width) for at in place[overfull == 1].tolist()]
        kept = keep.copy()
        kept[place[overfull == 1]] = False
        made = _by_kernel(block, kept, layout, wanted)
        return replace(made, faults=faults)
    buffers = [pa.py_buffer(block.text), pa.py_buffer(spare)]
    cells = {}
    for i, at in enumerate(wanted):
        valid = None if filled[i].all() else pa.py_buffer(np.packbits(filled[i], bitorder="little"))
        cells[at] = pa.Array.from_buffers(_VIEW, n, [valid, pa.py_buffer(views[i]), *buffers])
    return Split(place, cells, {at: int(shapes[i]) for i, at in enumerate(wanted)}, [])


def _without(cells: pa.Array, nothing: str) -> pa.Array:
    """Make cells null that stand for no value."""
    texts = cells.cast(pa.string())
    void = pc.match_substring_regex(texts, f"^(?:{nothing})$")
    return pc.if_else(void, pa.scalar(None, pa.string()), texts).cast(_VIEW) if pc.any(void).as_py() else cells


def _by_arrow(block: Block, keep: NDArray[np.bool_], layout: Layout, wanted: list[int]) -> Split:
    table, place, faults = _split(block, keep, layout)
    table = clean(table.select([str(at) for at in wanted]), layout.profile.nothing)
    texts = {at: table[str(at)].combine_chunks() for at in wanted}
    return Split(place, {at: made.cast(_VIEW) for at, made in texts.items()}, {at: _shape(texts[at]) for at in wanted}, faults)


def _shape(texts: pa.Array) -> int:
    """Return what all filled cells of a column are, as the kernel finds it."""
    first = next((text for text in texts if text.is_valid), None)
    if first is None:
        return EVERY
    likely = [bit for bit, pattern in PATTERNS.items() if re.search(pattern, first.as_py())]
    return sum(bit for bit in likely if pc.all(pc.match_substring_regex(texts, PATTERNS[bit])).as_py())


def _split(block: Block, keep: NDArray[np.bool_], layout: Layout) -> tuple[pa.Table, NDArray[np.int64], list[Fault]]:
    """Split the kept records into as many cells as the header has; return them, their places, and what cannot be split.

    Where a layout leaves last fields out, they are null; where it ends its rows with blank fields, they are cut off.
    """
    expected, faults, parts, places = len(layout.header), list[Fault](), [], []
    names = [str(i) for i in range(expected)]
    for n in np.unique(block.fields[keep]).tolist():
        chosen = keep & (block.fields == n)
        part, place = fields(block, chosen, layout.delimiter, n), np.flatnonzero(chosen)
        for i in range(expected, n):
            filled = np.asarray(pc.is_valid(clean(part.select([str(i)]))[str(i)]))
            faults += [shape_fault(block, at, expected) for at in place[filled].tolist()]
            part, place = part.filter(pa.array(~filled)), place[~filled]
        missing = {str(i): pa.nulls(part.num_rows, pa.string()) for i in range(n, expected)}
        parts.append(pa.table({**{name: part[name] for name in names[:n]}, **missing}))
        places.append(place)
    if not parts:
        return fields(block, keep, layout.delimiter, expected), np.flatnonzero(keep), faults
    if len(parts) == 1:
        return parts[0], places[0], faults
    place = np.concatenate(places)
    order = np.argsort(place)
    return pa.concat_tables(parts).take(pa.array(order)).combine_chunks(), place[order], faults


def fields(block: Block, keep: NDArray[np.bool_], delimiter: str, n_fields: int) -> pa.Table:
    """Split the kept records of a block into text columns `0`, `1`, …, all with `n_fields` fields.

    A second parser does it (Arrow's); that it sees as many rows as the first counted is checked.
    """
    text = block.text[: block.text_at[-1]] if keep.all() else _gather(block, keep)
    names = [str(i) for i in range(n_fields)]
    if not text:
        return pa.table({name: pa.array([], pa.string()) for name in names})
    made = pyarrow.csv.read_csv(
        pa.BufferReader(text),
        read_options=pyarrow.csv.ReadOptions(column_names=names, block_size=len(text) + 1, use_threads=len(text) > BIG),
        parse_options=pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False),
    )
    if block.encoding == SHEET and LINE_BREAK.encode() in text:
        made = pa.table([pc.replace_substring(column, LINE_BREAK, "\n") for column in made.columns], names)
    if made.num_rows != int(keep.sum()):
        n, counts = block.line[0], f"{keep.sum()}, {made.num_rows}"
        raise BadFile(
            f"第 {n} 行起两次读出的行数不一 ({counts}), 未导入。请将该文件另存为标准 CSV 后重试",
            f"From line {n} on, two counts of rows differ ({counts}); nothing was imported. Save the file as a standard CSV",
        )
    return made


def _gather(block: Block, keep: NDArray[np.bool_]) -> bytes:
    """Join the bytes of the kept records, run by run."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], keep, [False])).astype(np.int8)))
    runs = zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
    return b"".join(block.text[block.text_at[a] : block.text_at[b]] for a, b in runs)
