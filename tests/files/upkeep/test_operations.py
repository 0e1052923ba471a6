from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from xxhash import xxh3_128_digest

from rsh.errors import FileError, LinkError, UsageError
from rsh.files.upkeep.operations import digests, store, usage
from rsh.protocol.answer_records import Digest, Space
from rsh.protocol.record_stream import Failure
from rsh.protocol.transfer_records import Summary


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    (tmp_path / "a").write_bytes(b"a" * 300_000)
    (tmp_path / "b").write_bytes(b"b")
    (tmp_path / "d").mkdir()
    os.mkfifo(tmp_path / "fifo")
    os.symlink("loop", tmp_path / "loop")
    os.symlink("not/at all", tmp_path / "nowhere")
    return os.fsencode(tmp_path)


def test_stored_file_is_whole_and_keeps_its_permissions(top: bytes) -> None:
    os.chmod(top + b"/b", 0o640)
    assert store(iter([b"one", b"two"]), b"b", directory=top) == Summary(1, 6)
    assert Path(os.fsdecode(top), "b").read_bytes() == b"onetwo"
    assert os.stat(top + b"/b").st_mode & 0o777 == 0o640


def test_new_file_gets_what_the_umask_leaves(top: bytes) -> None:
    before = os.umask(0o027)
    try:
        store(iter([]), b"d/new", directory=top, durability="none")
    finally:
        os.umask(before)
    assert os.stat(top + b"/d/new").st_mode & 0o777 == 0o640


def test_link_that_leads_nowhere_gets_its_file(top: bytes) -> None:
    os.symlink(b"d/new", top + b"/link")
    os.symlink(b"link", top + b"/second")
    assert store(iter([b"x"]), b"second", directory=top) == Summary(1, 1)
    assert (os.readlink(top + b"/link"), os.readlink(top + b"/second")) == (b"d/new", b"link")
    assert Path(os.fsdecode(top), "d", "new").read_bytes() == b"x"


def broken() -> Iterator[bytes]:
    yield b"half"
    raise LinkError("gone")


def test_content_that_breaks_off_leaves_the_old_file(top: bytes) -> None:
    with pytest.raises(LinkError):
        store(broken(), b"b", directory=top)
    assert Path(os.fsdecode(top), "b").read_bytes() == b"b"
    assert sorted(os.listdir(top)) == [b"a", b"b", b"d", b"fifo", b"loop", b"nowhere"]


@pytest.mark.parametrize(
    ("path", "error"),
    [
        (b"d", "EISDIR"),
        (b"fifo", "ESPECIAL"),
        (b"nowhere", "ENOENT"),
        (b"loop", "ELOOP"),
        (b"x/y", "ENOENT"),
        (b"new/", "ENOTDIR"),
        (b"", "EISDIR"),
    ],
)
def test_store_says_why_it_cannot(top: bytes, path: bytes, error: str) -> None:
    with pytest.raises(FileError) as caught:
        store(iter([b"x"]), path, directory=top)
    assert (caught.value.error, caught.value.path) == (error, path)


def test_digests_are_given_and_failures_named(top: bytes) -> None:
    assert list(digests([b"a", b"missing", b"d"], directory=top)) == [
        Digest(b"a", "xxh128", xxh3_128_digest(b"a" * 300_000)),
        Failure(b"missing", "ENOENT"),
        Failure(b"d", "EISDIR"),
    ]
    (digest,) = digests([b"b"], directory=top, algorithm="sha256")
    assert isinstance(digest, Digest) and digest.digest == hashlib.sha256(b"b").digest()


def test_unknown_digest_is_refused_at_once() -> None:
    with pytest.raises(UsageError, match="choose from"):
        digests([], algorithm="crc")


def test_usage_agrees_with_the_system(top: bytes) -> None:
    space, failure = usage([b".", b"missing"], directory=top)
    assert isinstance(space, Space) and failure == Failure(b"missing", "ENOENT")
    assert space.size == shutil.disk_usage(top).total
    assert os.path.ismount(space.mount) and top.startswith(space.mount.rstrip(b"/") + b"/")
