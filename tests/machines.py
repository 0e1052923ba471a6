"""Real daemons and real clients for scenarios: processes with folders, keys and ports of their own."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from rsh.errors import Refused
from rsh.server import inquiry
from rsh.server.place import Place

SOON = 90.0  # seconds; what takes longer hangs, on a machine however slow and busy


def program(name: str) -> list[str]:
    """Give the command of one of our programs: the module, so that the tree under test is what runs."""
    return [sys.executable, "-m", {"rsh": "rsh", "rsh-server": "rsh.server.cli"}[name]]


def end_shells(run: Path) -> None:
    """End the living shells whose sockets are below a runtime folder: they outlive daemons and clients, not tests."""
    if not any((run / "rsh" / "shells").glob("*")):
        return
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes()
        except OSError:
            continue  # it has ended meanwhile
        if b"rsh.holder" in words and os.fsencode(run) in words:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGTERM)


class Home:
    """An account's folders: configuration, state, sockets. What is run with it sees no other."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("config", "state", "run", "home"):
            (folder / name).mkdir(parents=True, mode=0o700)

    @property
    def environment(self) -> dict[str, str]:
        """The environment of programs of this account."""
        kept = {name: os.environ[name] for name in ("PATH", "TZ", "PYTHONPATH") if name in os.environ}
        root = str(Path(__file__).parent.parent)
        return kept | {
            "HOME": str(self.folder / "home"),
            "XDG_CONFIG_HOME": str(self.folder / "config"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "LANG": "C.UTF-8",
            "PYTHONPATH": os.pathsep.join(filter(None, (root, kept.get("PYTHONPATH")))),
            "PYTHONWARNINGS": "error",
            "TERM": "xterm-256color",
        }

    def rsh(self, *arguments: str | bytes, timeout: float = SOON, **options: Any) -> subprocess.CompletedProcess[bytes]:
        """Run the client to its end; stdin is empty unless `input` or `stdin` say otherwise."""
        if "input" not in options:
            options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.PIPE)
        options.setdefault("env", self.environment)
        return subprocess.run([*program("rsh"), *arguments], timeout=timeout, **options)

    def spawn(self, *arguments: str | bytes, **options: Any) -> subprocess.Popen[bytes]:
        """Start the client."""
        options.setdefault("env", self.environment)
        return subprocess.Popen([*program("rsh"), *arguments], **options)

    def end_shells(self) -> None:
        """End the living shells, which outlive everything else."""
        folder = self.folder / "run" / "rsh" / "shells"
        for path in folder.iterdir() if folder.is_dir() else ():
            with suppress(Refused):
                inquiry.end(Place(str(folder), path.name))

    def server_command(self, *arguments: str, input: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        """Run one of rsh-server's small commands."""
        command = [*program("rsh-server"), *arguments]
        return subprocess.run(command, input=input, capture_output=True, timeout=SOON, env=self.environment)


def _has_ipv6() -> bool:
    with suppress(OSError), socket.socket(socket.AF_INET6) as sock:
        sock.bind(("::1", 0))
        return True
    return False


NEEDS_IPV6 = pytest.mark.skipif(not _has_ipv6(), reason="no IPv6 on this machine")


def reserve_port() -> socket.socket:
    """Have a port of this machine that nobody else is given, also while the program that it is for does not run.

    That program has to set SO_REUSEADDR, as servers do; then it may listen there (socket(7)).
    """
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind(("127.0.0.1", 0))
    return sock


class Daemon:
    """A running rsh-server.

    Attributes:
        host: its first address, `127.0.0.1:PORT`.
        port: that port.
        addresses: all it announced.
        process: the process.
    """

    def __init__(self, home: Home, *arguments: str, bind: Sequence[str] = (), **options: Any) -> None:
        """Start it; on a port of 127.0.0.1 if it is not said where. A successor can be told to take that."""
        self._reserved = reserve_port()
        bind = bind or (f"127.0.0.1:{self._reserved.getsockname()[1]}",)
        self.home = home
        self.log_path = home.folder / "log"
        options.setdefault("env", home.environment)
        words = [word for address in bind for word in ("--bind", address)]
        with self.log_path.open("ab") as log:
            self.process = subprocess.Popen(
                [*program("rsh-server"), *words, "--log-level", "debug", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                **options,
            )
        self.addresses = self._announced(len(bind) + 1)
        self.host = self.addresses[0]
        self.port = int(self.host.rpartition(":")[2]) if not self.host.startswith("unix:") else 0

    def _announced(self, count: int) -> list[str]:
        assert self.process.stdout is not None
        found: list[str] = []
        while len(found) < count:
            line = self.process.stdout.readline().decode()
            assert line.startswith("listening on "), (line, self.log)
            found.append(line.removeprefix("listening on ").rstrip("\n"))
        return found

    @property
    def log(self) -> str:
        """What it has logged so far."""
        return self.log_path.read_text()

    def wait_for_log(self, words: str) -> None:
        """Wait until it has logged some words."""
        deadline = time.monotonic() + SOON
        while words not in self.log:
            assert time.monotonic() < deadline, f"{words!r} not in:\n{self.log}"
            time.sleep(0.01)  # a file that another process writes can only be looked at again

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; give its exit status."""
        self.process.send_signal(number)
        status = self.process.wait(SOON)
        if self.process.stdout:
            self.process.stdout.close()
        return status

    def __enter__(self) -> Daemon:
        return self

    def __exit__(self, *exception: object) -> None:
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
        elif self.process.stdout:
            self.process.stdout.close()
        self._reserved.close()
        self.home.end_shells()


def descriptors(pid: int) -> int:
    """Count the open descriptors of a process; of this one once what earlier tests have ended uses none any more."""
    for thread in threading.enumerate() if pid == os.getpid() else ():
        if thread.name.startswith("ending"):
            thread.join()
    return len(os.listdir(f"/proc/{pid}/fd"))


def status_of(pid: int, field: str) -> int:
    """Read a number of proc(5) status: "Threads", "VmRSS" in KiB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1])
    raise KeyError(field)


def state_of(pid: int) -> str:
    """Give the letter of proc(5) for what a process is doing: "T" when it is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def alive(pid: int) -> bool:
    """Tell whether a process still runs; a zombie does not."""
    try:
        return state_of(pid) not in "ZX"
    except OSError:
        return False


def wait_until_gone(pid: int, seconds: float = SOON) -> bool:
    """Wait for a process that is not our child to end."""
    deadline = time.monotonic() + seconds
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not alive(pid)


_PERMISSIONS = (1, 2)  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH


def obey_permissions() -> None:
    """Have even root mind the permissions of files (capabilities(7)) in what a process runs."""
    libc = ctypes.CDLL(None)
    for capability in _PERMISSIONS:
        libc.prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


@contextlib.contextmanager
def obeying_permissions() -> Iterator[None]:
    """Have this thread, and those that it starts, mind them for a while (capset(2))."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)  # _LINUX_CAPABILITY_VERSION_3, ourselves
    before = (ctypes.c_uint32 * 6)()
    assert libc.capget(header, before) == 0
    without = (ctypes.c_uint32 * 6)(*before)
    for capability in _PERMISSIONS:
        without[0] &= ~(1 << capability)  # of what is in effect, not of what is permitted
    assert libc.capset(header, without) == 0
    try:
        yield
    finally:
        assert libc.capset(header, before) == 0
