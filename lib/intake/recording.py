"""Writing down in a draft where its rows come from: the parts of files, their spans, and the rows set apart."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from lib import paths
from lib.intake import ledger
from lib.intake.corrections import is_own
from lib.intake.loading import Aside, Source, as_text
from lib.store import Store


def write(draft: Store, written: Sequence[Source | Aside], importer_version: str) -> None:
    """Write down where the rows of parts come from: the files, their spans, the rows set apart."""
    if not written:
        return
    rows = [{**_known(source), "importer_version": importer_version} for source in written]
    types = {name: _TYPES.get(name, pa.string()) for row in rows for name in row}
    draft.append("sources", pa.table({name: pa.array([row.get(name) for row in rows], of) for name, of in types.items()}))
    parts = [(source.tally, source.id, as_text(source.part.member), as_text(source.part.sheet)) for source in written]
    draft.append("spans", pa.concat_tables([tally.spans(*place) for tally, *place in parts]))
    made = [row for source in written if isinstance(source, Source) for row in _corrections(source)]
    if made:
        draft.append("corrections", pa.Table.from_pylist(made, _CORRECTIONS))
    for source in written:
        if source.apart:
            rows = pa.concat_tables(source.apart).sort_by("line")
            draft.append("quarantine", rows.add_column(0, "source_id", pa.array([source.id] * rows.num_rows, pa.string())))


_TYPES = {"unused_columns": pa.list_(pa.string())} | dict.fromkeys(("seq", "header_line"), pa.int32())
_TYPES |= dict.fromkeys(("bytes", "rows_read", "rows_accepted", "rows_quarantined", "rows_set_aside"), pa.int64())

_CORRECTIONS = pa.schema(
    [
        *(("source_id", pa.string()), ("line", pa.int64()), ("corrected_source_id", pa.string())),
        *(("corrected_line", pa.int64()), ("corrected_by", pa.string()), ("note", pa.string()), ("print", pa.string())),
    ]
)


def _corrections(source: Source) -> Iterator[dict[str, Any]]:
    """Give the corrections that a sheet makes: of its rows that were accepted."""
    if source.correcting is None:
        return
    accepted = source.tally.lines(ledger.ACCEPTED)
    for line, link in source.correcting.links.items():
        if line in accepted:
            yield {
                "source_id": source.correcting.target.source_id,
                "line": link.line,
                "corrected_source_id": source.id,
                "corrected_line": line,
                "corrected_by": link.by,
                "note": link.note,
                "print": link.print,
            }


def _known(source: Source | Aside) -> dict[str, Any]:
    """Return the columns of `sources` for a part."""
    part = source.part
    return {
        "source_id": source.id,
        "seq": source.seq,
        "delivery": as_text(source.delivery),
        "name": as_text(part.name),
        "member": as_text(part.member),
        "sheet": as_text(part.sheet),
        "path": as_text(paths.written(part.path)),
        "sha256": part.sha256,
        "bytes": part.file.bytes,
        **(_read(source) if isinstance(source, Source) else _unread(source)),
    }


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
        "unused_columns": [name for name in layout.unused if not is_own(name)],
        "facts": as_text(json.dumps(layout.facts, ensure_ascii=False)) if layout.facts else None,
        "corrects": source.correcting.target.source_id if source.correcting else None,
    }


def _unread(source: Aside) -> dict[str, Any]:
    """Return the columns of `sources` for a part that was not read; of one that cannot be, nothing is known."""
    if source.reason:
        return {"state": source.state}
    aside = source.tally.count(ledger.SET_ASIDE)
    counts = {"rows_read": aside, "rows_accepted": 0, "rows_quarantined": 0, "rows_set_aside": aside}
    return {"encoding": source.part.examined.encoding, "delimiter": ",", "state": source.state, **counts}
