"""The living shell: a line of it, and the time until it is ready."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING

from bench.awake import processors_awake
from bench.stage import Bench

if TYPE_CHECKING:
    from rsh.client.shell.living import LivingShell

LINES = 500


def bench_shell(bench: Bench) -> None:
    """A line of the living shell, as the machine is and with its processors kept awake."""
    from rsh.client.api.remote import connect
    from rsh.client.shell.living import LivingShell
    from rsh.protocol.requests import Shell, Terminal

    bench.enter()
    begun = time.perf_counter()
    with connect(bench.rsh.host) as remote:
        shell = LivingShell(remote.session.open(Shell(Terminal(80, 24))), lambda _: None)
        shell.wait_ready()
        ready = time.perf_counter() - begun
        print(f"\nliving shell: ready {ready * 1000:.0f} ms after dialling, imports not counted", flush=True)
        for _ in range(bench.runs):
            _tell("as the machine is", shell)
            with processors_awake():
                _tell("processors awake", shell)


def _tell(how: str, shell: LivingShell) -> None:
    line = statistics.median(_line_times(shell))
    print(f"living shell, {how}: one round trip of `true` {line * 1e6:.0f} us (median of {LINES})", flush=True)


def _line_times(shell: LivingShell) -> list[float]:
    times = []
    for _ in range(LINES):
        start = time.perf_counter()
        shell.start_line(b"true")
        shell.wait_ready()
        times.append(time.perf_counter() - start)
    return times
