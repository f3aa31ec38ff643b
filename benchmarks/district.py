"""A simulated district against the bare limit: how long it takes to make, beside writing the same rows once more as they are.

`python benchmarks/district.py [FLOWS] [--clean]` (default 1,000,000 with all deliveries). The limit reads nothing and computes
nothing: pyarrow's CSV writer writes the finished `flows` of a clean district of the same size. The peer is what a simple
generator does: Python's csv module writing the same rows one by one, measured on a part.
"""

import csv
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pcsv

from lib.simulate import simulate


def seconds(work: object) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    work()  # type: ignore[operator]
    return time.perf_counter() - start


def main() -> None:
    """Measure and print."""
    flows = int(float(next((a for a in sys.argv[1:] if not a.startswith("-")), "1e6")))
    clean = "--clean" in sys.argv
    folder = Path(tempfile.mkdtemp(prefix="district-"))
    try:
        made = seconds(lambda: simulate(folder / "d", 12, flows, 7, clean=clean))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        size = sum(p.stat().st_size for p in (folder / "d").rglob("*") if p.is_file())
        files = sum(p.is_file() for p in (folder / "d").rglob("*"))
        if not clean:
            simulate(folder / "clean", 12, flows, 7, clean=True)
        rows = _rows(folder / ("d" if clean else "clean"))
        limit = seconds(lambda: pcsv.write_csv(rows, folder / "limit.csv"))
        part = rows.slice(0, 100_000).to_pylist()
        peer = seconds(lambda: _by_row(part, folder / "peer.csv")) * len(rows) / len(part)
    finally:
        shutil.rmtree(folder)
    print(f"{len(rows):,} statement lines, {'clean' if clean else 'all deliveries'}: {files} files, {size / 2**20:,.0f} MB")
    print(f"made in {made:.1f} s, peak {peak:.2f} GB")
    print(f"bare limit (pyarrow writes the finished statement lines): {limit:.1f} s; ratio {made / limit:.1f}")
    print(f"peer (csv module, the same lines one by one, without making them): {peer:.1f} s; ratio {made / peer:.2f}")


def _rows(folder: Path) -> pa.Table:
    options = pcsv.ConvertOptions(
        column_types={"account_id": pa.string(), "counterparty_account": pa.string(), "bank_ref": pa.string()}
    )
    tables = [pcsv.read_csv(path, convert_options=options) for path in sorted(folder.rglob("flows.csv"))]
    return pa.concat_tables(tables, promote_options="permissive")


def _by_row(rows: list[dict[str, object]], path: Path) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
