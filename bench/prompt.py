"""The prompt as its user has it, on a terminal: how soon it is there, how a key and a flood of output feel."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from bench.peers import Ssh, slow_link
from bench.stage import Bench

SOON = 60.0  # seconds; what takes longer hangs
LINES = 1_000_000
# The sign that ends a prompt, and behind it nothing to be seen.
PROMPT = re.compile(rb"[$#](?: |\x1b\[[0-9;?]*[a-zA-Z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\))*\Z")


class Seat:
    """A program on a terminal whose screen is read as fast as it is drawn."""

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        pid, self._terminal = pty.fork()
        if pid == 0:
            os.execvpe(command[0], [*command], {**environment, "TERM": "xterm-256color"})
        self._pid = pid
        self._seen = b""

    def press(self, keys: bytes) -> None:
        """Type."""
        self._seen = b""
        os.write(self._terminal, keys)

    def wait_for(self, pattern: re.Pattern[bytes]) -> None:
        """Read until what was seen since the last key matches."""
        while not pattern.search(self._seen):
            if not select.select([self._terminal], [], [], SOON)[0]:
                raise RuntimeError(f"nothing more comes after {self._seen!r}")
            self._seen = self._seen[-4096:] + os.read(self._terminal, 65536)

    def settle(self) -> None:
        """Read till nothing has come for a while."""
        while select.select([self._terminal], [], [], 0.3)[0]:
            os.read(self._terminal, 65536)

    def time(self, keys: bytes, pattern: re.Pattern[bytes]) -> float:
        """Give the seconds from some keys to what they bring."""
        start = time.perf_counter()
        self.press(keys)
        self.wait_for(pattern)
        return time.perf_counter() - start

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        os.close(self._terminal)
        os.waitpid(self._pid, 0)


def bench_prompt(bench: Bench) -> None:
    """The time to the first prompt, and that of a line at a warm one."""
    first = [_first_prompt(bench) for _ in range(4 * bench.runs)]
    _tell("first prompt after `rsh connect`", first)
    with _seat(bench.rsh.command("connect", "-q", bench.rsh.host), bench.rsh.environment) as seat:
        seat.wait_for(PROMPT)
        seat.settle()
        lines = []
        for number in range(20 * bench.runs):
            seat.press(b"true")
            seat.wait_for(re.compile(rb"true"))
            start = time.perf_counter()
            seat.press(b"\r")
            seat.wait_for(PROMPT)
            if number:
                lines.append(time.perf_counter() - start)
    _tell("`true` at the prompt, from Enter to the next prompt", lines)
    if bench.ssh:
        with _master(bench.ssh, bench.folder / "control") as command:
            times = []
            for _ in range(4 * bench.runs):
                start = time.perf_counter()
                subprocess.run([*command, "true"], check=True, stdin=subprocess.DEVNULL)
                times.append(time.perf_counter() - start)
        _tell("`ssh H true` through a control socket", times)


def bench_echo(bench: Bench) -> None:
    """A key at the prompt, from pressing it to its echo: here, and over a link of 200 ms there and back."""
    with slow_link(bench.rsh.host, delay=0.1) as far:
        for name, host in (("loopback", bench.rsh.host), ("200 ms link", far)):
            with _seat(bench.rsh.command("connect", "-q", host), bench.rsh.environment) as seat:
                seat.wait_for(PROMPT)
                _tell(f"echo of a key at the prompt, {name}", _echoes(seat, 20 * bench.runs))
    if bench.ssh:
        with slow_link(f"127.0.0.1:{bench.ssh.port}", delay=0.1) as far:
            command = bench.ssh.ssh(options=("-tt", "-p", far.rpartition(":")[2]))
            with _seat(command, os.environ) as seat:
                seat.wait_for(PROMPT)
                _tell("echo of a key through ssh -tt, 200 ms link", _echoes(seat, 2 * bench.runs))


def bench_flood(bench: Bench) -> None:
    """A million lines of output at a prompt, from Enter on: what it takes to type is another figure."""
    line = b"seq 1 %d; echo end-$((1 + 1))" % LINES
    seats = {"rsh connect": (bench.rsh.command("connect", "-q", bench.rsh.host), bench.rsh.environment)}
    seats["rsh shell"] = (bench.rsh.command("shell", bench.rsh.host), bench.rsh.environment)
    if bench.ssh:
        seats["ssh -tt"] = (bench.ssh.ssh(options=("-tt",)), dict(os.environ))
    times: dict[str, list[float]] = {name: [] for name in seats}
    with contextlib.ExitStack() as stack:
        ready = {name: stack.enter_context(_seat(*how)) for name, how in seats.items()}
        for seat in ready.values():
            seat.wait_for(PROMPT)
            seat.settle()
        for _ in range(bench.runs):
            for name, seat in ready.items():
                seat.press(line)
                seat.settle()
                times[name].append(seat.time(b"\r", re.compile(rb"\nend-2\r")))
                seat.settle()
    for name, each in times.items():
        _tell(f"`seq 1 {LINES}`, {name}", each)


def _first_prompt(bench: Bench) -> float:
    start = time.perf_counter()
    with _seat(bench.rsh.command("connect", "-q", bench.rsh.host), bench.rsh.environment) as seat:
        seat.wait_for(PROMPT)
        return time.perf_counter() - start


def _echoes(seat: Seat, count: int) -> list[float]:
    """Time single keys, each when the one before was shown."""
    seat.settle()
    times = []
    for number in range(count):
        key = b"abcdefghij"[number % 10 :][:1]
        times.append(seat.time(key, re.compile(key)))
    return times


@contextlib.contextmanager
def _seat(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Seat]:
    seat = Seat(command, environment)
    try:
        yield seat
    finally:
        seat.close()


@contextlib.contextmanager
def _master(ssh: Ssh, path: Path) -> Iterator[list[str]]:
    """Keep a control connection; give the command that uses it."""
    control = ("-o", f"ControlPath={path}")
    with subprocess.Popen(ssh.ssh(options=(*control, "-M", "-N")), stdin=subprocess.DEVNULL) as master:
        while not path.exists():
            time.sleep(0.01)
        yield ssh.ssh(options=control)
        master.terminate()


def _tell(what: str, times: Sequence[float]) -> None:
    median = statistics.median(times) * 1000
    spread = f"{min(times) * 1000:.1f} .. {max(times) * 1000:.1f}"
    print(f"{what}: {median:.1f} ms  (median of {len(times)}; {spread})", flush=True)
