"""`rsh sync` beside rsync -a: a first sync, one that finds nothing to do, changed blocks, a renamed file."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

from bench.measure import Candidate, compare
from bench.stage import Bench

MIB = 1024 * 1024
PAGES = 262_144  # of 4 KiB in a GiB


def bench_sync(bench: Bench) -> None:
    """All of them; the targets of the two programs are kept apart."""
    source = bench.folder / "source"
    for number in range(10_000):
        folder = source / str(number // 100)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / str(number)).write_bytes(number.to_bytes(4, "big") * 1024)
    ours, theirs = bench.folder / "ours", bench.folder / "theirs"

    def empty() -> None:
        for target in (ours, theirs):
            shutil.rmtree(target, ignore_errors=True)

    _compare(bench, "sync 10,000 x 4 KiB, first time", source, ours, theirs, empty)
    _compare(bench, "sync 10,000 x 4 KiB, nothing to do", source, ours, theirs, None)
    empty()
    shutil.rmtree(source)
    _large(bench, source, ours, theirs)
    empty()
    shutil.rmtree(source)


def _large(bench: Bench, source: Path, ours: Path, theirs: Path) -> None:
    """One file of one GiB."""
    source.mkdir()
    big, other = source / "big", source / "renamed"
    noise = random.Random(1)
    with big.open("wb") as file:
        for _ in range(64):
            file.write(noise.randbytes(16 * MIB))
    for target in (ours, theirs):
        shutil.copytree(source, target)

    def change() -> None:
        with big.open("r+b") as file:
            for page in noise.sample(range(PAGES), PAGES // 100):
                file.seek(page * 4096)
                file.write(os.urandom(4096))

    def rename() -> None:
        old, new = (big, other) if big.exists() else (other, big)
        old.rename(new)

    _compare(bench, "sync 1 GiB, 1 % of its pages changed", source, ours, theirs, change)
    _compare(bench, "sync 1 GiB, renamed", source, ours, theirs, rename)


def _compare(
    bench: Bench, title: str, source: Path, ours: Path, theirs: Path, before: Callable[[], None] | None
) -> None:
    words = ("sync", "-q", "--delete", str(source), f"{bench.rsh.host}:{ours}")
    candidates = [bench.ours("rsh sync --delete", *words, before=before)]
    if bench.ssh and shutil.which("rsync"):
        command = bench.ssh.rsync("--delete", f"{source}/", f"127.0.0.1:{theirs}/")
        # Each has its target, and both see the same change: it is made once in a round, before the first.
        candidates.append(Candidate("rsync -a --delete over ssh", command))
    compare(title, candidates, bench.runs)
