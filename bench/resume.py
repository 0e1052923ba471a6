"""How long it takes from a cut until the session goes on: redial, handshake, greeting and replay, on loopback."""

from __future__ import annotations

import statistics
import time

from bench.stage import Bench
from rsh.client.api.remote import connect
from tests.proxy import Kind, Proxy

CUTS = 300


def bench_resume(bench: Bench) -> None:
    """From the cut to the session's return, and to the echo of what was sent in between."""
    bench.enter()
    with Proxy(bench.rsh.host) as network, connect(network.host) as remote:
        process = remote.start(["cat"])
        resumed: list[float] = []
        echoed: list[float] = []
        for number in range(CUTS):
            line = b"%d\n" % number
            before = remote.session.condition
            network.cut((Kind.RST, Kind.FIN)[number % 2])
            start = time.perf_counter()
            process.write(line)
            answer = bytes(process.read_stdout())
            echoed.append(time.perf_counter() - start)
            assert answer == line, (answer, line)
            resumed.append(remote.session.condition.since - (time.monotonic() - echoed[-1]))
            assert remote.session.condition is not before
        process.close_stdin()
        process.wait()
    print(f"\nresume on loopback: median, 99th percentile, worst of {CUTS} cuts", flush=True)
    for name, times in (("redial to resumed", resumed), ("redial to echo", echoed)):
        worst = statistics.quantiles(times, n=100)[-1]
        print(
            f"  {name:34} {statistics.median(times) * 1000:8.1f} ms {worst * 1000:8.1f} ms {max(times) * 1000:8.1f} ms",
            flush=True,
        )
