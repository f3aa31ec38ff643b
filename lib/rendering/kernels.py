"""Kernels for papermill: of this very Python, over private sockets; on Linux forked from a process that is ready.

Elsewhere (and where the nursery cannot start) a kernel is a plain new process: the same reports, two to three seconds later.
"""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ipykernel.kernelspec import RESOURCES, get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner

from lib import paths

CAN_FORK = sys.platform == "linux"
_START_SECONDS = 60.0


class _ThisPython(KernelSpecManager):  # type: ignore[misc]
    """Knows one kernel: the Python that runs now, whatever kernels a user has installed under the name python3."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        return KernelSpec(resource_dir=RESOURCES, **get_kernel_dict())


@dataclass
class Forked:
    """A kernel that the nursery forked, with the part of subprocess.Popen's face that jupyter_client uses."""

    connection: socket.socket
    pid: int
    returncode: int | None = None
    stdin: None = None
    stdout: None = None
    stderr: None = None

    def poll(self) -> int | None:
        """Return the exit code, None while the kernel lives."""
        if self.returncode is None:
            with contextlib.suppress(BlockingIOError):
                self.connection.setblocking(False)
                told = self.connection.recv(4096)
                self.returncode = json.loads(told)["returncode"] if told else -9
                self.connection.close()
        return self.returncode

    def wait(self) -> int:
        """Return the exit code once the kernel has ended."""
        while self.poll() is None:
            time.sleep(0.01)
        assert self.returncode is not None
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless the kernel has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask the kernel to end."""
        self.send_signal(15)

    def kill(self) -> None:
        """End the kernel."""
        self.send_signal(9)


@dataclass
class Kernels:
    """Where kernels come from, for as long as a batch runs."""

    folder: Path
    address: Path | None = None
    process: "subprocess.Popen[bytes] | None" = field(default=None, repr=False)
    forked: list[Forked] = field(default_factory=list, repr=False)

    def manager(self) -> AsyncKernelManager:
        """Return a manager for one new kernel, not started."""
        place = Path(tempfile.mkdtemp(prefix="k", dir=self.folder))
        manager = AsyncKernelManager(
            kernel_name="python3",
            kernel_spec_manager=_ThisPython(),
            connection_file=str(place / "k.json"),
            transport="tcp" if os.name == "nt" else "ipc",
        )
        if self.ready():
            manager.provisioner = _Fork(kernel_id=manager.kernel_id, kernel_spec=manager.kernel_spec, parent=manager)
            manager.provisioner.kernels = self
        return manager

    def ready(self) -> bool:
        """Wait until kernels can be forked; False where they cannot."""
        if self.process is None or self.address is None:
            return False
        until = time.monotonic() + _START_SECONDS
        while not self.address.with_suffix(".ready").exists():
            if self.process.poll() is not None or time.monotonic() > until:
                return False
            time.sleep(0.01)
        return self.process.poll() is None

    def fork(self, argv: list[str], env: dict[str, str], cwd: str) -> Forked:
        """Have a kernel forked."""
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(str(self.address))
        connection.sendall(json.dumps({"argv": argv, "env": env, "cwd": cwd}).encode() + b"\n")
        told = b""
        while not told.endswith(b"\n"):
            if not (byte := connection.recv(1)):
                connection.close()
                raise RuntimeError("the process that kernels are forked from has ended")
            told += byte
        self.forked.append(Forked(connection, json.loads(told)["pid"]))
        return self.forked[-1]

    def end(self) -> None:
        """End the nursery, and with it every kernel."""
        if self.process is None or self.address is None:
            return
        assert self.process.stdin is not None
        if not self.address.with_suffix(".ready").exists():
            self.process.kill()  # it is still importing, and has no kernels
        self.process.stdin.close()
        self.process.wait()
        for kernel in self.forked:
            kernel.connection.close()


class _Fork(LocalProvisioner):  # type: ignore[misc]
    """Launches a kernel by having it forked; all else as for a local process."""

    kernels: Kernels

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        self.cwd = kwargs["cwd"]
        self.process = self.kernels.fork(cmd[cmd.index("-f") :], kwargs["env"], str(self.cwd))
        self.pid = self.pgid = self.process.pid  # it leads a session of its own
        return self.connection_info


@contextlib.contextmanager
def kernels() -> Iterator[Kernels]:
    """Give a source of kernels; when the block ends, none of them is left."""
    folder = Path(tempfile.mkdtemp(prefix="lt-"))  # short: a socket's path may have 104 characters
    source = Kernels(folder)
    try:
        if CAN_FORK:
            source.address = folder / "nursery"
            source.process = subprocess.Popen(  # noqa: S603 - this very Python and a module of ours
                [sys.executable, "-P", "-m", "lib.rendering.nursery", str(source.address)],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,  # where it cannot start, a plain kernel will say why
                env=environment(),
                cwd=paths.home(),
            )
        yield source
    finally:
        source.end()
        shutil.rmtree(folder, ignore_errors=True)


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a report's kernel: this process's, with the marks of a page."""
    # Without bytecode every start compiles all packages again. Threads (of BLAS, of Arrow's allocator) do not survive a fork.
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {
        **kept,
        "LOOKTHROUGH_PAGE": "1",
        "LOOKTHROUGH_HOME": str(paths.home()),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "OPENBLAS_NUM_THREADS": "1",
        "JE_ARROW_MALLOC_CONF": "background_thread:false",
        "ARROW_DEFAULT_MEMORY_POOL": "system",  # a tenth less memory in a kernel than mimalloc keeps
        **more,
    }
