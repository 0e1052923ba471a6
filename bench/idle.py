"""What a session costs that does nothing."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from bench.stage import Bench


def bench_idle(bench: Bench) -> None:
    """What an idle session costs the daemon."""
    import rsh

    def memory() -> int:
        time.sleep(0.5)
        status = Path(f"/proc/{bench.rsh.process.pid}/status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0])

    bench.enter()
    with contextlib.ExitStack() as stack:
        warm = [stack.enter_context(rsh.connect(bench.rsh.host)) for _ in range(20)]
        before = memory()
        count = 200
        for _ in range(count):
            stack.enter_context(rsh.connect(bench.rsh.host))
        cost = (memory() - before) / count
        assert warm
    print(f"\nidle session: {cost:.0f} KiB of the daemon's memory each (mean of {count})", flush=True)
