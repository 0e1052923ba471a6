"""Sender and receiver back to back: what arrives is what was sent, and what fails is named."""

from __future__ import annotations

import os
import resource
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rsh.errors import FileError
from rsh.files.disk.listing import entries
from rsh.files.disk.part_names import part_name
from rsh.files.transfer.report import Progress
from rsh.files.upkeep.changes import remove
from rsh.protocol.record_stream import Failure
from tests.files.transfers import snapshot, transfer
from tests.machines import descriptors

SIZES = [0, 1, 4095, 65535, 65536, 65537, 258047, 258048, 258049, 1_000_003]


def make(
    path: bytes, content: bytes = b"content", mode: int = 0o644, mtime_ns: int = 1_234_567_890_123_456_789
) -> None:
    with open(path, "wb") as file:
        file.write(content)
    os.chmod(path, mode)
    os.utime(path, ns=(mtime_ns, mtime_ns))


def names(errors: list[FileError]) -> list[tuple[bytes, str]]:
    return [(os.path.basename(error.path), error.error) for error in errors]


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    source = tmp_path / "source"
    source.mkdir()
    (tmp_path / "target").mkdir()
    return os.fsencode(source)


@pytest.fixture
def target(tmp_path: Path) -> bytes:
    return os.fsencode(tmp_path / "target")


@pytest.mark.parametrize("size", SIZES)
def test_file_arrives_whole_at_any_size(top: bytes, target: bytes, size: int) -> None:
    make(top + b"/file", os.urandom(size), 0o640)
    sent, received = transfer([top + b"/file"], target)
    assert snapshot(target) == snapshot(top)
    assert sent.ok and (sent.files, sent.bytes) == (received.files, received.bytes) == (1, size)


def test_parts_within_a_tree_are_not_sent_unless_they_are_named(top: bytes, target: bytes) -> None:
    os.makedirs(top + b"/a")
    part = top + b"/a/" + part_name(b"x")
    make(part)
    make(top + b"/a/.x.rsh-00000000.part")
    assert transfer([top + b"/a"], target)[0].ok
    assert os.listdir(target + b"/a") == [b".x.rsh-00000000.part"]
    assert transfer([part], target)[0].ok
    assert part_name(b"x") in os.listdir(target)


def test_tree_arrives_with_modes_times_links_and_empty_directories(top: bytes, target: bytes) -> None:
    os.makedirs(top + b"/a/b/empty")
    make(top + b"/a/executable", mode=0o755)
    make(top + b"/a/b/private", mode=0o600, mtime_ns=1)
    make(top + b"/a/old", mtime_ns=-1_000_000_001)
    os.symlink(b"executable", top + b"/a/link")
    os.symlink(b"/nowhere/at all", top + b"/a/dangling")
    os.symlink(b"b", top + b"/a/to-directory")
    os.utime(top + b"/a/link", ns=(5, 777_777_777_777), follow_symlinks=False)
    os.chmod(top + b"/a/b", 0o751)
    os.utime(top + b"/a/b", ns=(3, 1_111_111_111_222_333_444))
    sent, _ = transfer([top + b"/a"], target)
    assert sent.ok and sent.files == 6
    assert snapshot(target) == snapshot(top)


@pytest.mark.parametrize(
    "name",
    [b"\xff\xfe", b"new\nline", b"-rf", b" ", b"x" * 255, b"*", b"\\", b"$(x)", b"...", b"\x1b[31m", "ä".encode()],
)
def test_odd_name_round_trips(top: bytes, target: bytes, name: bytes) -> None:
    os.mkdir(top + b"/" + name)
    make(top + b"/" + name + b"/" + name)
    assert transfer([top + b"/" + name], target)[0].ok
    assert snapshot(target) == snapshot(top)


def test_deep_tree_round_trips_beyond_the_length_of_a_path(top: bytes, target: bytes) -> None:
    fd = os.open(top, os.O_RDONLY)
    for level in range(200):
        name = b"%03d" % level + b"d" * 200
        os.mkdir(name, dir_fd=fd)
        below = os.open(name, os.O_RDONLY, dir_fd=fd)
        os.close(os.open(b"z-after", os.O_CREAT | os.O_WRONLY, dir_fd=below))
        os.close(fd)
        fd = below
    os.close(fd)
    sent, received = transfer([top], target)
    assert sent.ok and received.ok and sent.files == 200


def test_failure_beyond_the_longest_path_is_named_by_its_tail(top: bytes, target: bytes) -> None:
    fd = os.open(top, os.O_RDONLY)
    for _ in range(260):
        os.mkdir(b"d" * 255, dir_fd=fd)
        below = os.open(b"d" * 255, os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
    os.mkfifo(b"fifo", dir_fd=fd)
    os.close(fd)
    sent, received = transfer([top], target)
    assert names(sent.failures) == names(received.failures) == [(b"fifo", "ESPECIAL")]
    listed = list(entries([top], recursive=True))
    assert isinstance(listed[-1], Failure) and listed[-1].error == "ENAMETOOLONG"
    assert list(remove([top], recursive=True)) == []


def test_many_files_in_many_directories_arrive(top: bytes, target: bytes) -> None:
    for number in range(300):
        os.makedirs(top + b"/%d" % (number % 7), exist_ok=True)
        make(top + b"/%d/%d" % (number % 7, number), os.urandom(number * 11))
    assert transfer([top], target, capacity=70_000)[0].files == 300
    assert snapshot(target + b"/source") == snapshot(top)


@pytest.mark.parametrize("where", [b"", b"/d", b"/d/", b"/..", b"/d/new"])
@pytest.mark.parametrize("tail", [b"", b"/."])
def test_directory_is_not_copied_into_itself(top: bytes, where: bytes, tail: bytes) -> None:
    os.mkdir(top + b"/d")
    make(top + b"/file")
    before = snapshot(top)
    sent, received = transfer([top + tail], top + where)
    if tail and where == b"/..":
        assert sent.ok, "into the one above, as cp -r source/. . does"
    else:
        assert [error.error for error in sent.failures] == ["EINSIDE"] and sent.files == received.files == 0
    assert snapshot(top) == before


def test_file_onto_itself_is_the_file_it_was(top: bytes) -> None:
    make(top + b"/file", b"x" * 300_000)
    before = snapshot(top)
    assert transfer([top + b"/file"], top)[0].ok
    assert snapshot(top) == before


def test_sent_twice_replaces_what_is_there(top: bytes, target: bytes) -> None:
    make(top + b"/longer", b"x" * 100_000)
    os.symlink(b"one", top + b"/link")
    assert transfer([top], target)[0].ok
    make(top + b"/longer", b"short")
    os.unlink(top + b"/link")
    os.symlink(b"two", top + b"/link")
    assert transfer([top], target)[0].ok
    assert snapshot(target + b"/source") == snapshot(top)


def test_setuid_setgid_and_sticky_are_masked(top: bytes, target: bytes) -> None:
    make(top + b"/suid", mode=0o6755)
    os.mkdir(top + b"/d")
    os.chmod(top + b"/d", 0o1777)
    transfer([top + b"/suid", top + b"/d"], target)
    assert os.stat(target + b"/suid").st_mode & 0o7777 == 0o755
    assert os.stat(target + b"/d").st_mode & 0o7777 == 0o777


def test_special_files_are_named_and_not_opened(top: bytes, target: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(top + b"/fifo")
    with socket.socket(socket.AF_UNIX) as listener:
        monkeypatch.chdir(os.fsdecode(top))
        listener.bind(b"socket")
    make(top + b"/plain")
    sent, received = transfer([top, top + b"/fifo"], target)
    assert names(sent.failures) == names(received.failures)
    assert names(sent.failures) == [(b"fifo", "ESPECIAL"), (b"socket", "ESPECIAL"), (b"fifo", "ESPECIAL")]
    assert os.listdir(target + b"/source") == [b"plain"]


def test_missing_source_is_named_and_the_rest_goes_on(top: bytes, target: bytes) -> None:
    make(top + b"/there")
    sent, received = transfer([top + b"/missing", top + b"/there"], target)
    assert names(sent.failures) == names(received.failures) == [(b"missing", "ENOENT")]
    assert sent.failures[0].path == top + b"/missing" and sent.exit_status == 1
    assert snapshot(target) == snapshot(top)


@pytest.fixture
def nobody(top: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stand in the directory as somebody whom permissions hold for, which they do not for root."""
    monkeypatch.chdir(tmp_path)
    user = os.geteuid()
    for name in (".", "source", "target"):
        os.chmod(name, 0o777)
    if user == 0:
        os.seteuid(65534)
    yield
    os.seteuid(user)


def test_unreadable_file_and_directory_are_named_and_the_rest_goes_on(nobody: None) -> None:
    make(b"source/a", mode=0)
    os.mkdir(b"source/b", 0)
    make(b"source/c")
    sent, received = transfer([b"source"], b"target")
    assert names(sent.failures) == names(received.failures) == [(b"a", "EACCES"), (b"b", "EACCES")]
    assert os.listdir(b"target/source") == [b"c"]


def test_read_only_directory_in_the_target_is_named_and_the_rest_goes_on(nobody: None) -> None:
    for path in (b"source/a", b"target/source/a"):
        os.makedirs(path)
    make(b"source/a/x")
    make(b"source/z")
    os.chmod(b"target/source/a", 0o555)
    sent, received = transfer([b"source"], b"target")
    assert [(error.path, error.error) for error in sent.failures] == [(b"target/source/a/x", "EACCES")]
    assert sent.files == received.files == 1 and os.listdir(b"target/source/a") == []


def test_read_only_directory_arrives_with_its_content(nobody: None) -> None:
    os.mkdir(b"source/a")
    make(b"source/a/x")
    os.chmod(b"source/a", 0o555)
    assert transfer([b"source"], b"target")[0].ok
    assert snapshot(b"target/source") == snapshot(b"source")


def test_file_that_cannot_be_placed_is_named_at_both_ends_and_the_rest_goes_on(top: bytes, target: bytes) -> None:
    for name in (b"a", b"b", b"c"):
        make(top + b"/" + name, b"x" * 300_000 if name == b"b" else b"x")
    os.makedirs(target + b"/source/a/in-the-way")
    os.mkdir(target + b"/source/b")
    sent, received = transfer([top], target)
    for report in (sent, received):
        assert [(error.path, error.error) for error in report.failures] == [
            (target + b"/source/a", "EISDIR"),
            (target + b"/source/b", "EISDIR"),
        ]
    assert sent.files == received.files == 1 and sent.exit_status == 1
    assert sorted(os.listdir(target + b"/source")) == [b"a", b"b", b"c"]


def test_directory_onto_a_file_fails_once_and_its_content_is_skipped(top: bytes, target: bytes) -> None:
    os.makedirs(top + b"/d/e/f")
    make(top + b"/d/e/file", b"x" * 200_000)
    make(top + b"/z")
    os.mkdir(target + b"/source")
    make(target + b"/source/d")
    sent, _ = transfer([top], target)
    assert names(sent.failures) == [(b"d", "ENOTDIR")]
    assert sent.files == 1 and os.path.isfile(target + b"/source/d")


def test_special_file_in_the_way_is_not_replaced(top: bytes, target: bytes) -> None:
    make(top + b"/x")
    os.mkfifo(target + b"/x")
    sent, _ = transfer([top + b"/x"], target)
    assert names(sent.failures) == [(b"x", "ESPECIAL")]
    os.mkdir(target + b"/source")
    os.mkfifo(target + b"/source/x")
    sent, _ = transfer([top], target)
    assert names(sent.failures) == [(b"x", "ESPECIAL")]
    sent, _ = transfer([top + b"/x"], target + b"/x")
    assert names(sent.failures) == [(b"x", "ESPECIAL")]


class Meddler(Progress):
    """Does something when a large file begins to be sent."""

    def __init__(self, action: Callable[[bytes], object]) -> None:
        self._action = action

    def started(self, path: bytes, size: int) -> None:
        self._action(path)


@pytest.mark.parametrize("size", [0, 100_000, 999_999, 1_000_001])
def test_source_that_changes_while_it_is_read_is_an_error_and_leaves_the_old_file(
    top: bytes, target: bytes, size: int
) -> None:
    make(top + b"/file", b"x" * 1_000_000)
    make(target + b"/file", b"old")
    meddler = Meddler(lambda path: os.truncate(path, size))
    sent, received = transfer([top + b"/file"], target, sender_progress=meddler)
    assert names(sent.failures) == names(received.failures) == [(b"file", "ECHANGED")]
    assert os.listdir(target) == [b"file"]
    with open(target + b"/file", "rb") as file:
        assert file.read() == b"old"


def test_file_that_vanishes_or_turns_special_during_the_walk_is_named_and_the_rest_goes_on(
    top: bytes, target: bytes
) -> None:
    for name in (b"gone", b"link", b"pipe", b"zoo"):
        make(top + b"/" + name)
    make(top + b"/big", b"x" * 100_000)

    def meddle(path: bytes) -> None:
        for name in (b"gone", b"link", b"pipe"):
            os.unlink(top + b"/" + name)
        os.symlink(b"/etc/passwd", top + b"/link")
        os.mkfifo(top + b"/pipe")

    sent, received = transfer([top], target, sender_progress=Meddler(meddle))
    assert names(sent.failures) == [(b"gone", "ENOENT"), (b"link", "ELOOP"), (b"pipe", "ESPECIAL")]
    assert names(received.failures) == names(sent.failures)
    assert sorted(os.listdir(target + b"/source")) == [b"big", b"zoo"]


def test_file_that_does_not_fit_is_named_and_the_rest_goes_on(top: bytes, target: bytes) -> None:
    make(top + b"/a", b"x" * 3_000_000)
    make(top + b"/b")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        sent, received = transfer([top], target)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert names(sent.failures) == names(received.failures) == [(b"a", "EFBIG")]
    assert os.listdir(target + b"/source") == [b"b"]


class Witness(Progress):
    def __init__(self) -> None:
        self.events: list[object] = []
        self.count = 0

    def started(self, path: bytes, size: int) -> None:
        self.events.append((os.path.basename(path), size))

    def moved(self, count: int) -> None:
        self.count += count

    def completed(self, items: int) -> None:
        self.events.append(items)

    def failed(self, error: FileError) -> None:
        self.events.append(error.error)


def test_progress_hears_of_large_files_bytes_items_and_failures(top: bytes, target: bytes) -> None:
    make(top + b"/big", b"x" * 70_000)
    make(top + b"/small")
    os.mkfifo(top + b"/fifo")
    witness = Witness()
    transfer([top], target, progress=witness)
    assert witness.count == 70_007
    assert (b"big", 70_000) in witness.events and "ESPECIAL" in witness.events
    assert witness.events[-1] == 3


@pytest.mark.parametrize("durability", ["auto", "none", "file"])
def test_every_durability_places_the_files(top: bytes, target: bytes, durability: str) -> None:
    make(top + b"/one")
    assert transfer([top + b"/one"], target, durability=durability)[0].ok
    assert transfer([top], target, durability=durability)[0].ok
    assert os.listdir(target + b"/source") == [b"one"]


def test_no_descriptor_stays_open(top: bytes, target: bytes) -> None:
    os.makedirs(top + b"/a/b")
    make(top + b"/a/b/c", b"x" * 100_000)
    os.mkfifo(top + b"/a/fifo")
    transfer([top], target)
    before = descriptors(os.getpid())
    transfer([top, top + b"/a/b/c", b"/missing"], target)
    transfer([top, top], target + b"/missing")
    assert descriptors(os.getpid()) <= before
