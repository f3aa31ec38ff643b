"""What the command line shows: tables on stdout, progress and one-line errors on stderr.

Names in tables come from files that others wrote, so nothing of them is read as markup or as a terminal's commands.
"""

import os
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from rich import box
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from lib.errors import LookthroughError
from lib.words import pick, word


class Step(Protocol):
    """Moves a bar: what is being done, how much of it, of how much in all, and what else there is to say."""

    def __call__(self, what: str, done: int, total: int, detail: str = "") -> None:
        """Move it."""


_LOG_SECONDS = 2
_WIDE = 1000  # a file or a pipe has no width: nothing is cut or wrapped in it


def plain(value: object) -> str:
    """Write a value on one line, with what could command a terminal made visible."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)


def say(text: str) -> None:
    """Print a line on stdout."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def note(text: str) -> None:
    """Print a line on stderr."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], numbers: Iterable[str] = (), heads: Sequence[str] = ()
) -> None:
    """Print a table; column names are keys of labels.toml [cli], those in `numbers` stand to the right; `heads` as they are."""
    console = Console(width=None if sys.stdout.isatty() else _WIDE, highlight=False, markup=False, emoji=False)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in columns:
        made.add_column(Text(word("cli", name)), justify="right" if name in numbers else "left", overflow="fold")
    for head in heads:
        made.add_column(Text(plain(head)), overflow="fold")
    for row in rows:
        made.add_row(*(Text(f"{cell:,}" if isinstance(cell, int) else plain(cell)) for cell in row))
    with console.capture() as shown:
        console.print(made)
    say("\n".join(line.rstrip() for line in shown.get().splitlines() if line.strip()))


@contextmanager
def progress() -> Iterator[Step]:
    """Give a function `(what, done, total)`: it moves a bar on a terminal, and in a log writes a line now and then."""
    if not sys.stderr.isatty():
        yield _logged()
        return
    texts = (TextColumn(f"{{task.{name}}}", markup=False) for name in ("description", "fields[detail]"))
    columns = (next(texts), BarColumn(), TaskProgressColumn(), next(texts), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, detail="")

        def move(what: str, done: int, total: int, detail: str = "") -> None:
            bar.update(task, description=plain(what), completed=done, total=total, detail=detail)

        yield move


def _logged() -> Step:
    last = [0.0]

    def write(what: str, done: int, total: int, detail: str = "") -> None:
        now = time.monotonic()
        if done >= total or now - last[0] >= _LOG_SECONDS:
            note(f"[{done / (total or 1):4.0%}] {plain(what)}{detail and f' · {detail}'}")
            last[0] = now

    return write


@contextmanager
def stoppable() -> Iterator[None]:
    """Take a request to end (SIGTERM, of a job's time limit for one) like Ctrl-C: what is half done is cleared away."""

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    if threading.current_thread() is not threading.main_thread():  # only there a signal can be taken
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def refuse(error: LookthroughError) -> int:
    """Print an error meant for the user and return its exit code."""
    note(f"{word('cli', 'error')}: {error}")
    return error.exit_code


def fault(error: BaseException) -> int:
    """Say in one line that the program is at fault and where its traceback lies; return the exit code."""
    handle, name = tempfile.mkstemp(prefix="lookthrough-", suffix=".log")  # for its owner alone: it may quote data
    with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
        traceback.print_exception(error, file=file)
    kind = f"{type(error).__name__}: {plain(str(error))[:200]}"
    note(
        pick(
            f"程序内部错误 ({kind})。这不是您的操作问题; 详情见 {Path(name)}, 反馈时请附上 (其中可能含有数据)",
            f"A fault of the program ({kind}), not of yours. Details: {Path(name)}; attach it to a report (it may quote data)",
        )
    )
    return 1
