"""The most memory that client and server take at once, for what is large, what is many, and what is far away."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.peers import slow_link
from bench.stage import Bench

MIB = 1024 * 1024
GIB = 1024 * MIB
FOLDER = 1000  # files in one folder


def bench_memory(bench: Bench) -> None:
    """One GiB, 200 MB over 100 ms, 300,000 files and a sync of 10,000: there and back, in one daemon."""
    print("\nmost memory of client and server, one after the other in one daemon", flush=True)
    with _file(bench.folder / "gib", GIB) as source:
        _there_and_back(bench, "1 GiB", bench.rsh.host, source)
    with _file(bench.folder / "far", 200 * MIB) as source, slow_link(bench.rsh.host, delay=0.05) as far:
        _there_and_back(bench, "200 MB over 100 ms", far, source)
    with _tree(bench.folder / "many", 300_000) as source:
        _there_and_back(bench, "300,000 files", bench.rsh.host, source)
    with _tree(bench.folder / "some", 10_000) as source:
        for title in ("sync 10,000 files", "sync 10,000 files, nothing to do"):
            _measure(bench, title, "sync", "-q", str(source), f"{bench.rsh.host}:{bench.folder / 'copy'}")
    shutil.rmtree(bench.folder / "copy")


def _there_and_back(bench: Bench, title: str, host: str, source: Path) -> None:
    target = bench.folder / "copy"
    for verb, words in (("put", (str(source), f"{host}:{target}")), ("get", (f"{host}:{source}", str(target)))):
        _measure(bench, f"{verb} {title}", verb, "-q", *words)
        if target.is_dir():
            shutil.rmtree(target)
        else:
            target.unlink()


def _measure(bench: Bench, title: str, *words: str) -> None:
    """Run the client, and print what it and the daemon took at most meanwhile."""
    place = Path(f"/proc/{bench.rsh.process.pid}")
    (place / "clear_refs").write_text("5")  # the peak starts from what it has now, proc(5)
    client = subprocess.Popen(bench.rsh.command(*words), env=bench.rsh.environment, stdin=subprocess.DEVNULL)
    _, status, used = os.wait4(client.pid, 0)
    client.returncode = os.waitstatus_to_exitcode(status)
    if client.returncode:
        raise RuntimeError(f"{title}: exit {client.returncode}")
    server = int((place / "status").read_text().partition("VmHWM:")[2].split()[0])
    print(f"  {title:34} {used.ru_maxrss / 1024:8.1f} MiB {server / 1024:8.1f} MiB", flush=True)


@contextmanager
def _file(path: Path, size: int) -> Iterator[Path]:
    with path.open("wb") as file:
        for _ in range(size // MIB):
            file.write(os.urandom(4096) * (MIB // 4096))
    yield path
    path.unlink()


@contextmanager
def _tree(path: Path, count: int) -> Iterator[Path]:
    for first in range(0, count, FOLDER):
        folder = path / str(first)
        folder.mkdir(parents=True)
        for number in range(first, first + FOLDER):
            (folder / str(number)).write_bytes(b"%d" % number)
    yield path
    shutil.rmtree(path)
