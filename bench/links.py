"""Transfers over a narrow link: what compression saves, and what it costs where it saves nothing."""

from __future__ import annotations

from pathlib import Path

from bench.measure import Candidate, compare
from bench.peers import slow_link
from bench.stage import Bench


def bench_compression(bench: Bench) -> None:
    """Text and noise over 10 MB/s."""
    text, noise = bench.folder / "text", bench.folder / "noise"
    words = b"".join(path.read_bytes() for path in sorted(Path("/usr/include").rglob("*.h")))[:20_000_000]
    text.write_bytes(words or b"no headers here; " * 1_000_000)
    with open("/dev/urandom", "rb") as source:
        noise.write_bytes(source.read(20_000_000))
    with slow_link(bench.rsh.host, delay=0.005, rate=10_000_000, queue=1_000_000) as host:
        for path in (text, noise):
            ways = [_put(bench, path, host, *more) for more in ((), ("--compress",), ("--no-compress",))]
            compare(f"put {path.name}, 20 MB over 10 MB/s", ways, bench.runs)
    for path in (text, noise):
        path.unlink()


def _put(bench: Bench, source: Path, host: str, *more: str) -> Candidate:
    target = bench.folder / "copy"

    def remove() -> None:
        target.unlink(missing_ok=True)

    name = " ".join(("rsh put", *more))
    return bench.ours(name, "put", "-q", *more, str(source), f"{host}:{target}", before=remove)
