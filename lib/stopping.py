"""Being stopped: Ctrl-C (SIGINT) and a request to end (SIGTERM) end a command the same way, whenever they come.

While modules are loaded there is nothing to clean up, and the process ends at once. While a command runs, both signals raise
KeyboardInterrupt, so that drafts, folders and children go as the blocks that made them are left. When it has ended, the few
moments until the process is gone are not disturbed.
"""

import atexit
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any, NoReturn

from lib.words import word

SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CLEANING_SECONDS = 3
_AGAIN_SECONDS = 0.05


@dataclass
class Stop:
    """Which signal has come, if any, and when (seconds of the monotonic clock)."""

    number: int | None = None
    at: float = 0

    @property
    def exit_code(self) -> int:
        """The exit code that shells know: 130 after Ctrl-C (also where no signal was seen), 143 after SIGTERM."""
        return 128 + (self.number or signal.SIGINT)


def while_loading() -> None:
    """Have both signals end this process at once, with one line: nothing has begun."""
    for number in _heard():
        signal.signal(number, _leave)


@contextmanager
def heeded(*, to_the_end: bool) -> Iterator[Stop]:
    """Have both signals raise KeyboardInterrupt in the block; the value given tells which one came.

    A signal within seconds of another is taken for the same: a second Ctrl-C must not disturb the cleaning up after the first.

    Parameters
    ----------
    to_the_end
        Whether the process ends after the block: signals are ignored then. Else they are what they were before.
    """
    stop = Stop()

    def heed(number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if stop.number is None or now - stop.at > _CLEANING_SECONDS:
            stop.number, stop.at = number, now
            raise KeyboardInterrupt

    usual = sys.unraisablehook

    def unraisable(said: Any) -> None:
        """Have a signal come once more that came where nothing can be raised: in a call back from C, a destructor."""
        if isinstance(said.exc_value, KeyboardInterrupt) and stop.number is not None:
            number, stop.number = stop.number, None
            again = threading.Timer(_AGAIN_SECONDS, os.kill, (os.getpid(), number))
            again.daemon = True
            again.start()
        else:
            usual(said)

    before = {number: signal.signal(number, heed) for number in _heard()}
    sys.unraisablehook = unraisable
    try:
        yield stop
    finally:
        sys.unraisablehook = usual
        for number, handler in before.items():
            signal.signal(number, signal.SIG_IGN if to_the_end else handler)


def leave(code: int) -> NoReturn:
    """End this process with an exit code, after what was registered with atexit.

    By its usual way Python would end as if SIGINT had killed it, whatever the code, where KeyboardInterrupt came inside a text
    that some library was executing (every named tuple is one).
    """
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # a closed pipe
            stream.flush()
    os._exit(code)


def _heard() -> list[signal.Signals]:
    """Return the signals that may be handled here: those that whoever started us wants ignored (nohup) stay so."""
    if threading.current_thread() is not threading.main_thread():
        return []
    return [number for number in SIGNALS if signal.getsignal(number) not in (signal.SIG_IGN, None)]


def _leave(number: int, _: FrameType | None) -> None:
    line = f"{word('cli', 'stopped')}\n".encode(sys.stderr.encoding or "utf-8", "backslashreplace")
    os.write(sys.stderr.fileno(), line)
    os._exit(128 + number)
