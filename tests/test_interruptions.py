"""An import that is killed or stopped at any moment: the Store is as before or as after, and running again finishes.

The import is a process of its own here, seen from outside only: its exit code, its lines, the Store, and what it leaves in
its folders. Only processes that a test has started are ended.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from lib import cli, stopping
from lib.schema import schema
from lib.simulate import simulate
from lib.store import open_store
from tests.test_intake_workbooks import HEAD, xls, xlsx

pytestmark = pytest.mark.skipif(os.name == "nt", reason="signals differ on Windows")

ROOT = Path(cli.__file__).parents[1]
KILLS, MANY_KILLS = 10, 200
STOPS, MANY_STOPS = 4, 60  # of each signal
BANKS, MEMBERS = 2, 2
STORE = "store.duckdb"
Rows = dict[str, list[str]]


@dataclass(frozen=True)
class Scene:
    """Two deliveries, and what undisturbed imports make of them: seconds, and rows per table."""

    first: Path
    second: Path
    base: Path  # a Store of the first
    seconds: float
    alone: Rows  # the second, into no Store
    both: Rows
    before: Rows


def rows_of(path: Path) -> Rows:
    """Return every row of every table of a Store, the version among them; nothing, where there is no Store."""
    if not path.exists():
        return {}
    store = open_store(path)
    return {name: sorted(map(repr, store.arrow(f"select * from store.{name}").to_pylist())) for name in schema()}


def command(delivery: Path, folder: Path) -> list[str]:
    return [sys.executable, "-m", "lib.cli", "import", str(delivery), "--store", str(folder / STORE)]


def started(delivery: Path, folder: Path) -> "subprocess.Popen[str]":
    """Start an import in a session of its own: all that it starts can be told by that."""
    (folder / "tmp").mkdir(parents=True, exist_ok=True)
    return subprocess.Popen(
        command(delivery, folder),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder / "tmp"), "LOOKTHROUGH_LANG": "en"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Tests may run where Ctrl-C is ignored (a shell's `&`), and so would all that they start.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until_heard(process: "subprocess.Popen[str]") -> None:
    """Wait until SIGTERM is handled: before that, it is Python that starts and nothing of ours."""
    status = Path(f"/proc/{process.pid}/status")
    if not status.exists():
        time.sleep(0.5)
        return
    while process.poll() is None:
        caught = next(line for line in status.read_text().splitlines() if line.startswith("SigCgt"))
        if int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1:
            return
        time.sleep(0.002)


def ended(process: "subprocess.Popen[str]") -> str:
    """Wait for the end and return what stood on stderr."""
    _, said = process.communicate(timeout=120)
    return said


def imported(delivery: Path, folder: Path) -> None:
    process = started(delivery, folder)
    said = ended(process)
    assert process.returncode == 1, said  # a few of its rows are broken, and are set apart
    assert "Traceback" not in said


def session(number: int) -> list[int]:
    """Return the processes of a session that still live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, *numbers = path.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it has ended meanwhile
        if int(numbers[2]) == number and state != "Z":
            found.append(int(path.parent.name))
    return found


def check_no_child_lives(process: "subprocess.Popen[str]") -> None:
    for _ in range(200):
        if not session(process.pid):
            return
        time.sleep(0.05)
    raise AssertionError(f"still running: {session(process.pid)}")


def left_over(folder: Path) -> list[str]:
    """Return the names of all that lies there beside the Store and the file that locks it."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    return sorted(set(names) - {STORE, f".{STORE}.lock", "tmp"})


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """Statements of several banks as text and workbooks, a zip of more, and an earlier delivery of the same district."""
    folder = tmp_path_factory.mktemp("interrupted")
    simulate(folder / "all", 3, 3_000, 7, schemes=["self_financing_1"])
    first, second = folder / "first", folder / "second"
    shutil.copytree(folder / "all" / "公共" / "账户", first)
    own = next(path for path in sorted((folder / "all").iterdir()) if (path / "平台").is_dir() and path.name != "公共")
    banks = sorted(path for path in own.iterdir() if path.name != "平台")
    for bank in banks[:BANKS]:
        (second / bank.name).mkdir(parents=True)
        shutil.copy(max(bank.iterdir(), key=lambda file: (file.stat().st_size, file.name)), second / bank.name)
    with zipfile.ZipFile(second / "平台.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted((own / "平台").iterdir())[:MEMBERS]:
            archive.write(file, file.name)
    xlsx(second / "更多.xlsx", {f"表{k}": [HEAD, *([f"X{k}-{i}", "P1", i + 0.25] for i in range(400))] for k in range(2)})
    xls(second / "旧.xls", {"合同": [HEAD, *([f"Y{i}", "P1", i + 0.5] for i in range(200)), ["Y", "P1", "1.2.3"]]})
    imported(first, folder / "base")
    begun = time.monotonic()
    imported(second, folder / "alone")
    seconds = time.monotonic() - begun
    shutil.copytree(folder / "base", folder / "both")
    imported(second, folder / "both")
    stores = [rows_of(folder / name / STORE) for name in ("alone", "both", "base")]
    return Scene(first, second, folder / "base" / STORE, seconds, *stores)


@dataclass(frozen=True)
class Try:
    """One disturbed import: its folder, and the rows before it and after an undisturbed one."""

    folder: Path
    before: Rows
    after: Rows


def prepared(scene: Scene, folder: Path, held: bool) -> Try:
    """Make a folder with the Store of the earlier delivery in it, or with none."""
    (folder / "tmp").mkdir(parents=True)
    if held:
        shutil.copyfile(scene.base, folder / STORE)
    return Try(folder, scene.before if held else {}, scene.both if held else scene.alone)


def moments(scene: Scene, n: int, seed: int) -> Iterator[tuple[int, float]]:
    """Give moments from the start of an import to a little after its end: one in each n-th, so that none is left out."""
    chosen = random.Random(seed)
    for i in range(n):
        yield i, (i + chosen.random()) / n * scene.seconds * 1.1


def check_finishes(scene: Scene, one: Try) -> None:
    """Check that the Store is as before or as after, and that running again finishes and leaves no litter."""
    found = rows_of(one.folder / STORE)
    assert found in (one.before, one.after)
    again = started(scene.second, one.folder)
    said = ended(again)
    assert again.returncode == (0 if found == one.after else 1), said
    assert "Traceback" not in said
    assert rows_of(one.folder / STORE) == one.after
    assert left_over(one.folder) == []


def kill(scene: Scene, folder: Path, n: int) -> None:
    states = []
    for i, moment in moments(scene, n, seed=1):
        one = prepared(scene, folder / str(i), held=i % 2 == 1)
        process = started(scene.second, one.folder)
        time.sleep(moment)
        process.kill()
        ended(process)
        check_no_child_lives(process)
        states.append((one.folder / f".{STORE}.next").exists())
        check_finishes(scene, one)
        shutil.rmtree(one.folder)
    assert any(states)  # some were killed while the next version was being written


def stop(scene: Scene, folder: Path, n: int, number: signal.Signals) -> None:
    stopped = 0
    for i, moment in moments(scene, n, seed=int(number)):
        one = prepared(scene, folder / str(i), held=i % 2 == 1)
        process = started(scene.second, one.folder)
        wait_until_heard(process)
        time.sleep(moment)
        process.send_signal(number)
        said = ended(process)
        check_no_child_lives(process)
        lines = [line for line in said.splitlines() if not line.startswith(("[", "Error: "))]
        assert left_over(one.folder) == [], said
        if process.returncode == 128 + number:
            stopped += 1
            assert lines == ["Stopped; what was not complete has not been written"]
        else:  # it had done its work
            assert process.returncode == 1, said
            assert lines == []
            assert rows_of(one.folder / STORE) == one.after
        assert rows_of(one.folder / STORE) in (one.before, one.after)
        shutil.rmtree(one.folder)
    assert stopped >= n // 2


def test_an_import_that_is_killed_at_any_moment_leaves_the_store_whole(scene: Scene, tmp_path: Path) -> None:
    kill(scene, tmp_path, KILLS)


@pytest.mark.long
def test_an_import_that_is_killed_at_any_of_many_moments_leaves_the_store_whole(scene: Scene, tmp_path: Path) -> None:
    kill(scene, tmp_path, MANY_KILLS)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_stopped_at_any_moment_ends_with_one_line_and_leaves_nothing(
    scene: Scene, tmp_path: Path, number: signal.Signals
) -> None:
    stop(scene, tmp_path, STOPS, number)


@pytest.mark.long
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_import_that_is_stopped_at_any_of_many_moments_ends_with_one_line_and_leaves_nothing(
    scene: Scene, tmp_path: Path, number: signal.Signals
) -> None:
    stop(scene, tmp_path, MANY_STOPS, number)


def test_a_signal_that_comes_where_nothing_can_be_raised_comes_again() -> None:
    seen: list[str] = []

    class Swallows:
        def __del__(self) -> None:
            signal.raise_signal(signal.SIGINT)  # raised in a destructor, it is lost

    with stopping.heeded(to_the_end=False) as stop:
        try:
            swallows = Swallows()
            del swallows
            for _ in range(200):
                time.sleep(0.01)
            seen.append("not stopped")
        except KeyboardInterrupt:
            seen.append("stopped")
    assert seen == ["stopped"]
    assert stop.exit_code == 130
