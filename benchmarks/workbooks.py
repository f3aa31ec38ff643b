"""A sheet of 100,000 rows and 12 columns through the whole import, against calamine's bare parse of it, in one run.

    .venv/bin/python benchmarks/workbooks.py [how many rows]

The bare parse goes through all rows in a process that does nothing else. Ours is everything: hash, child, layout, staging,
ledger, transfers, publication. Both are run several times in turn, the best of each counts; the Store begins empty.
"""

import datetime as dt
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import xlsxwriter

from lib import curate

ROUNDS = 3
HEADER = (
    *("account_id", "flow_id", "at", "direction", "amount_yuan", "balance_yuan", "counterparty_account"),
    *("counterparty_name", "counterparty_bank", "memo", "channel", "bank_ref"),
)
BARE = """
import sys, time
import python_calamine
begun = time.perf_counter()
book = python_calamine.CalamineWorkbook.from_path(sys.argv[1])
n = sum(1 for row in book.get_sheet_by_index(0).iter_rows())
print(time.perf_counter() - begun)
"""


def written(path: Path, rows: int) -> None:
    """Write a statement: texts, times and amounts as a bank's system writes them."""
    with xlsxwriter.Workbook(path) as book:
        page = book.add_worksheet("流水")
        time_format = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        page.write_row(0, 0, HEADER)
        for i in range(1, rows + 1):
            texts = {
                0: f"622202{i % 500:013}",
                1: f"F{i:09}",
                3: "收" if i % 2 else "付",
                6: f"621700{i % 9973:013}",
                7: f"李四{i % 9973}",
                8: "某某银行郑州分行",
                9: "转账",
                10: "网银",
                11: f"R{i:012}",
            }
            for column, text in texts.items():
                page.write_string(i, column, text)
            page.write_datetime(i, 2, dt.datetime(2018, 1, 1) + dt.timedelta(seconds=i * 37), time_format)  # noqa: DTZ001
            page.write_number(i, 4, i % 100_000 / 100)
            page.write_number(i, 5, i / 100)


def bare(path: Path) -> float:
    """Return the seconds of calamine's own parse."""
    done = subprocess.run([sys.executable, "-c", BARE, str(path)], check=True, capture_output=True, text=True)
    return float(done.stdout)


def ours(path: Path, store: Path) -> float:
    """Return the seconds of a whole import."""
    begun = time.perf_counter()
    answer = curate.import_delivery(path, store, rebuild=True)
    taken = time.perf_counter() - begun
    assert answer["rows_quarantined"].tolist() == [0]
    return taken


def main() -> None:
    """Print both times, rows a second and the ratio."""
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written(folder / "flows.xlsx", rows)
        (folder / "parties.csv").write_text("party_id,name,kind\nP1,x,企业\n")
        curate.import_delivery(folder / "parties.csv", folder / "store.duckdb")  # modules and kernels are loaded now
        times = [(bare(folder / "flows.xlsx"), ours(folder / "flows.xlsx", folder / "store.duckdb")) for _ in range(ROUNDS)]
    peer, own = (min(column) for column in zip(*times, strict=True))
    print(f"{rows:,} rows of 12 columns")
    print(f"calamine, bare parse  {peer:6.2f} s  {rows / peer:9,.0f} rows/s")
    print(f"lookthrough, all      {own:6.2f} s  {rows / own:9,.0f} rows/s")
    print(f"ratio: {own / peer:.2f} times the bare parse")


if __name__ == "__main__":
    main()
