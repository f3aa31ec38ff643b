r"""A process that has imported everything and is forked into kernels: a kernel is ready in 0.1 s instead of 3.

Started as `python -m lib.rendering.nursery SOCKET`. It imports, and has numba compile one line, which makes it load its
compiler; no connection, no work on data and no thread exist before a fork. Each client connection asks for one kernel and
stays open until that kernel has ended:

    client → {"argv": […], "env": {…}, "cwd": "…"}\n      nursery → {"pid": …}\n … {"returncode": …}\n

When the process that started it goes away (its stdin ends), it ends all kernels and itself. Linux only: forking without
exec is not safe on macOS, and there is none on Windows.
"""

import contextlib
import importlib
import json
import os
import selectors
import signal
import socket
import sys
from pathlib import Path
from typing import NoReturn

import numba

PRELOADED = (
    *("ipykernel.kernelapp", "matplotlib.figure", "matplotlib.backends.backend_svg", "lib.draw"),
    *("pyarrow.csv", "pyarrow.dataset", "pyarrow.pandas_compat"),
)
_PATIENCE_SECONDS = 0.02


class Nursery:
    """The listening socket, and the connection of each kernel that lives."""

    def __init__(self, address: str) -> None:
        self.kernels: dict[int, socket.socket] = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(address)
        self.listener.listen(64)
        self.selector = selectors.DefaultSelector()
        self.selector.register(self.listener, selectors.EVENT_READ)
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ)

    def serve(self) -> None:
        """Fork a kernel for each connection and tell how each ended, until stdin ends."""
        while True:
            for key, _ in self.selector.select(_PATIENCE_SECONDS if self.kernels else None):
                if key.fileobj is not self.listener:
                    return
                self.fork(self.listener.accept()[0])
            self.reap()

    def fork(self, client: socket.socket) -> None:
        """Read a request and fork the kernel that it asks for."""
        with client.makefile("r", encoding="utf-8") as lines:
            request = json.loads(lines.readline())
        pid = os.fork()
        if pid == 0:
            self.listener.close()
            self.selector.close()
            for other in (client, *self.kernels.values()):
                other.close()
            _become_kernel(**request)
        self.kernels[pid] = client
        _tell(client, pid=pid)

    def reap(self) -> None:
        """Tell the clients of kernels that have ended."""
        for pid in list(self.kernels):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                client = self.kernels.pop(pid)
                _tell(client, returncode=os.waitstatus_to_exitcode(status))
                client.close()

    def end(self) -> None:
        """End every kernel."""
        for pid in self.kernels:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@numba.njit()
def _successor(number: int) -> int:
    return number + 1


def _become_kernel(argv: list[str], env: dict[str, str], cwd: str) -> NoReturn:
    os.setsid()
    os.environ.clear()
    # The kernel ends itself when its parent has another number than this.
    os.environ.update(env, JPY_PARENT_PID=str(os.getppid()))
    os.chdir(cwd)
    null = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(null, stream)
    from ipykernel.kernelapp import IPKernelApp

    code = 1
    try:
        IPKernelApp.launch_instance(argv=argv)
        code = 0
    finally:
        os._exit(code)


def _tell(client: socket.socket, **answer: int) -> None:
    with contextlib.suppress(OSError):  # a client that has gone needs no answer
        client.sendall(json.dumps(answer).encode() + b"\n")


def main() -> None:
    """Import what reports need, then serve."""
    # The terminal's Ctrl-C is for the process that started this one; it ends the kernels by closing stdin.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for name in PRELOADED:
        importlib.import_module(name)
    _successor(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    nursery = Nursery(sys.argv[1])
    Path(sys.argv[1]).with_suffix(".ready").touch()
    try:
        nursery.serve()
    finally:
        nursery.end()


if __name__ == "__main__":
    main()
