"""Timing whole commands: in turn, so that a noisy machine is noisy for all, and by the median."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping

from msgspec import Struct


class Candidate(Struct):
    """One way to do a thing.

    Attributes:
        name: for the table.
        command: what is timed.
        before: run ahead of each timing, outside of it.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str] | None = None
    before: Callable[[], None] | None = None


def compare(title: str, candidates: list[Candidate], runs: int) -> dict[str, float]:
    """Time all candidates in turn and print their medians, with the ratio to the first; give the medians in seconds."""
    times: dict[str, list[float]] = {candidate.name: [] for candidate in candidates}
    for number in range(runs + 1):
        for candidate in candidates:
            seconds = _time(candidate)
            if number:  # the first round warms caches up
                times[candidate.name].append(seconds)
    medians = {name: statistics.median(each) for name, each in times.items()}
    print(f"\n{title}  (median of {runs})")
    ours = medians[candidates[0].name]
    for name, median in medians.items():
        spread = f"{min(times[name]) * 1000:.1f} .. {max(times[name]) * 1000:.1f}"
        print(f"  {name:34} {median * 1000:10.1f} ms   x{median / ours:5.2f}   ({spread})", flush=True)
    return medians


def _time(candidate: Candidate) -> float:
    if candidate.before:
        candidate.before()
    start = time.perf_counter()
    done = subprocess.run(
        candidate.command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=candidate.environment or os.environ,
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise RuntimeError(f"{candidate.name}: exit {done.returncode}: {done.stderr.decode(errors='replace')}")
    return seconds
