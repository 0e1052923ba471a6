"""`kill -9` of either side at any moment of a transfer: the old file or the new one; the next run mends the rest."""

from __future__ import annotations

import os
import random
import subprocess
import time
from pathlib import Path

import pytest

from tests.machines import Daemon, Home
from tests.scenarios.trees import described
from tests.soak import sized

KILLS = sized(8, 100)
MIB = 1024 * 1024


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Small files, then a large one, then small ones again."""
    top = tmp_path_factory.mktemp("source") / "tree"
    for folder in ("a", "z"):
        (top / folder).mkdir(parents=True)
        for number in range(300):
            (top / folder / str(number)).write_bytes(os.urandom(1 + number * 17))
    with (top / "large").open("wb") as file:
        for _ in range(40):
            file.write(os.urandom(MIB))
    return top


def make_old(source: Path, target: Path) -> None:
    """Have something in the place of every second file."""
    for path in sorted(source.rglob("*"))[::2]:
        if path.is_file():
            old = target / path.relative_to(source)
            old.parent.mkdir(parents=True, exist_ok=True)
            old.write_bytes(b"old")


def check_whole(source: Path, target: Path) -> None:
    """Check that each file is the old one or the new one, but for parts."""
    for path in target.rglob("*"):
        if path.is_file() and not path.name.endswith(".part"):
            content = path.read_bytes()
            assert content == b"old" or content == (source / path.relative_to(target)).read_bytes(), path


@pytest.mark.slow
@pytest.mark.soak
@pytest.mark.parametrize("verb", ["put", "get"])
@pytest.mark.parametrize("victim", ["client", "daemon"])
def test_no_half_file_whoever_is_killed_and_the_next_run_completes(
    tmp_path: Path, source: Path, verb: str, victim: str
) -> None:
    chance = random.Random(f"{verb} {victim}")
    home = Home(tmp_path / "account")
    daemon = Daemon(home)
    try:
        for number in range(KILLS // 4):
            target = tmp_path / f"target{number}"
            make_old(source, target)
            words = _words(verb, source, target, daemon.host)
            client = home.spawn(*words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            _wait_for_some(target, client)
            time.sleep(chance.random() * 0.15)  # the moment is what is left to chance
            if victim == "daemon":
                daemon.__exit__()  # kills it
                daemon = Daemon(home)
            client.kill()
            client.wait()
            check_whole(source, target)
            done = home.rsh(*_words(verb, source, target, daemon.host))
            assert done.returncode == 0, done.stderr
            assert described(target) == described(source), "with nothing left over"
    finally:
        daemon.__exit__()


def _words(verb: str, source: Path, target: Path, host: str) -> list[str]:
    return ["put", f"{source}/.", f"{host}:{target}"] if verb == "put" else ["get", f"{host}:{source}/.", str(target)]


def _wait_for_some(target: Path, client: subprocess.Popen[bytes]) -> None:
    """Wait until the first file is there."""
    while client.poll() is None:
        first = target / "a" / "0"
        if first.exists() and first.read_bytes() != b"old":
            return


def test_put_that_was_killed_goes_on_where_it_was(tmp_path: Path, daemon: Daemon) -> None:
    source, target = tmp_path / "file", tmp_path / "there"
    target.mkdir()
    with source.open("wb") as file:
        for _ in range(60):
            file.write(os.urandom(MIB))
    client = daemon.home.spawn(
        "put", "--limit", "10M", str(source), f"{daemon.host}:{target}", stdin=subprocess.DEVNULL
    )
    while not any(path.stat().st_size > 5 * MIB for path in target.glob(".*.part")):
        assert client.poll() is None
    client.kill()
    client.wait()
    (left,) = target.iterdir()
    size, inode = left.stat().st_size, left.stat().st_ino
    assert size < 60 * MIB and left.name.startswith(".file.rsh-")
    assert daemon.home.rsh("put", str(source), f"{daemon.host}:{target}").returncode == 0
    (copy,) = target.iterdir()
    assert copy.stat().st_ino == inode and copy.read_bytes() == source.read_bytes()
