"""The frames of the look-through, built from party numbers."""

from collections.abc import Iterable

import numpy as np
import pandas as pd
import pyarrow as pa

from lib.case import Case
from lib.ownership import loops
from lib.ownership.register import Floats, Ints, Register
from lib.store import frame

TEXTS = pa.list_(pa.string())
NOBODY = np.zeros(0, np.int64)


def component_id(register: Register, found: loops.Loop) -> str:
    """Name a component after its first member."""
    return f"loop:{register.named(found.members[:1])[0]}"


def who(heading: str, register: Register, numbers: Ints) -> dict[str, pa.Array]:
    """Return the columns of ids (under `heading`), names and kinds."""
    at = pa.array(numbers)
    return {heading: register.ids.take(at), "name": register.names.take(at), "kind": register.kinds.take(at)}


def known_parties(case: Case, ids: Iterable[str]) -> dict[str, dict[str, str | None]]:
    """Return name and kind of parties by id; of those that are known."""
    return {row["party_id"]: row for row in case.store.run("parties_named", ids=list(ids)).to_pylist()}


def called(case: Case, heading: str, ids: list[str]) -> dict[str, pa.Array]:
    """Return the columns of ids (under `heading`), names (the id, where none is known) and kinds."""
    known = known_parties(case, ids)
    return {
        heading: pa.array(ids, pa.string()),
        "name": pa.array([known.get(i, {}).get("name") or i for i in ids], pa.string()),
        "kind": pa.array([known.get(i, {}).get("kind") for i in ids], pa.string()),
    }


def owner_frame(register: Register, numbers: Ints, columns: dict[str, Floats | Ints | pa.Array]) -> pd.DataFrame:
    """Return the frame of `graph.owners`; with its types, if there is nobody."""
    empty = {c: pa.array([], pa.float64()) for c in ("direct_share", "share", "share_low", "share_high")}
    measured = columns or {**empty, "layers": pa.array([], pa.int64())}
    return frame_of(**who("holder_id", register, numbers), **{name: pa.array(c) for name, c in measured.items()})


def chain_frame(rows: list[tuple[list[str], float]], rest: list[tuple[str, float]], cut: float | None) -> pd.DataFrame:
    """Return the frame of `graph.chains`: chains, then what they leave unexplained per holder."""
    made = frame_of(
        holder_id=pa.array([path[-1] for path, _ in rows] + [holder for holder, _ in rest], pa.string()),
        share=pa.array([share for _, share in rows] + [share for _, share in rest], pa.float64()),
        layers=pa.array([len(path) - 1 for path, _ in rows] + [None] * len(rest), pa.int64()),
        path=pa.array([path for path, _ in rows] + [[] for _ in rest], TEXTS),
        circular=pa.array([False] * len(rows) + [True] * len(rest), pa.bool_()),
    )
    made.attrs["cut_at"] = cut
    return made


def frame_of(**columns: pa.Array) -> pd.DataFrame:
    """Return a DataFrame of Arrow columns, lists as lists, integers with gaps as integers."""
    return frame(pa.table(columns))
