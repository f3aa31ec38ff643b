"""A table in the making: rows one by one or by the million, in the columns and types of the Store's schema.

Days are whole days since 1970, times seconds since 1970, amounts whole fen; they become dates, timestamps and yuan when the
table is made. What is left out is null.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from lib.money.amounts import yuan
from lib.schema import schema

_TYPES = {
    "text": pa.string(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("s"),
    "double": pa.float64(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "boolean": pa.bool_(),
}
_PROVENANCE = ("source_id", "line")
FOLDER = "folder"  # where a row is delivered; not a column of the files


class Sheet:
    """The rows of one table; `extra` names columns of whole numbers that are kept beside those of the schema."""

    def __init__(self, table: str, extra: tuple[str, ...] = ()) -> None:
        self.name = table
        self.types = {c.name: c.type for c in schema()[table].columns if c.name not in _PROVENANCE}
        self.types |= {FOLDER: "text"} | dict.fromkeys(extra, "bigint")
        self._chunks: list[pa.Table] = []
        self._pending: list[Mapping[str, Any]] = []
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def row(self, **values: Any) -> int:
        """Add a row and return its number."""
        self._check(values)
        self._pending.append(values)
        self._count += 1
        return self._count - 1

    def rows(self, count: int, **values: Any) -> int:
        """Add rows, each column an array or one value for all; return the number of the first."""
        self._check(values)
        first = self._count
        if count:
            self._flush()
            self._chunks.append(pa.table({name: self._column(name, values.get(name), count) for name in self.types}))
            self._count += count
        return first

    def table(self) -> pa.Table:
        """Return all rows so far."""
        self._flush()
        if not self._chunks:
            return pa.table({name: self._column(name, None, 0) for name in self.types})
        return pa.concat_tables(self._chunks)

    def _check(self, values: Mapping[str, Any]) -> None:
        if unknown := values.keys() - self.types.keys():
            raise KeyError(f"{self.name} has no column {', '.join(sorted(unknown))}")

    def _flush(self) -> None:
        if self._pending:
            rows, self._pending = self._pending, []
            made = {name: self._typed(name, pa.array([row.get(name) for row in rows])) for name in self.types}
            self._chunks.append(pa.table(made))

    def _column(self, name: str, value: Any, count: int) -> pa.Array:
        if isinstance(value, pa.ChunkedArray):
            value = value.combine_chunks()
        if not isinstance(value, pa.Array | np.ndarray):
            value = pa.repeat(value, count) if value is not None else pa.nulls(count)
        return self._typed(name, value if isinstance(value, pa.Array) else pa.array(value))

    def _typed(self, name: str, values: pa.Array) -> pa.Array:
        kind = self.types[name]
        if kind.startswith("decimal"):
            return as_yuan(values)
        if kind == "date":
            return values.cast(pa.int32()).cast(pa.date32())
        if kind == "timestamp":
            return values.cast(pa.int64()).cast(pa.timestamp("s"))
        return values.cast(_TYPES[kind])


def as_yuan(fen: pa.Array) -> pa.Array:
    """Return whole fen, null where unknown, as yuan."""
    fen = fen.cast(pa.int64())
    made = yuan(fen.fill_null(0).to_numpy())
    return pc.if_else(fen.is_valid(), made, pa.scalar(None, made.type)) if fen.null_count else made
