"""Writing down in a draft where its rows come from: the parts of files, their spans, and the rows set apart."""

from typing import Any

import pyarrow as pa

from lib import paths
from lib.intake import ledger
from lib.intake.loading import Aside, Source, as_text
from lib.intake.staging import Fault
from lib.store import Store


def write(draft: Store, source: Source | Aside, importer_version: str) -> None:
    """Write down where a part's rows come from: the file, its spans, the rows set apart."""
    part, tally = source.part, source.tally
    row = {
        "source_id": source.id,
        "seq": source.seq,
        "delivery": as_text(source.delivery),
        "name": as_text(part.name),
        "member": as_text(part.member),
        "sheet": as_text(part.sheet),
        "path": as_text(paths.written(part.path)),
        "sha256": part.sha256,
        "bytes": part.file.bytes,
        "importer_version": importer_version,
        **(_read(source) if isinstance(source, Source) else _unread(source)),
    }
    draft.append("sources", pa.table({name: pa.array([value], _TYPES.get(name)) for name, value in row.items()}))
    draft.append("spans", tally.spans(source.id, as_text(part.member), as_text(part.sheet)))
    apart = _apart(source)
    if apart:
        lines, reasons, texts = (list(column) for column in zip(*apart, strict=True))
        columns = {"source_id": [source.id] * len(apart), "line": lines, "reason": reasons, "original_text": texts}
        draft.append("quarantine", pa.table(columns, _QUARANTINE))


_TYPES = {"unused_columns": pa.list_(pa.string())}
_QUARANTINE = pa.schema({"source_id": pa.string(), "line": pa.int64(), "reason": pa.string(), "original_text": pa.string()})


def _read(source: Source) -> dict[str, Any]:
    """Return the columns of `sources` for a part that was read."""
    tally, layout = source.tally, source.layout
    aside = tally.count(ledger.SET_ASIDE)
    return {
        "encoding": source.part.examined.encoding,
        "delimiter": layout.delimiter,
        "profile_id": layout.profile.id,
        "header_line": layout.header_line,
        "rows_read": tally.count(ledger.ACCEPTED, ledger.QUARANTINED) + (aside if layout.profile.set_aside else 0),
        "rows_accepted": tally.count(ledger.ACCEPTED),
        "rows_set_aside": aside,
        "rows_quarantined": tally.count(ledger.QUARANTINED),
        "state": "set_aside" if layout.profile.set_aside else "imported",
        "unused_columns": layout.unused,
    }


def _unread(source: Aside) -> dict[str, Any]:
    """Return the columns of `sources` for a part that was not read; of one that cannot be, nothing is known."""
    if source.reason:
        return {"state": source.state}
    aside = source.tally.count(ledger.SET_ASIDE)
    counts = {"rows_read": aside, "rows_accepted": 0, "rows_quarantined": 0, "rows_set_aside": aside}
    return {"encoding": source.part.examined.encoding, "delimiter": ",", "state": source.state, **counts}


def _apart(source: Source | Aside) -> list[tuple[int, str, str | None]]:
    """Return line, reason and text of what is set apart: rows, or the whole part (line 0)."""
    if isinstance(source, Aside):
        return [(0, "\n".join(as_text(text).replace("\n", " ") for text in source.reason), None)] if source.reason else []
    return [(line, _reason(source.faults[line]), source.originals[line]) for line in sorted(source.faults)]


def _reason(faults: list[Fault]) -> str:
    """Join the reasons of a row: Chinese on the first line, English on the second (ledger.reason picks one)."""
    first = list(dict.fromkeys(faults))
    return "; ".join(fault.zh for fault in first).replace("\n", " ") + "\n" + "; ".join(fault.en for fault in first)
