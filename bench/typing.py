"""How a prompt feels while the same link carries a bulk transfer: 10 MB/s, 50 ms there and back."""

from __future__ import annotations

import os
import statistics
import threading
import time
from pathlib import Path

from bench.peers import slow_link
from bench.stage import Bench
from rsh.client.api.remote import Remote, connect
from rsh.client.shell.living import LivingShell
from rsh.protocol.requests import Shell, Terminal

RATE = 10e6  # bytes a second
DELAY = 0.025  # seconds, one way
QUEUE = 500_000  # bytes: what such a link holds under way, as a router's buffer is usually made

SAMPLES = 60


def bench_typing(bench: Bench) -> None:
    """Echo of a key and round trip of a line, idle and during a put and a get."""
    bench.enter()
    size = int(RATE * 15)
    source = bench.folder / "bulk"
    source.write_bytes(os.urandom(size))  # what can be compressed would be through in a second
    source_there = str(source)
    with slow_link(bench.rsh.host, rate=RATE, delay=DELAY, queue=QUEUE) as host, connect(host) as remote:
        shell = LivingShell(remote.session.open(Shell(Terminal(80, 24))), lambda _: None)
        shell.wait_ready()
        print("\ntyping over 10 MB/s and 50 ms: 95th percentile (median)", flush=True)
        _report("idle", shell)
        for name in ("put", "get"):
            transfer = threading.Thread(target=_move, args=(remote, name, source_there, bench.folder / name))
            transfer.start()
            time.sleep(2)
            _report(f"during {name}", shell)
            print(f"    (the transfer {'went on' if transfer.is_alive() else 'WAS OVER'})", flush=True)
            transfer.join()
    source.unlink()


def _move(remote: Remote, name: str, source: str, target: Path) -> None:
    start = time.perf_counter()
    getattr(remote, name)(source, to=str(target))
    seconds = time.perf_counter() - start
    print(f"    {name}: {target.stat().st_size / seconds / 1e6:.1f} MB/s", flush=True)


def _report(when: str, shell: LivingShell) -> None:
    lines = [_line(shell) for _ in range(SAMPLES)]
    shell.start_line(b"cat")
    keys = [_key(shell) for _ in range(SAMPLES)]
    shell.type(b"\n\x04")
    while shell.next_output():
        pass
    shell.wait_ready()
    for what, times in (("line", lines), ("key", keys)):
        high = statistics.quantiles(times, n=20)[-1]
        print(f"  {when:12} {what:5} {high * 1000:7.1f} ms  ({statistics.median(times) * 1000:.1f})", flush=True)


def _line(shell: LivingShell) -> float:
    start = time.perf_counter()
    shell.start_line(b"true")
    shell.wait_ready()
    return time.perf_counter() - start


def _key(shell: LivingShell) -> float:
    start = time.perf_counter()
    shell.type(b"x")
    shell.next_output()
    return time.perf_counter() - start
