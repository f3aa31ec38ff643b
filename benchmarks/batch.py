"""A batch of reports against stock papermill and nbconvert on the same template, both with two at a time, in one run.

    .venv/bin/python benchmarks/batch.py [how many]

The 20 FinBench companies with the largest total of loans where ../shared/data/finbench lies beside the checkout, else the
institutions of the sample district. The peer is what a user would type, `papermill` and then `jupyter nbconvert --to html` for
each
institution, two shells at a time. Memory is the sum of the resident sizes of all processes of a run, sampled: pages that forked
kernels share are counted once for each. Kernels compiled by numba are cached before either run.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from lib import curate, open_case, paths, report

ROOT = Path(__file__).parents[1]
FINBENCH = ROOT / "../shared/data/finbench"
JOBS = 2
LARGEST_BORROWERS = """
    select borrower_id as id
    from loans
    where borrower_id like 'C%'
    group by borrower_id
    order by sum(principal_yuan) desc, borrower_id
    limit $n
"""


class Tree:
    """Samples the resident memory of this process and all below it while a block runs."""

    def __enter__(self) -> "Tree":
        self.peak_mb, self._over = 0.0, threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _sample(self) -> None:
        me = psutil.Process()
        while not self._over.wait(0.1):
            total = 0
            for process in (me, *me.children(recursive=True)):
                try:
                    total += process.memory_info().rss
                except psutil.Error:  # it has ended meanwhile
                    continue
            self.peak_mb = max(self.peak_mb, total / 1e6)


def prepared(folder: Path, how_many: int) -> tuple[Path, list[str]]:
    """Import the data and choose whom to report on."""
    store = folder / "store.duckdb"
    if FINBENCH.exists():
        curate.import_delivery(FINBENCH, store)
        rows = open_case(store=store).sql(LARGEST_BORROWERS, n=how_many)
        return store, list(rows["id"])
    print(f"{FINBENCH} is not here: the sample district is used instead")
    curate.import_delivery(ROOT / "data" / "raw" / "sample", store)
    rows = open_case(store=store).sql("select institution_id as id from institutions order by all limit $n", n=how_many)
    return store, list(rows["id"])


def stock(store: Path, ids: list[str], as_of: str, out: Path) -> None:
    """Run papermill and nbconvert as commands, two institutions at a time."""
    out.mkdir()
    environment = {**os.environ, "LOOKTHROUGH_PAGE": "1", "LOOKTHROUGH_HOME": str(ROOT)}
    tools = Path(sys.executable).parent
    template = str(paths.template("institution"))

    def one(party: str) -> None:
        made = str(out / f"{party}.ipynb")
        given = [a for k, v in (("institution", party), ("as_of", as_of), ("store", str(store))) for a in ("-p", k, v)]
        run = [str(tools / "papermill"), template, made, *given, "--no-progress-bar", "-k", "python3"]
        convert = [str(tools / "jupyter"), "nbconvert", "--to", "html", "--log-level", "ERROR", made]
        for command in (run, convert):
            subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True)

    with ThreadPoolExecutor(JOBS) as pool:
        list(pool.map(one, ids))


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds that some work takes and the peak of memory in MB."""
    with Tree() as tree:
        begun = time.perf_counter()
        work()
        taken = time.perf_counter() - begun
    return taken, tree.peak_mb


def main() -> None:
    """Print both times, their ratio and both peaks."""
    how_many = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        store, ids = prepared(folder, how_many)
        as_of = open_case(store=store).as_of.isoformat()
        report.run(ids[:1], store=store, as_of=as_of, out=folder / "warm")

        def ours() -> None:
            made = report.run(ids, store=store, as_of=as_of, out=folder / "ours", jobs=JOBS)
            failed = made[made["outcome"] != "ok"]
            assert failed.empty, failed[["asked", "reason"]].to_string()

        own_seconds, own_mb = timed(ours)
        peer_seconds, peer_mb = timed(lambda: stock(store, ids, as_of, folder / "stock"))
    print(f"{len(ids)} reports, two at a time")
    print(f"lookthrough                {own_seconds:7.1f} s  peak {own_mb:6,.0f} MB")
    print(f"papermill, then nbconvert  {peer_seconds:7.1f} s  peak {peer_mb:6,.0f} MB")
    print(f"ratio: {peer_seconds / own_seconds:.1f} times as fast, {own_mb / peer_mb:.2f} of the memory")


if __name__ == "__main__":
    main()
