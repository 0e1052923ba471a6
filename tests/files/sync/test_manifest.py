from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from xxhash import xxh3_128_digest

from rsh.errors import ProtocolError
from rsh.files.disk.filter import make_filter
from rsh.files.disk.part_names import part_name
from rsh.files.sync.manifest import Manifest, known_file, manifest
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.sync_records import Known, ManifestRecord, Other
from rsh.protocol.transfer_records import Directory, Leave, Root, Symlink
from tests.machines import obeying_permissions

ROOT = Root(0o755, 0)


def told(top: Path, **options: object) -> list[ManifestRecord]:
    return list(manifest(os.open(top, os.O_RDONLY | os.O_DIRECTORY), **options))  # type: ignore[arg-type]  # any of them


def names(records: list[ManifestRecord]) -> list[bytes]:
    return [getattr(record, "name", b"<" if isinstance(record, Leave) else b"") for record in records]


def folder(name: bytes) -> Directory:
    return Directory(name, 0o755, 0)


def file(name: bytes) -> Known:
    return Known(name, 0o644, 0, 1)


def read(*records: ManifestRecord, heard: Callable[[Failure], None] = lambda _: None) -> Manifest:
    return Manifest(records, heard)


# --- telling ---


def test_each_kind_is_told_as_what_it_is(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").mkdir()
    (tmp_path / "c").symlink_to("nowhere")
    os.mkfifo(tmp_path / "d")
    root, known, directory, left, link, other, end = told(tmp_path)
    assert isinstance(root, Root) and isinstance(directory, Directory) and isinstance(left, Leave)
    assert isinstance(known, Known) and (known.size, known.digest, known.linked) == (7, b"", 0)
    assert isinstance(link, Symlink) and link.target == b"nowhere"
    assert (other, end) == (Other(b"d"), End())


def test_names_come_in_the_order_of_their_bytes_and_what_is_below_at_once(tmp_path: Path) -> None:
    for name in (b"b", b"a", b"a-b", b"\xff", b"a0"):
        (tmp_path / os.fsdecode(name)).mkdir()
    (tmp_path / "a" / "z").touch()
    assert names(told(tmp_path)) == [b"", b"a", b"z", b"<", b"a-b", b"<", b"a0", b"<", b"b", b"<", b"\xff", b"<", b""]


def test_a_digest_is_told_if_that_is_compared_and_names_of_one_file_are_known(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    os.link(tmp_path / "a", tmp_path / "b")
    _, one, other, _ = told(tmp_path, checksum=True)
    assert isinstance(one, Known) and isinstance(other, Known)
    assert one.digest == other.digest == xxh3_128_digest(b"content")
    assert one.linked == other.linked != 0


def test_parts_are_told_to_us_and_not_to_the_source(tmp_path: Path) -> None:
    parts: list[bytes] = []
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / os.fsdecode(part_name(b"x"))).touch()
    (tmp_path / os.fsdecode(part_name(b"folder"))).mkdir()  # the user's: no part is one
    assert names(told(tmp_path, part=parts.append)) == [b"", part_name(b"folder"), b"<", b"deep", b"<", b""]
    assert parts == [b"deep/" + part_name(b"x")]


def test_what_is_left_out_is_not_told(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c").touch()
    assert names(told(tmp_path, only=make_filter((b"b/",)))) == [b"", b"a", b""]


def test_what_cannot_be_read_is_a_failure_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "a" / "b").chmod(0)
    with obeying_permissions():
        records = told(tmp_path)
    (tmp_path / "a" / "b").chmod(0o700)
    assert Failure(b"a/b", "EACCES") in records
    assert records[-2:] == [Leave(), End()]


def test_a_time_beyond_64_bits_is_cut(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    os.utime(tmp_path / "a", ns=(0, -(2**62)))
    known = told(tmp_path)[1]
    assert isinstance(known, Known) and known.mtime_ns == (tmp_path / "a").stat().st_mtime_ns


@pytest.mark.parametrize("name", [b"missing", b"folder", b"link", b"fifo"])
def test_what_is_no_regular_file_is_not_known(tmp_path: Path, name: bytes) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    os.mkfifo(tmp_path / "fifo")
    directory = os.open(tmp_path, os.O_RDONLY)
    assert known_file(directory, name, False, False) is None
    os.close(directory)


# --- reading ---


def test_a_target_that_is_not_there_has_nothing(tmp_path: Path) -> None:
    theirs = read(End())
    assert not theirs.exists()
    assert theirs.find(b"a") is None and list(theirs.before(None)) == []
    theirs.drain()


def test_entries_are_found_beside_a_walk_of_our_own() -> None:
    theirs = read(ROOT, file(b"a"), folder(b"b"), file(b"c"), Leave(), file(b"d"), End())
    assert theirs.exists()
    assert [entry.name for entry, _ in theirs.before(b"b")] == [b"a"]
    assert theirs.find(b"bb") is None
    assert theirs.find(b"b") == folder(b"b")
    assert theirs.find(b"c") == file(b"c")
    theirs.leave()
    assert [entry.name for entry, _ in theirs.before(None)] == [b"d"]


def test_what_is_below_a_directory_that_is_passed_over_is_counted() -> None:
    theirs = read(ROOT, folder(b"a"), file(b"x"), folder(b"y"), file(b"z"), Leave(), Leave(), file(b"b"), End())
    assert theirs.exists()
    assert [(entry.name, below) for entry, below in theirs.before(None)] == [(b"a", 3), (b"b", 0)]


def test_failures_are_heard_wherever_they_stand() -> None:
    heard: list[Failure] = []
    one, two, three = (Failure(path, "EIO") for path in (b"1", b"2", b"3"))
    theirs = read(one, ROOT, two, file(b"a"), three, End(), heard=heard.append)
    assert theirs.exists() and theirs.find(b"a")
    assert heard == [one, two, three]


def test_a_manifest_that_breaks_off_within_a_directory_is_a_violation() -> None:
    theirs = read(ROOT, folder(b"a"), file(b"x"))
    assert theirs.exists()
    with pytest.raises(ProtocolError, match="within a directory"):
        list(theirs.before(None))


def test_leaving_what_has_not_ended_is_a_violation() -> None:
    theirs = read(ROOT, folder(b"a"), file(b"x"), Leave(), End())
    assert theirs.exists() and theirs.find(b"a")
    with pytest.raises(ProtocolError, match="out of order"):
        theirs.leave()


def test_content_is_a_violation() -> None:
    with pytest.raises(ProtocolError, match="content"):
        Manifest([memoryview(b"x")], lambda _: None)
