"""Files over a link that is long: what a round trip costs, and whether the window or the link is the limit."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from bench.measure import Candidate, compare
from bench.peers import Ssh, slow_link
from bench.stage import Bench

MIB = 1024**2


def bench_distance(bench: Bench) -> None:
    """500 files of 4 KiB over 100 ms, and 200 MB over 100 and 50 ms, cold, of unlimited rate."""
    tree, large = bench.folder / "far-tree", bench.folder / "far-file"
    tree.mkdir()
    for number in range(500):
        (tree / str(number)).write_bytes(os.urandom(4096))
    with large.open("wb") as file:
        for _ in range(200):
            file.write(os.urandom(MIB))
    for trip in (0.1, 0.05):
        with slow_link(bench.rsh.host, delay=trip / 2) as near:
            if bench.ssh:
                with slow_link(f"127.0.0.1:{bench.ssh.port}", delay=trip / 2) as far:
                    _compare(bench, trip, near, bench.ssh.behind(far), tree, large)
            else:
                _compare(bench, trip, near, None, tree, large)
    shutil.rmtree(tree)
    large.unlink()


def _compare(bench: Bench, trip: float, host: str, ssh: Ssh | None, tree: Path, large: Path) -> None:
    target = bench.folder / "far-copies"

    def empty() -> None:
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir()

    if trip == 0.1:
        compare("put 500 x 4 KiB over 100 ms", _trees(bench, host, ssh, tree, target, empty), bench.runs)
    for verb in ("put", "get"):
        candidates = _files(bench, verb, host, ssh, large, target, empty)
        compare(f"{verb} 200 MB over {trip * 1000:.0f} ms", candidates, bench.runs)
    shutil.rmtree(target)


def _trees(
    bench: Bench, host: str, ssh: Ssh | None, tree: Path, target: Path, empty: Callable[[], None]
) -> list[Candidate]:
    candidates = [bench.ours("rsh put", "put", "-q", str(tree), f"{host}:{target}", before=empty)]
    if ssh:
        candidates.append(Candidate("tar | ssh", ssh.tar(tree, target, put=True), None, empty))
        if shutil.which("rsync"):
            candidates.append(Candidate("rsync -a over ssh", ssh.rsync(str(tree), f"127.0.0.1:{target}"), None, empty))
    return candidates


def _files(
    bench: Bench, verb: str, host: str, ssh: Ssh | None, large: Path, target: Path, empty: Callable[[], None]
) -> list[Candidate]:
    words = [str(large), f"{host}:{target}"] if verb == "put" else [f"{host}:{large}", str(target)]
    candidates = [bench.ours(f"rsh {verb}", verb, "-q", *words, before=empty)]
    if ssh:
        words = [str(large), f"127.0.0.1:{target}"] if verb == "put" else [f"127.0.0.1:{large}", str(target)]
        candidates.append(Candidate("scp", ssh.scp(*words), None, empty))
        if shutil.which("rsync"):
            candidates.append(Candidate("rsync -a over ssh", ssh.rsync(*words), None, empty))
    return candidates
