"""Transfers over links that are long or narrow, beside tar and ssh: what a round trip costs, what compression saves."""

from __future__ import annotations

import shutil
from pathlib import Path

from bench.measure import Candidate, compare
from bench.peers import slow_link
from bench.stage import Bench

SIZE = 200_000_000


def bench_latency(bench: Bench) -> None:
    """500 small files and 200 MB, each over a long link."""
    tree, big = bench.folder / "five-hundred", bench.folder / "big"
    tree.mkdir()
    for number in range(500):
        (tree / str(number)).write_bytes(number.to_bytes(4, "big") * 1024)
    with big.open("wb") as file:
        file.write(bytes(range(256)) * (SIZE // 256))
    with slow_link(bench.rsh.host, delay=0.05) as host:
        compare("put 500 x 4 KiB, 100 ms", [_put(bench, tree, host)], bench.runs)
    for delay, name in ((0.05, "100 ms"), (0.025, "50 ms")):
        with slow_link(bench.rsh.host, delay=delay) as host:
            compare(f"put 200 MB, {name}", [_put(bench, big, host, "--no-compress")], bench.runs)
    shutil.rmtree(tree)
    big.unlink()


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
        if target.is_dir():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)

    name = " ".join(("rsh put", *more))
    return bench.ours(name, "put", "-q", *more, str(source), f"{host}:{target}", before=remove)
