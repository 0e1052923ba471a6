"""Somebody else changes the target while a sync is between what it was told of a file and what it makes of it."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.files.syncs import Heard, alike, sync

MIB = 1024 * 1024
OLD = random.Random(1).randbytes(2 * MIB)
NEW = OLD[:MIB] + b"changed" + OLD[MIB:]
OTHER = random.Random(2).randbytes(2 * MIB)


class Racer(Heard):
    """Does something when the source is about to send a file of which it knows what the target has."""

    def __init__(self, act: Callable[[], object]) -> None:
        super().__init__()
        self._act: Callable[[], object] | None = act

    def started(self, path: bytes, size: int) -> None:
        self._go()

    def reused(self, count: int) -> None:
        self._go()

    def _go(self) -> None:
        act, self._act = self._act, None
        if act:
            act()


class EarlyRacer(Racer):
    """Does something when the source knows what the target has of a file, before it asks for more of it."""

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        super().planned(action, path, size, origin)
        self._go()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "source"
    top.mkdir()
    (top / "large").write_bytes(NEW)
    return top


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """What the source was some time ago."""
    top = tmp_path / "target"
    top.mkdir()
    (top / "large").write_bytes(OLD)
    os.utime(top / "large", (1, 1))
    return top


def replace(path: Path, content: bytes) -> None:
    """Replace a file as every careful writer does."""
    beside = path.parent.parent / "beside"
    beside.write_bytes(content)
    beside.rename(path)


def link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize(
    "act",
    [
        lambda path: replace(path, OTHER),
        lambda path: replace(path, NEW),
        lambda path: replace(path, b""),
        Path.unlink,
        link,
    ],
)
def test_a_file_that_another_one_takes_the_place_of_arrives_all_the_same(
    source: Path, target: Path, act: Callable[[Path], object]
) -> None:
    racer = Racer(lambda: act(target / "large"))
    _, sent, received = sync(source, target, heard=racer)
    assert (sent.failed, received.failed) == (0, 0)
    assert racer.bytes < MIB, "only what changed was sent"
    assert alike(source, target)


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(2 * OTHER)


@pytest.mark.parametrize(
    "act",
    [
        append,
        lambda path: replace(path, 3 * OTHER),
        lambda path: replace(path, NEW + OTHER),
        lambda path: replace(path, OTHER[:MIB]),
        lambda path: replace(path, b""),
        Path.unlink,
        link,
    ],
)
def test_a_file_that_is_another_one_before_the_source_asks_for_its_blocks_becomes_the_sources(
    source: Path, target: Path, act: Callable[[Path], object]
) -> None:
    _, sent, received = sync(source, target, heard=EarlyRacer(lambda: act(target / "large")))
    assert (sent.failed, received.failed) == (0, 0)
    assert alike(source, target)


@pytest.mark.parametrize("kept", [MIB // 2, 3 * MIB // 2, 0])
def test_a_file_that_is_written_to_meanwhile_is_named_and_left_to_whoever_does(
    source: Path, target: Path, kept: int
) -> None:
    def write() -> None:
        with (target / "large").open("r+b") as file:
            file.truncate(kept)
            file.write(OTHER)

    _, sent, _ = sync(source, target, heard=Racer(write))
    assert [failure.path for failure in sent.failures] == [bytes(target / "large")]
    assert (target / "large").read_bytes()[: len(OTHER)] == OTHER
    assert os.listdir(target) == ["large"]
    _, sent, _ = sync(source, target)
    assert sent.failed == 0 and alike(source, target)


def test_a_directory_that_takes_its_place_stays(source: Path, target: Path) -> None:
    def act() -> None:
        (target / "large").unlink()
        (target / "large" / "below").mkdir(parents=True)

    _, sent, _ = sync(source, target, heard=Racer(act))
    assert [failure.error for failure in sent.failures] == ["EISDIR"]
    assert (target / "large" / "below").is_dir() and os.listdir(target) == ["large"]


def test_a_fifo_that_takes_its_place_is_not_opened(source: Path, target: Path) -> None:
    def act() -> None:
        (target / "large").unlink()
        os.mkfifo(target / "large")

    _, sent, _ = sync(source, target, heard=Racer(act))
    assert [failure.error for failure in sent.failures] in ([], ["ESPECIAL"])


@pytest.mark.parametrize("act", [lambda path: replace(path, OTHER), Path.unlink])
def test_an_old_name_of_a_renamed_file_that_is_replaced_meanwhile_does_no_harm(
    source: Path, target: Path, act: Callable[[Path], object]
) -> None:
    (source / "large").rename(source / "renamed")
    shutil.copy2(source / "renamed", target / "large")
    racer = Racer(lambda: act(target / "large"))
    _, sent, _ = sync(source, target, heard=racer, delete=True)
    assert sent.failed == 0
    assert racer.changes[b"renamed"] == "=f+++++++++" and racer.bytes == 0
    assert alike(source, target)
