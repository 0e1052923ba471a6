"""Two transfers into one target at once: each file is one or the other, whole; a part that was left is one's alone."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path

import pytest

from rsh.files.disk.part_names import part_name
from tests.machines import SOON, Home
from tests.soak import sized

MIB = 1024 * 1024
LEFT = 3 * MIB  # of the large file, in the part that an earlier try has left
ROUNDS = sized(2, 40)
SMALL = 20

VERBS = pytest.mark.parametrize(("verb", "way"), [("put", "up"), ("get", "down"), ("sync", "up"), ("sync", "down")])


def make_source(folder: Path, seed: int) -> Path:
    """Make small files, and a large one that begins like that of every other source."""
    chance = random.Random(seed)
    folder.mkdir()
    (folder / "large").write_bytes(random.Random(0).randbytes(LEFT) + chance.randbytes(5 * MIB))
    for number in range(SMALL):
        (folder / f"{number}").write_bytes(chance.randbytes(1000))
    return folder


def make_target(folder: Path, source: Path) -> Path:
    """Make a target with an old file, and what an interrupted transfer has left of the new one."""
    folder.mkdir()
    (folder / "large").write_bytes(random.Random(9).randbytes(4 * MIB))
    part = folder / os.fsdecode(part_name(b"large"))
    part.write_bytes((source / "large").read_bytes()[:LEFT])
    part.chmod(0o600)
    return folder


def words(verb: str, way: str, source: Path, target: Path, host: str, *options: str) -> list[str]:
    ends = [f"{source}/.", f"{host}:{target}"] if way == "up" else [f"{host}:{source}/.", str(target)]
    return [verb, *options, *ends]


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@VERBS
def test_later_one_takes_nothing_from_the_earlier_one(me: Home, host: str, tmp_path: Path, verb: str, way: str) -> None:
    one, two = make_source(tmp_path / "one", 1), make_source(tmp_path / "two", 2)
    target = make_target(tmp_path / "target", one)
    part = target / os.fsdecode(part_name(b"large"))
    slow = words(verb, way, one, target, host, "-q", "--limit", "2M")
    first = me.spawn(*slow, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    while part.stat().st_size <= LEFT:
        assert first.poll() is None
        time.sleep(0.005)  # another process writes it
    first.send_signal(signal.SIGSTOP)  # however slow the machine is
    deletes = ["--delete", "-y"] if verb == "sync" else []
    second = me.rsh(*words(verb, way, two, target, host, *deletes))
    assert (second.returncode, second.stderr) == (0, b"")
    assert part.exists()
    assert contents(target).items() >= contents(two).items()
    first.send_signal(signal.SIGCONT)
    _, errors = first.communicate(timeout=SOON)
    assert (first.returncode, errors) == (0, b"")
    found = contents(target)
    assert found["large"] == (one / "large").read_bytes() and len(found) == SMALL + 1


@pytest.mark.soak
@VERBS
def test_no_file_is_a_mixture_however_they_meet(me: Home, host: str, tmp_path: Path, verb: str, way: str) -> None:
    sources = [make_source(tmp_path / "one", 1), make_source(tmp_path / "two", 2)]
    allowed = [contents(source) for source in sources]
    for number in range(ROUNDS):
        target = make_target(tmp_path / f"target{number}", sources[number % 2])
        old = contents(target)
        both = [
            me.spawn(*words(verb, way, source, target, host), stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
            for source in sources
        ]
        for process in both:
            _, errors = process.communicate(timeout=SOON)
            lines = errors.decode().splitlines()
            assert (process.returncode == 0) == (not lines), lines
            assert all(line.startswith(f"rsh: {verb}: ") and str(target) in line for line in lines), lines
        for name, content in contents(target).items():
            if not name.endswith(".part"):
                assert content in (old.get(name), *(each[name] for each in allowed)), name
        assert len([name for name in os.listdir(target) if not name.endswith(".part")]) == SMALL + 1
        done = me.rsh(*words(verb, way, sources[0], target, host))
        assert (done.returncode, done.stderr) == (0, b"")
        assert contents(target) == allowed[0], "with nothing left over"
