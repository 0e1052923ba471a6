"""`rsh sync` between real processes: whoever is killed, whatever changes meanwhile, the next run makes both alike."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from rsh.files.disk.part_names import part_name
from tests.machines import SOON, Daemon, Home, obey_permissions
from tests.proxy import Direction, Fault, Kind, Proxy
from tests.scenarios.trees import described
from tests.soak import sized

pytestmark = pytest.mark.soak

MIB = 1024 * 1024
KILLS = sized(1, 25)
LARGE = 16 * MIB

BOTH = pytest.mark.parametrize("way", ["up", "down"])


def words(way: str, source: Path, target: Path, host: str, *options: str) -> list[str]:
    there, here = (target, source) if way == "up" else (source, target)
    sides = [str(here), f"{host}:{there}"] if way == "up" else [f"{host}:{there}", str(here)]
    return ["sync", "-q", *options, *sides]


def make_trees(folder: Path) -> tuple[Path, Path, dict[bytes, tuple[object, ...]]]:
    """Make a source and an old copy of it that lacks some, has others too many, and differs in the rest."""
    source, target = folder / "source", folder / "target"
    for number in range(300):
        path = source / str(number % 7) / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * (1 + number * 3))
    (source / "large").write_bytes(random.Random(1).randbytes(LARGE))
    shutil.copytree(source, target)
    with (source / "large").open("r+b") as large:
        for position in range(0, LARGE, MIB):
            large.seek(position)
            large.write(b"changed" * 20_000)
    for number in range(0, 300, 2):
        (target / str(number % 7) / str(number)).write_bytes(b"old")
    shutil.rmtree(target / "3")
    (target / "extra" / "below").mkdir(parents=True)
    (target / "extra" / "below" / "file").write_text("too many")
    return source, target, described(target)


def check_whole(source: Path, target: Path, before: dict[bytes, tuple[object, ...]]) -> None:
    """Check that each file has its old content or its new one, but for parts."""
    new = described(source)
    for path, (_, _, content) in described(target).items():
        if content is not None and not path.endswith(b".part"):
            known = [each[path][2] for each in (before, new) if path in each]
            assert content in known, path


@BOTH
@pytest.mark.parametrize("victim", ["client", "daemon"])
def test_whoever_is_killed_the_next_run_completes(tmp_path: Path, way: str, victim: str) -> None:
    chance = random.Random(f"{way} {victim}")
    home = Home(tmp_path / "account")
    daemon = Daemon(home)
    try:
        for number in range(KILLS):
            source, target, before = make_trees(tmp_path / str(number))
            line = words(way, source, target, daemon.host, "--delete", "--limit", "20M")
            client = home.spawn(*line, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            wait_for(lambda: (target / "3").is_dir() or client.poll() is not None)  # noqa: B023  called at once
            time.sleep(chance.random() * 0.15)  # the moment is what is left to chance
            if victim == "daemon":
                daemon.__exit__()  # kills it
                daemon = Daemon(home)
            client.kill()
            client.wait()
            check_whole(source, target, before)
            done = home.rsh(*words(way, source, target, daemon.host, "--delete"))
            assert (done.returncode, done.stderr) == (0, b"")
            assert described(target) == described(source), "with nothing left over"
    finally:
        daemon.__exit__()


@BOTH
@pytest.mark.parametrize("victim", ["client", "daemon"])
def test_blocks_of_a_large_file_that_were_written_are_not_sent_again(tmp_path: Path, way: str, victim: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    for top, seed in ((source, 1), (target, 2)):
        top.mkdir()
        (top / "large").write_bytes(random.Random(seed).randbytes(LARGE))
    part = target / os.fsdecode(part_name(b"large"))
    home = Home(tmp_path / "account")
    daemon = Daemon(home)
    try:
        line = words(way, source, target, daemon.host, "--limit", "16M")
        client = home.spawn(*line, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(lambda: part.exists() and part.stat().st_size > LARGE * 3 // 4)
        if victim == "daemon":
            daemon.__exit__()  # kills it
            daemon = Daemon(home)
        client.kill()
        client.wait()
        with Proxy(daemon.host) as network:
            done = home.rsh(*words(way, source, target, network.host))
            assert (done.returncode, done.stderr) == (0, b"")
            assert network.passed[Direction.UP if way == "up" else Direction.DOWN] < LARGE // 2
    finally:
        daemon.__exit__()
    assert described(target) == described(source), "with nothing left over"


@BOTH
def test_dropped_links_go_unnoticed(me: Home, host: str, tmp_path: Path, way: str) -> None:
    source, target, _ = make_trees(tmp_path)
    direction = Direction.UP if way == "up" else Direction.DOWN
    with Proxy(host) as network:
        kinds = (Kind.RST, Kind.FIN)
        network.plan = lambda number: [Fault(kinds[number % 2], direction, 400_000)] if number < 5 else []
        done = me.rsh(*words(way, source, target, network.host, "--delete"))
        assert network.accepted > 3
    assert (done.returncode, done.stderr) == (0, b"")
    assert described(target) == described(source)


@BOTH
def test_a_large_file_that_changes_meanwhile_is_named_and_the_old_one_stays(
    me: Home, host: str, tmp_path: Path, way: str
) -> None:
    source, target, before = make_trees(tmp_path)
    (source / "large").write_bytes(os.urandom(LARGE))
    line = words(way, source, target, host, "--limit", "4M")
    client = me.spawn(*line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: any(part.stat().st_size > MIB for part in target.glob(".large.*.part")))
    with (source / "large").open("ab") as large:
        large.write(b"more")
    _, errors = client.communicate(timeout=SOON)
    assert (client.returncode, errors.count(b"\n")) == (1, 1)
    assert b"large: " in errors
    assert described(target)[b"large"] == before[b"large"]
    assert me.rsh(*words(way, source, target, host, "--delete")).returncode == 0
    assert described(target) == described(source)


@BOTH
def test_a_source_that_vanishes_meanwhile_deletes_nothing(me: Home, host: str, tmp_path: Path, way: str) -> None:
    source, target, _ = make_trees(tmp_path)
    (source / "0" / "0").write_bytes(os.urandom(MIB))  # small over there, so it is sent in the walk
    line = words(way, source, target, host, "--delete", "--limit", "300K")
    client = me.spawn(*line, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    wait_for(lambda: any(target.glob("0/.0.*.part")))
    source.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "6").rename(tmp_path / "away")
    _, errors = client.communicate(timeout=SOON)
    assert client.returncode == 1, errors
    assert b"Traceback" not in errors
    assert (target / "extra" / "below" / "file").exists()
    assert (target / "6" / "6").exists()
    assert me.rsh(*words(way, tmp_path / "elsewhere", target, host, "--delete")).returncode == 0
    assert described(target) == described(tmp_path / "elsewhere")


def test_nothing_is_deleted_after_a_folder_that_cannot_be_read(me: Home, host: str, tmp_path: Path) -> None:
    source, target, _ = make_trees(tmp_path)
    (source / "5").chmod(0)
    try:
        done = me.rsh(*words("up", source, target, host, "--delete"), preexec_fn=obey_permissions)
        assert done.returncode == 1
        assert b"5: Permission denied\n" in done.stderr
        assert (target / "5" / "5").exists()
        assert (target / "extra" / "below" / "file").exists()
        assert (target / "large").read_bytes() == (source / "large").read_bytes(), "the rest goes on"
    finally:
        (source / "5").chmod(0o755)
    assert me.rsh(*words("up", source, target, host, "--delete")).returncode == 0
    assert described(target) == described(source)


@BOTH
def test_names_of_any_bytes_survive(me: Home, host: str, tmp_path: Path, way: str) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    names = [b"\xff\xfe", b"new\nline", b"-dash", b" space ", b"\x1b[31m", b"x" * 255, "日本".encode(), b"*"]
    for place in (source, target):
        for name in names:
            folder = place / os.fsdecode(name)
            folder.mkdir(parents=True)
            (folder / os.fsdecode(name)).write_bytes(name * (1000 if place == source else 1))
            (folder / os.fsdecode(bytes((name[0],)) + (b"here" if place == source else b"there"))).write_bytes(name)
    done = me.rsh(*words(way, source, target, host, "--delete", "-i"))
    assert done.returncode == 0
    assert b"\x1b[31m" not in done.stdout
    assert described(target) == described(source)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
