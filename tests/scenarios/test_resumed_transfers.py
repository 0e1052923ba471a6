"""A copy that was interrupted goes on from whatever is left of it, in both directions; and what replaces what."""

from __future__ import annotations

import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.files.disk.part_names import part_name
from tests.machines import Daemon, Home
from tests.proxy import Direction, Proxy
from tests.scenarios.trees import described

MIB = 1024 * 1024
SIZE = 8 * MIB + 123
CONTENT = random.Random(1).randbytes(SIZE)
SLOWLY = ("-q", "--limit", "1M")  # so that little is sent before it is heard of that there is a part

BOTH = pytest.mark.parametrize("verb", ["put", "get"])


@pytest.fixture(scope="module")
def network(shared_daemon: Daemon) -> Iterator[Proxy]:
    with Proxy(shared_daemon.host) as proxy:
        yield proxy


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "file").write_bytes(CONTENT)
    return tmp_path / "file"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    (tmp_path / "target").mkdir()
    return tmp_path / "target"


def copied(me: Home, network: Proxy, verb: str, source: Path, target: Path, *options: str) -> int:
    """Copy a file into a directory, and check what came of it; give how much went over the network for that."""
    direction = Direction.UP if verb == "put" else Direction.DOWN
    before = network.passed[direction]
    here, there = ("", f"{network.host}:") if verb == "put" else (f"{network.host}:", "")
    done = me.rsh(verb, *options, f"{here}{source}", f"{there}{target}")
    assert (done.returncode, done.stderr) == (0, b"")
    assert (target / source.name).read_bytes() == source.read_bytes()
    assert os.listdir(target) == [source.name]
    return network.passed[direction] - before


def leave_part(target: Path, content: bytes) -> None:
    (target / os.fsdecode(part_name(b"file"))).write_bytes(content)


@BOTH
@pytest.mark.parametrize("size", [0, 1, 1024, 5 * MIB, SIZE - 1, SIZE])
def test_part_of_any_length_is_gone_on_with(
    me: Home, network: Proxy, source: Path, target: Path, verb: str, size: int
) -> None:
    leave_part(target, CONTENT[:size])
    sent = copied(me, network, verb, source, target, *SLOWLY if size > MIB else ())
    assert size < MIB or sent < SIZE - size // 2


@BOTH
def test_part_of_a_source_that_has_changed_since_is_repaired(
    me: Home, network: Proxy, source: Path, target: Path, verb: str
) -> None:
    leave_part(target, CONTENT[: 7 * MIB])
    source.write_bytes(CONTENT[: 5 * MIB] + b"changed" + CONTENT[5 * MIB + 7 : 6 * MIB])
    assert copied(me, network, verb, source, target, *SLOWLY) < 4 * MIB


@BOTH
def test_part_of_another_content_is_written_over(
    me: Home, network: Proxy, source: Path, target: Path, verb: str
) -> None:
    leave_part(target, random.Random(2).randbytes(SIZE + MIB))
    assert copied(me, network, verb, source, target) >= SIZE


@BOTH
@pytest.mark.parametrize("old", [0, 100, SIZE, 2 * SIZE])
def test_file_over_a_shorter_or_longer_one_is_what_was_sent(
    me: Home, network: Proxy, source: Path, target: Path, verb: str, old: int
) -> None:
    (target / "file").write_bytes(b"o" * old)
    copied(me, network, verb, source, target)


@BOTH
def test_file_onto_itself_stays_whole(me: Home, network: Proxy, source: Path, verb: str) -> None:
    here, there = ("", f"{network.host}:") if verb == "put" else (f"{network.host}:", "")
    done = me.rsh(verb, f"{here}{source}", f"{there}{source}")
    assert b"Traceback" not in done.stderr
    assert source.read_bytes() == CONTENT and os.listdir(source.parent) == ["file"]


@pytest.mark.slow
def test_ten_thousand_files_are_identical_after_put_and_get(me: Home, network: Proxy, tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for number in range(10_000):
        path = tree / str(number % 100) / f"-{number} \n"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number * 7)
    host = network.host
    assert me.rsh("put", str(tree), f"{host}:{tmp_path}/there").returncode == 0
    assert me.rsh("get", f"{host}:{tmp_path}/there", str(tmp_path / "back")).returncode == 0
    expected = {path.relative_to(tree): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    for copy in (tmp_path / "there", tmp_path / "back"):
        assert {path.relative_to(copy): path.read_bytes() for path in copy.rglob("*") if path.is_file()} == expected


@BOTH
def test_a_tree_with_a_new_name_goes_on_under_it(me: Home, host: str, tmp_path: Path, verb: str) -> None:
    source, target = tmp_path / "tree", tmp_path / "new"
    source.mkdir()
    (source / "file").write_bytes(CONTENT)
    (source / "other").write_bytes(b"other")
    here, there = ("", f"{host}:") if verb == "put" else (f"{host}:", "")
    line = [f"{here}{source}", f"{there}{target}"]
    client = me.spawn(verb, *SLOWLY, *line, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    part = target / os.fsdecode(part_name(b"file"))
    while not (part.exists() and part.stat().st_size > MIB):
        assert client.poll() is None
        time.sleep(0.005)  # another process writes it
    client.kill()
    client.wait()
    inode = part.stat().st_ino
    done = me.rsh(verb, *line)
    assert (done.returncode, done.stderr) == (0, b"")
    assert described(target) == described(source), "with nothing left over"
    assert (target / "file").stat().st_ino == inode, "it went on with the part"
