"""Importing statement lines against a bare limit and a peer, in one run.

    .venv/bin/python benchmarks/intake.py [ROWS]            one file of 12 columns (default 1,000,000), in UTF-8 and GB18030,
                                                            against DuckDB's own typed read_csv(store_rejects) of it in UTF-8
    .venv/bin/python benchmarks/intake.py --banks [ROWS]    the same number of rows from six banks, in six layouts, against
                                                            pandas

DuckDB reads, casts and writes a table; of a row that it refuses it keeps the line. Ours hashes the bytes, proves the encoding,
keeps account of every byte, casts each cell by strict patterns, folds rows of one key, proves counts, sums and prints, and
publishes; then it derives transfers, reversals and flags, which is measured apart. Each runs in a process of its own that has
imported its libraries and, ours, loaded its kernels; the best of several rounds counts. Peak memory is that of the process.

pandas reads the six files as a script would that knows their encodings, header lines and columns: texts, amounts by to_numeric,
times by to_datetime, into one frame. It proves nothing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

ROUNDS = 3
CHUNK = 200_000
NAMES = np.array(["张三", "李四科技有限公司", "王五", "某某投资管理有限公司", "赵六", "某某信息服务有限公司"])
MEMOS = np.array(["网上转账", "放款", "还款 第3期", "工资", "货款", "代付手续费", "服务费, 含税"])

DUCKDB = """
import sys, time, resource, duckdb
start = time.perf_counter()
store = duckdb.connect(sys.argv[2])
types = ['varchar', 'varchar', 'bigint', 'timestamp', 'varchar', 'decimal(18, 2)', 'decimal(18, 2)'] + ['varchar'] * 5
columns = ", ".join(f"'c{i}': '{of}'" for i, of in enumerate(types))
options = f"header = true, store_rejects = true, columns = {{{columns}}}"
store.execute(f"create table flows as from read_csv('{sys.argv[1]}', {options})")
store.close()
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)
"""
OURS = """
import sys, time, resource, tempfile, pathlib
from lib import curate
warm = pathlib.Path(tempfile.mkdtemp())
(warm / "a.csv").write_text("account_id,at,direction,amount_yuan\\n" + "6222,2018-01-01,in,1.00\\n" * 60_000)
curate.import_delivery(warm, warm / "warm.duckdb")
derive, spent = curate._derive, []
def timed(draft):
    start = time.perf_counter()
    derive(draft)
    spent.append(time.perf_counter() - start)
curate._derive = timed
start = time.perf_counter()
answer = curate.import_delivery(sys.argv[1], sys.argv[2])
whole = time.perf_counter() - start
assert not answer["rows_quarantined"].sum(), answer
print(whole - spent[0], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, whole, int(answer["rows_accepted"].sum()))
"""
PANDAS = """
import sys, time, json, resource
import pandas as pd
start = time.perf_counter()
frames = []
for file in json.loads(sys.argv[1]):
    raw = pd.read_csv(file["path"], encoding=file["encoding"], sep=file["sep"], skiprows=file["skip"], dtype=str)
    raw = raw.rename(columns=lambda name: name.strip()).apply(lambda column: column.str.strip())
    money = lambda name: pd.to_numeric(raw[name].str.replace(",", "").str.lstrip("¥+"), errors="coerce")
    made = pd.DataFrame({"at": pd.to_datetime(raw[file["at"]], errors="coerce"), "amount": money(file["amount"][0])})
    if len(file["amount"]) > 1:
        made["amount"] = made["amount"].fillna(money(file["amount"][1]))
    made["balance"], made["other"], made["memo"] = money(file["balance"]), raw[file["other"]], raw[file["memo"]]
    frames.append(made)
whole = pd.concat(frames, ignore_index=True)
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, len(whole))
"""


def lines(rows: int, seed: int = 1) -> Iterator[pd.DataFrame]:
    """Give statement lines in chunks: canonical columns, all text."""
    rng = np.random.default_rng(seed)
    accounts = np.array([f"62220{10**13 + i * 7919:014d}" for i in range(5000)])
    for begin in range(0, rows, CHUNK):
        n = min(CHUNK, rows - begin)
        i = np.arange(begin, begin + n)
        at = pd.Series(np.datetime64("2016-01-01T00:00:00") + (i * 9).astype("timedelta64[s]"))
        fen, balance = rng.integers(1, 10_000_000, n), rng.integers(1, 10**10, n)
        yield pd.DataFrame(
            {
                "flow_id": [f"F{k:09d}" for k in i],
                "account_id": accounts[rng.integers(0, 5000, n)],
                "seq": i,
                "at": at.dt.strftime("%Y-%m-%d %H:%M:%S"),
                "direction": np.where(rng.integers(0, 2, n) == 1, "in", "out"),
                "amount_yuan": [f"{x // 100}.{x % 100:02d}" for x in fen],
                "balance_yuan": [f"{x // 100}.{x % 100:02d}" for x in balance],
                "counterparty_account": accounts[rng.integers(0, 5000, n)],
                "counterparty_name": NAMES[rng.integers(0, len(NAMES), n)],
                "kind": np.array(["transfer", "repayment", "disbursement", "fee"])[rng.integers(0, 4, n)],
                "memo": MEMOS[rng.integers(0, len(MEMOS), n)],
                "bank_ref": [f"R{k:012d}" for k in i],
            }
        )


def written(path: Path, rows: int, encoding: str) -> Path:
    """Write one canonical file."""
    with path.open("wb") as file:
        for number, chunk in enumerate(lines(rows)):
            file.write(chunk.to_csv(index=False, header=number == 0, lineterminator="\n").encode(encoding))
    return path


def banks(folder: Path, rows: int) -> list[dict[str, object]]:
    """Write the statements of six banks, each with titles, ways and units of its own; return how pandas is to read them."""

    def signed(frame: pd.DataFrame) -> pd.Series:
        return pd.Series(np.where(frame["direction"] == "in", "", "-")) + frame["amount_yuan"]

    def grouped(column: pd.Series) -> list[str]:
        return [f"{float(x):,.2f}" for x in column]

    def side(frame: pd.DataFrame, of: str) -> np.ndarray:
        return np.where(frame["direction"] == of, grouped(frame["amount_yuan"]), "")

    def flag(frame: pd.DataFrame, into: str, out: str) -> np.ndarray:
        return np.where(frame["direction"] == "in", into, out)

    make = Callable[[pd.DataFrame], dict[str, object]]

    def common(f: pd.DataFrame) -> dict[str, object]:
        return {"对方账号": f["counterparty_account"], "对方户名": f["counterparty_name"], "摘要": f["memo"]}

    plans: list[tuple[str, str, str, str, list[str], make]] = [
        ("工行", "gb18030", ",", "交易时间", ["收入金额", "支出金额"], lambda f: {
            "交易时间": f["at"], "收入金额": side(f, "in"), "支出金额": side(f, "out"),
            "账户余额": grouped(f["balance_yuan"])}),
        ("建行", "gb18030", ",", "交易日期", ["贷方发生额", "借方发生额"], lambda f: {
            "交易日期": f["at"].str[:10].str.replace("-", ""), "借方发生额": side(f, "out"), "贷方发生额": side(f, "in"),
            "账户余额": f["balance_yuan"]}),
        ("农行", "utf-8-sig", ",", "交易时间", ["交易金额"], lambda f: {
            "交易时间": f["at"].str.replace("-", "/"), "交易金额": signed(f), "账户余额": f["balance_yuan"]}),
        ("中行", "gb18030", "\t", "交易日期", ["交易金额"], lambda f: {
            "交易日期": f["at"], "借贷标志": flag(f, "贷", "借"), "交易金额": f["amount_yuan"], "账户余额": f["balance_yuan"]}),
        ("招行", "utf-8", ",", "交易时间", ["交易金额"], lambda f: {
            "交易时间": f["at"] + "\t", "收支": flag(f, "收", "支"), "交易金额": "¥" + f["amount_yuan"],
            "账户余额": grouped(f["balance_yuan"])}),
        ("民生", "utf-16", "\t", "交易时间", ["交易金额"], lambda f: {
            "交易时间": f["at"].str[:16], "收付标志": flag(f, "进", "出"), "交易金额": f["amount_yuan"],
            "账户余额": f["balance_yuan"]}),
    ]  # fmt: skip
    made: list[dict[str, object]] = []
    for number, (name, encoding, sep, at, amount, columns) in enumerate(plans):
        path = folder / f"{name}_622202000000000{number:04}.csv"
        n = rows // len(plans) + (number < rows % len(plans))
        with path.open("wb") as file:
            for i, frame in enumerate(lines(n, number)):
                whole = pd.DataFrame({**columns(frame), **common(frame)})
                text = whole.to_csv(index=False, header=i == 0, sep=sep, lineterminator="\r\n")
                title = f"{name}账户交易明细\r\n账号: 622202000000000{number:04}\r\n"
                data = (title + text if i == 0 else text).encode(encoding)
                file.write(data.removeprefix("".encode(encoding)) if i else data)
        made.append({"path": str(path), "encoding": encoding, "sep": sep, "skip": 2, "at": at, "amount": amount,
                     "balance": "账户余额", "other": "对方账号", "memo": "摘要"})  # fmt: skip
    return made


def run(script: str, *given: str) -> list[float]:
    """Run a script in a process of its own; return the numbers that it prints last."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run([sys.executable, "-c", script, *given], capture_output=True, text=True, check=False, env=environment)
    if done.returncode:
        raise SystemExit(done.stderr)
    return [float(x) for x in done.stdout.split("\n")[-2].split()]


def best(script: str, folder: Path, *given: str, rounds: int = ROUNDS) -> list[float]:
    """Return what the fastest of several rounds prints; each begins with an empty Store."""
    found = []
    for _ in range(rounds):
        with tempfile.TemporaryDirectory(dir=folder) as place:
            found.append(run(script, *given, *([] if script is PANDAS else [f"{place}/store.duckdb"])))
    return min(found)


def main() -> None:
    """Measure and print."""
    import json

    ask = argparse.ArgumentParser()
    ask.add_argument("rows", nargs="?", default="1e6", type=lambda text: int(float(text)))
    ask.add_argument("--banks", action="store_true")
    ask.add_argument("--rounds", default=ROUNDS, type=int)
    asked = ask.parse_args()
    with tempfile.TemporaryDirectory(prefix="intake-") as name:
        folder = Path(name)
        if asked.banks:
            (folder / "raw").mkdir()
            files = banks(folder / "raw", asked.rows)
            peer = best(PANDAS, folder, json.dumps(files), rounds=asked.rounds)
            ours = best(OURS, folder, str(folder / "raw"), rounds=asked.rounds)
            print(f"pandas            {peer[0]:7.1f} s  {peer[1]:.2f} GB  {peer[2]:,.0f} rows")
            print(f"import            {ours[2]:7.1f} s  {ours[1]:.2f} GB  {ours[3]:,.0f} rows  {ours[2] / peer[0]:.2f} x")
            return
        for encoding in ("utf-8", "gb18030"):
            path = written(folder / f"{encoding}.csv", asked.rows, encoding)
            if encoding == "utf-8":
                limit = best(DUCKDB, folder, str(path), rounds=asked.rounds)
                print(f"DuckDB read_csv   {limit[0]:7.2f} s  {limit[1]:.2f} GB")
            ours = best(OURS, folder, str(path), rounds=asked.rounds)
            print(
                f"import {encoding:10} {ours[0]:7.2f} s  {ours[1]:.2f} GB  {ours[0] / limit[0]:.2f} x; "
                f"with transfers, reversals, flags {ours[2]:.2f} s, {ours[2] / limit[0]:.2f} x"
            )


if __name__ == "__main__":
    main()
