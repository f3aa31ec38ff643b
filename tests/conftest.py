"""Fixtures: small Stores written row by row, so that a test's data stands in the test."""

import os
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock
from hypothesis import settings

from lib import Case, drafts, open_case
from lib.curate import import_delivery
from lib.schema import schema
from lib.store import SCHEMA_VERSION, Store
from tests.trials import IN_FULL

# Nothing here is judged by the clock: machines differ, and the first call of a kernel compiles it. Every run draws the same
# examples, so that a change is judged by what it changes; new ones are drawn by the long suite.
settings.register_profile("house", deadline=None, derandomize=not IN_FULL)
settings.load_profile("house")

Rows = list[dict[str, Any]]
MakeStore = Callable[..., Path]
FINBENCH = Path(__file__).parents[1] / "../shared/data/finbench"
SAMPLE = Path(__file__).parents[1] / "data" / "raw" / "sample"

OWN_SETTINGS = ("LOOKTHROUGH_LANG", "LOOKTHROUGH_STORE", "LOOKTHROUGH_HOME")


def pytest_configure() -> None:
    """Start plain: fixtures of a session are made before those of a test, and would see what the caller has set."""
    for name in OWN_SETTINGS:
        os.environ.pop(name, None)


# Files whose tests take longest go first: a worker that began one of them last would work on alone.
LONGEST = (
    *("test_interruptions", "test_demo_pages", "test_report", "test_register", "test_curate_transfers", "test_simulate"),
    *("test_cli", "test_intake_layouts", "test_intake_bods", "test_quarantine_rebuilt", "test_quarantine", "test_curate"),
    *("test_intake_doubtful", "test_intake_hostile", "test_intake_carried", "test_intake_workbooks", "test_curate_order"),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first."""
    items.sort(key=lambda item: LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST))


@pytest.fixture(autouse=True)
def _plain_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a test's language and Store its own."""
    for name in OWN_SETTINGS:
        # Set, then taken away: monkeypatch remembers nothing of a name that is not there, and what the test itself puts
        # there (use_language does) would stay for whoever comes next. English pages once came of it.
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


@cache
def _empty_store() -> bytes:
    """Return the file of a Store without rows: making its tables and their comments takes longer than most tests."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.duckdb"
        with drafts.next_version(path) as store:
            store.execute("insert into store_meta values ('test', 'test', $schema)", schema=SCHEMA_VERSION)
        return path.read_bytes()


def write_store(path: Path, tables: dict[str, Rows], *then: Callable[[Store], None]) -> Path:
    """Write rows (dicts of column → value, the rest null) straight into a new Store, derive from them, and return its path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.next")  # a Store that is open under this name stays as it is
    draft.write_bytes(_empty_store())
    with drafts._written(draft) as connection:  # next_version would open a copy once more, to see that it is whole
        store = Store(path, "", connection)
        store.execute("begin")  # else every row is synced to the disk on its own
        for name, rows in tables.items():
            known = {c.name for c in schema()[name].columns}
            for row in rows:
                assert set(row) <= known, f"{name} has no column {set(row) - known}"
                columns = ", ".join(f'"{c}"' for c in row)
                values = ", ".join(f"${c}" for c in row)
                store.execute(f"insert into {name} ({columns}) values ({values})", **row)
        store.execute("commit")
        for derive in then:
            derive(store)
    draft.replace(path)
    return path


@pytest.fixture(scope="session")
def sample_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the Store of the sample district, imported once for all processes of a run: to be read, or copied."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path = folder / "sample.duckdb"
    with FileLock(folder / "sample.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKTHROUGH_HOME", str(folder))  # so that the files' places are kept as absolute paths
        if not path.exists():
            import_delivery(SAMPLE, path)
    return path


@pytest.fixture(scope="session")
def finbench(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, pd.DataFrame]:
    """Give the Store of the 18 files of FinBench, imported once for all processes of a run, and what the import said."""
    base = tmp_path_factory.getbasetemp()
    folder = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    path, answer = folder / "finbench.duckdb", folder / "finbench.pickle"
    with FileLock(folder / "finbench.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOOKTHROUGH_HOME", str(folder))
        if not answer.exists():
            import_delivery(FINBENCH, path).to_pickle(answer)
    return path, pd.read_pickle(answer)


@pytest.fixture
def make_store(tmp_path: Path) -> MakeStore:
    """Give a function that writes tables=[rows] into a Store and returns its path."""

    def make(**tables: Rows) -> Path:
        return write_store(tmp_path / "store.duckdb", tables)

    return make


@pytest.fixture
def make_case(make_store: MakeStore) -> Callable[..., Case]:
    """Give a function that writes tables=[rows] and opens a case on them: `make_case("P", holdings=[{…}])`."""

    def make(institution: str | None = None, as_of: str | None = "2018-09-30", **tables: Rows) -> Case:
        return open_case(institution, as_of, make_store(**tables))

    return make
