"""A child process with limits, in which untrusted files are unpacked (unpacking.py), and the private folder they go to.

One child serves many files. When it ends, whatever ended it, that one file is refused with a reason and the next one has a
new child. Where `resource` is missing (Windows) only the clock limits it.
"""

import atexit
import contextlib
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from filelock import FileLock, Timeout

from lib import paths
from lib.errors import DataGap
from lib.processes import gone

MEMORY_BYTES = 2 << 30
CPU_SECONDS = 120
WALL_SECONDS = 300
OUTPUT_BYTES = 4_000_000_000
MEMBERS = 10_000
RATIO = 200
RATIO_FREE_BYTES = 100_000_000
ROWS = 1_048_576
COLUMNS = 16_384
CELL_CHARS = 1_000_000

_PREFIX = "lookthrough-parts-"
_LOCK = "lock"
# Without lib/__init__.py, which loads DuckDB and pandas: the child starts in a tenth of the time and maps far less memory.
_START = (
    "import sys, types; lib = types.ModuleType('lib'); lib.__path__ = [sys.argv[1]]; sys.modules['lib'] = lib; "
    "from lib.intake import unpacking; unpacking.main()"
)
Reason = tuple[str, str]


@dataclass(frozen=True)
class Limits:
    """What one file may take."""

    memory_bytes: int = MEMORY_BYTES
    cpu_seconds: int = CPU_SECONDS
    wall_seconds: int = WALL_SECONDS
    output_bytes: int = OUTPUT_BYTES
    members: int = MEMBERS
    ratio: int = RATIO
    ratio_free_bytes: int = RATIO_FREE_BYTES
    rows: int = ROWS
    columns: int = COLUMNS
    cell_chars: int = CELL_CHARS


@dataclass(frozen=True)
class Unpacked:
    """What came of a file: the parts that the child wrote, below `folder`, or why there are none."""

    folder: Path
    parts: list[dict[str, Any]] = field(default_factory=list)
    refused: Reason | None = None


class Sandbox:
    """A private folder and the children that fill it; all are gone when the block ends.

    Several threads may ask at once: each has a child of its own, which waits for the next one to ask afterwards.

    What killed processes left behind is removed when it is made, whether or not anything is unpacked then.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        _sweep()
        self.limits = limits or Limits()
        self._folder: Path | None = None
        self._waiting: list[_Child] = []
        self._children: set[_Child] = set()
        self._closed = False
        self._guard = threading.Lock()
        self._count = 0
        self._owner = os.getpid()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """End the children and remove the folder; a process that was forked meanwhile leaves both alone."""
        if self._owner != os.getpid():
            return
        self.stop()
        for child in self._children:
            child.end()
        self._children.clear()
        if self._folder is not None:
            self._lock.release()
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
            atexit.unregister(self.close)

    def unpack(self, task: str, path: Path) -> Unpacked:
        """Have the child unpack a file: a `workbook`, a `zip`, `html` or `json`.

        Raises
        ------
        DataGap
            If there is no room for what is unpacked.
        """
        folder = self._next()
        request = {"task": task, "path": str(path), "folder": str(folder), "limits": asdict(self.limits)}
        said = self._ask(request)
        if said.get("full"):
            raise _no_room(folder)
        if "refused" in said:
            shutil.rmtree(folder, ignore_errors=True)
            zh, en = said["refused"]
            return Unpacked(folder, refused=(str(zh), str(en)))
        return Unpacked(folder, said["parts"])

    def stop(self) -> None:
        """End the children, those too that are being asked: whoever waits for an answer has one at once, and none is new."""
        with self._guard:
            self._closed = True
            self._waiting.clear()
        for child in self._children:
            child.kill()

    def _ask(self, request: dict[str, Any]) -> dict[str, Any]:
        child = self._child()
        try:
            said = child.ask(request, self.limits)
        except BaseException:  # Ctrl-C too: an answer that comes late must not be taken for the next file's
            child.end()
            raise
        with self._guard:
            if not child.ended and not self._closed:
                self._waiting.append(child)
        return said

    def _child(self) -> "_Child":
        """Return a child that waits, or a new one."""
        with self._guard:
            if self._closed:
                raise DataGap("已停止", "Stopped")  # nobody sees it: the one who stopped us has said why
            child = self._waiting.pop() if self._waiting else _Child(self._root())
            self._children.add(child)
            return child

    def _next(self) -> Path:
        with self._guard:
            self._count += 1
            folder = self._root() / f"{self._count:05}"
        try:
            folder.mkdir(mode=0o700)
        except OSError:
            raise _no_room(folder) from None
        return folder

    def _root(self) -> Path:
        """Return the private folder."""
        if self._folder is None:
            try:
                self._folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
                self._lock = FileLock(self._folder / _LOCK, thread_local=False)
                self._lock.acquire(timeout=0)
            except OSError:
                raise _no_room(Path(tempfile.gettempdir())) from None
            atexit.register(self.close)
        return self._folder


class _Child:
    """The process: asked by a line of JSON, it answers with one."""

    def __init__(self, folder: Path) -> None:
        self.ended = False
        self._said: queue.Queue[bytes] = queue.Queue()
        handle, name = tempfile.mkstemp(prefix="errors-", dir=folder)
        self._errors = Path(name)
        with os.fdopen(handle, "wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and code, no shell
                [sys.executable, "-I", "-X", "utf8", "-c", _START, str(paths.PACKAGE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                cwd=folder,
                env=_environment(),
            )
        assert self._process.stdout is not None
        self._reader = threading.Thread(target=_read, args=(self._process.stdout, self._said), daemon=True)
        self._reader.start()

    def ask(self, request: dict[str, Any], limits: Limits) -> dict[str, Any]:
        """Return the child's answer; if it gives none, what that says about the file."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            said = self._said.get(timeout=limits.wall_seconds)
        except queue.Empty:
            self.end()
            most = limits.wall_seconds
            return {"refused": [f"解析超过 {most} 秒", f"reading it takes more than {most} seconds"]}
        except OSError:
            said = b""
        if said:
            answer: dict[str, Any] = json.loads(said)
            return answer
        self._process.wait()
        self.end()
        return {"refused": list(self._why(limits))}

    def kill(self) -> None:
        """End the process from outside: whoever asks it is told that it has ended."""
        self.ended = True
        self._process.kill()
        self._process.wait()

    def end(self) -> None:
        """End the process, if it has not ended by itself, and close what led to it."""
        self.kill()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._reader.join(timeout=1)

    def _why(self, limits: Limits) -> Reason:
        """Say why the process has ended in the middle of a file."""
        code = self._process.returncode
        errors = self._errors.read_bytes()[-4000:]
        if b"memory allocation" in errors or b"MemoryError" in errors:
            most = limits.memory_bytes / 2**30
            return f"解析所需内存超过上限 {most:.1f} GB", f"reading it takes more memory than {most:.1f} GB"
        if code == -getattr(signal, "SIGXCPU", 0):
            most_seconds = limits.cpu_seconds
            return f"解析超过 {most_seconds} 秒 CPU 时间", f"reading it takes more than {most_seconds} seconds of CPU time"
        return f"解析程序异常退出 ({code})", f"the parser was ended by the file ({code})"


def _read(stream: IO[bytes], said: "queue.Queue[bytes]") -> None:
    """Hand the child's lines on; an empty one says that it has ended."""
    with contextlib.suppress(OSError, ValueError):  # closed while being read: the child is being ended
        for line in stream:
            said.put(line)
    said.put(b"")


def _environment() -> dict[str, str]:
    """Return what the child may know of this process's environment: what a start of Python needs, and no secret."""
    wanted = ("PATH", "SYSTEMROOT", "TEMP", "TMP", "TMPDIR", "LD_LIBRARY_PATH")
    return {name: os.environ[name] for name in wanted if name in os.environ}


def _sweep() -> None:
    """Remove the folders of processes that were killed.

    Nobody holds their locks; one without a lock is just being made or removed, unless the process in its name is gone.
    """
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError, Timeout):
            if folder.is_symlink() or (hasattr(os, "getuid") and folder.stat().st_uid != os.getuid()):
                continue
            if (folder / _LOCK).exists():
                with FileLock(folder / _LOCK).acquire(timeout=0):
                    pass
            elif not gone(folder.name.removeprefix(_PREFIX).partition("-")[0]):
                continue
            shutil.rmtree(folder, ignore_errors=True)


def _no_room(folder: Path) -> DataGap:
    return DataGap(
        f"临时目录 {folder.parent} 空间不足或不可写, 无法解包。请清理, 或用环境变量 TMPDIR 另指定目录后重试",
        f"There is no room in the temporary folder {folder.parent} to unpack files, or it cannot be written. "
        "Make room, or name another one in TMPDIR",
    )
