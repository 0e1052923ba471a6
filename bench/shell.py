"""The living shell: a line of it, and the time to its first prompt."""

from __future__ import annotations

import statistics
import time

from bench.stage import Bench


def bench_shell(bench: Bench) -> None:
    """A line of the living shell, and the time to its first prompt."""
    from rsh.client.api.remote import connect
    from rsh.client.shell.living import LivingShell
    from rsh.protocol.requests import Shell, Terminal

    bench.enter()
    begun = time.perf_counter()
    with connect(bench.rsh.host) as remote:
        shell = LivingShell(remote.session.open(Shell(Terminal(80, 24))), lambda _: None)
        shell.wait_ready()
        ready = time.perf_counter() - begun
        times = []
        for _ in range(500):
            start = time.perf_counter()
            shell.start_line(b"true")
            shell.wait_ready()
            times.append(time.perf_counter() - start)
    print(f"\nliving shell: ready {ready * 1000:.0f} ms after dialling, imports not counted", flush=True)
    print(f"living shell: one round trip of `true` {statistics.median(times) * 1e6:.0f} us (median of 500)", flush=True)
