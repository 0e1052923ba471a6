"""Both ends of a sync back to back."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from rsh.errors import ProtocolError, RshError
from rsh.files.disk import descent
from rsh.files.disk.part import Part
from rsh.files.disk.part_names import part_name
from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from tests.files.pipes import SMALL, pipe_pair
from tests.files.syncs import alike, closing, sync
from tests.files.transfers import Background, snapshot
from tests.machines import obeying_permissions

MIB = 1024 * 1024


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "source"
    (top / "a" / "deep" / "deeper").mkdir(parents=True)
    (top / "empty").mkdir(mode=0o750)
    (top / "a" / "small").write_bytes(b"small")
    (top / "a" / "deep" / "deeper" / "x").write_bytes(b"x" * 5000)
    (top / "big").write_bytes(random.Random(1).randbytes(MIB + 5))
    (top / "big").chmod(0o755)
    (top / "a-b").write_bytes(b"sorts between a and its content")
    (top / "link").symlink_to("a/small")
    (top / "z\xff\n").write_bytes(b"odd")
    os.utime(top / "a", ns=(1, 1_500_000_000_000_000_001))
    return top


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "target"


@pytest.mark.parametrize("upward", [True, False])
def test_a_target_that_is_not_there_becomes_a_copy(source: Path, target: Path, upward: bool) -> None:
    heard, sent, received = sync(source, target, upward=upward)
    assert alike(source, target)
    assert (sent.failed, received.failed, received.files) == (0, 0, 6)
    assert heard.changes[b"big"] == ("<" if upward else ">") + "f+++++++++"
    assert heard.changes[b"a/deep/"] == "cd+++++++++"


@pytest.mark.parametrize("checksum", [True, False])
def test_what_is_the_same_is_left_alone(source: Path, target: Path, checksum: bool) -> None:
    sync(source, target)
    heard, sent, _ = sync(source, target, checksum=checksum, delete=True)
    assert (heard.changes, heard.bytes, sent.files, sent.deleted) == ({}, 0, 0, 0)


@pytest.mark.parametrize("upward", [True, False])
def test_only_the_blocks_that_changed_are_sent(source: Path, target: Path, upward: bool) -> None:
    sync(source, target)
    content = bytearray((source / "big").read_bytes())
    content[500_000] ^= 1
    (source / "big").write_bytes(content[:900_000] + b"inserted" + content[900_000:])
    heard, *_ = sync(source, target, upward=upward)
    assert alike(source, target)
    assert heard.changes == {b"big": ("<" if upward else ">") + "f.st......"}
    assert heard.bytes < 20_000


def test_a_file_that_was_only_touched_is_only_touched(source: Path, target: Path) -> None:
    sync(source, target)
    os.utime(source / "big", ns=(1, 1))
    (source / "a" / "small").chmod(0o600)
    inode = (target / "big").stat().st_ino
    heard, sent, _ = sync(source, target)
    assert heard.changes == {b"big": "<f..t......", b"a/small": ".f...p....."}
    assert alike(source, target)
    assert (target / "big").stat().st_ino == inode
    assert (heard.bytes, sent.files) == (0, 0)


def test_a_change_that_kept_size_and_time_is_found_by_digest_only(source: Path, target: Path) -> None:
    sync(source, target)
    status = (source / "a" / "small").stat()
    (source / "a" / "small").write_bytes(b"SMALL")
    os.utime(source / "a" / "small", ns=(status.st_atime_ns, status.st_mtime_ns))
    assert sync(source, target)[0].changes == {}
    assert sync(source, target, checksum=True)[0].changes == {b"a/small": "<fc........"}
    assert alike(source, target)


def test_what_only_the_target_has_stays_unless_it_is_to_be_deleted(source: Path, target: Path) -> None:
    sync(source, target)
    (target / "a" / "extra" / "below").mkdir(parents=True)
    (target / "a" / "extra" / "below" / "file").touch()
    (target / "aaa").touch()
    (target / "zzz").symlink_to("nowhere")
    sync(source, target)
    assert (target / "aaa").exists()
    heard, sent, received = sync(source, target, delete=True)
    assert alike(source, target)
    assert heard.changes == dict.fromkeys((b"a/extra/", b"aaa", b"zzz"), "*deleting  ")
    assert sent.deleted == received.deleted == 3
    assert sync(source, target, delete=True)[0].changes == {}


def test_a_file_that_was_renamed_costs_no_transfer(source: Path, target: Path) -> None:
    sync(source, target)
    (source / "new").mkdir()
    (source / "big").rename(source / "new" / "name")
    shutil.copyfile(source / "a" / "deep" / "deeper" / "x", source / "copy")
    heard, *_ = sync(source, target, delete=True)
    assert alike(source, target)
    assert heard.changes[b"new/name"] == "=f+++++++++"
    assert heard.changes[b"big"] == "*deleting  "
    assert heard.bytes == 5000  # the copy: its original is no leftover


@pytest.mark.parametrize("upward", [True, False])
def test_a_rehearsal_finds_what_was_renamed_as_the_sync_does(source: Path, target: Path, upward: bool) -> None:
    sync(source, target)
    (source / "new").mkdir()
    (source / "big").rename(source / "new" / "name")
    before = snapshot(bytes(target))
    heard, *_ = sync(source, target, upward=upward, delete=True, rehearsal=True)
    assert snapshot(bytes(target)) == before
    done, *_ = sync(source, target, upward=upward, delete=True)
    assert heard.changes == done.changes
    assert (heard.changes[b"new/name"], heard.origins[b"new/name"]) == ("=f+++++++++", b"big")
    assert done.origins[b"new/name"] == b"big"


def test_kinds_that_changed_are_replaced(source: Path, target: Path) -> None:
    sync(source, target)
    shutil.rmtree(source / "a")
    (source / "a").write_text("now a file")
    (source / "link").unlink()
    (source / "link").mkdir()
    (source / "link" / "inside").touch()
    (source / "empty").rmdir()
    (source / "empty").symlink_to("a")
    sync(source, target, delete=True)
    assert alike(source, target)


def test_a_directory_gives_way_to_a_file_only_if_deleting_was_asked_for(source: Path, target: Path) -> None:
    (target / "big").mkdir(parents=True)
    (target / "big" / "precious").touch()
    _, sent, _ = sync(source, target)
    assert [error.error for error in sent.failures] == ["EISDIR"]
    assert (target / "big" / "precious").exists()


@pytest.mark.parametrize("upward", [True, False])
def test_a_rehearsal_changes_nothing(source: Path, target: Path, upward: bool) -> None:
    (target / "extra").mkdir(parents=True)
    before = snapshot(bytes(target))
    heard, sent, _ = sync(source, target, upward=upward, rehearsal=True, delete=True)
    assert snapshot(bytes(target)) == before
    assert heard.changes[b"extra/"] == "*deleting  "
    assert heard.changes[b"a/small"].endswith("f+++++++++")
    assert sent.failed == 0
    sync(source, target, upward=upward, delete=True)
    assert alike(source, target)


def test_what_is_left_out_is_neither_sent_nor_deleted(source: Path, target: Path) -> None:
    target.mkdir()
    (target / "mine.o").touch()
    (source / "theirs.o").touch()
    sync(source, target, delete=True, rules=(b"*.o",))
    assert sorted(os.listdir(target)) == sorted({*os.listdir(source), "mine.o"} - {"theirs.o"})


def test_nothing_is_deleted_when_not_all_could_be_read(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(source, target)
    (target / "extra").touch()
    monkeypatch.setattr(descent, "MAX_DEPTH", 2)  # a/deep/deeper cannot be entered any more, not even by root
    _, sent, received = sync(source, target, delete=True)
    assert {error.error for error in sent.failures} == {"ENAMETOOLONG", "EINCOMPLETE"}
    assert received.failed
    assert (target / "extra").exists()
    assert (target / "a" / "deep" / "deeper" / "x").exists()


@pytest.mark.parametrize("delete", [True, False])
def test_parts_are_never_sent_and_leftovers_go_when_all_is_alike(source: Path, target: Path, delete: bool) -> None:
    sync(source, target)
    for top in (source, target):
        (top / "a" / os.fsdecode(part_name(b"left"))).write_text("half")
    fd = os.open(target / "a", os.O_RDONLY)
    alive = Part(fd, b"alive")
    for top in (source, target):
        os.utime(top / "a", (1, 1))
    assert sync(source, target, delete=delete, rehearsal=True)[0].changes == {}
    for _ in range(2):
        heard, sent, received = sync(source, target, delete=delete)
        assert (heard.changes, sent.ok, received.ok, received.deleted) == ({}, True, True, 0)
    left = {path.name for path in (target / "a").glob(".*.part")}
    assert left == {os.fsdecode(part_name(name)) for name in ([b"alive"] if delete else [b"alive", b"left"])}
    alive.discard()
    os.close(fd)


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("rehearsal", [True, False])
def test_an_empty_source_deletes_nothing_unless_that_was_wanted(
    tmp_path: Path, source: Path, upward: bool, rehearsal: bool
) -> None:
    (tmp_path / "empty").mkdir()
    before = snapshot(bytes(source))
    heard, *reports = sync(tmp_path / "empty", source, upward=upward, delete=True, rehearsal=rehearsal)
    assert [error.error for report in reports for error in report.failures] == ["EEMPTIED"] * 2
    assert heard.changes == {} and snapshot(bytes(source)) == before
    heard, *reports = sync(tmp_path / "empty", source, upward=upward, delete=True, delete_all=True, rehearsal=rehearsal)
    assert all(report.ok for report in reports) and len(heard.changes) == 6
    assert bool(os.listdir(source)) == rehearsal


def test_a_source_that_is_not_there_deletes_nothing(tmp_path: Path, target: Path) -> None:
    target.mkdir()
    (target / "precious").touch()
    _, sent, _ = sync(tmp_path / "missing", target, delete=True)
    assert [error.error for error in sent.failures] == ["ENOENT"]
    assert (target / "precious").exists()


@pytest.mark.parametrize("kind", ["file", "below nothing"])
def test_a_target_that_can_be_none_is_an_error(source: Path, target: Path, kind: str) -> None:
    if kind == "file":
        target.touch()
    else:
        target = target / "deeper"
    _, sent, received = sync(source, target)
    assert [error.error for error in sent.failures] == ["ENOTDIR" if kind == "file" else "ENOENT"]
    assert received.failed == 1


def test_fifos_are_named_and_nothing_waits_for_them(source: Path, target: Path) -> None:
    sync(source, target)
    os.mkfifo(source / "fifo")
    os.mkfifo(target / "a" / "fifo")
    _, sent, _ = sync(source, target, delete=True)
    assert [error.error for error in sent.failures] == ["ESPECIAL"]
    assert not (target / "a" / "fifo").exists()


def test_deep_trees_and_many_files_end_alike(tmp_path: Path, target: Path) -> None:
    source = tmp_path / "many"
    place = source
    for level in range(60):
        place = place / f"{level}"
        place.mkdir(parents=True)
        for number in range(8):
            (place / f"{number}.txt").write_bytes(b"%d" % number * 2500)
    sync(source, target)
    generator = random.Random(3)
    for path in sorted(source.rglob("*.txt")):
        if generator.random() < 0.3:
            path.write_bytes(b"changed" * 1000)
        elif generator.random() < 0.2:
            path.rename(path.with_suffix(".moved"))
    sync(source, target, delete=True)
    assert alike(source, target)


def links(top: Path, *names: str) -> set[int]:
    return {(top / name).stat().st_ino for name in names}


def test_hard_links_stay_links_when_their_file_is_patched(source: Path, target: Path) -> None:
    os.link(source / "big", source / "a" / "other")
    os.link(source / "a" / "small", source / "z")
    sync(source, target)
    assert len(links(target, "big", "a/other")) == len(links(target, "a/small", "z")) == 1
    with (source / "big").open("r+b") as file:
        file.write(b"changed")
    (source / "z").write_bytes(b"SMALL")
    os.utime(source / "z", ns=(1, 1))
    heard, *_ = sync(source, target)
    assert heard.bytes < 20_000
    assert alike(source, target)
    assert len(links(target, "big", "a/other")) == len(links(target, "a/small", "z")) == 1
    assert sync(source, target)[0].changes == {}


def test_names_become_links_and_cease_to_be(source: Path, target: Path) -> None:
    (source / "copy").write_bytes((source / "big").read_bytes())
    os.utime(source / "copy", ns=(1, (source / "big").stat().st_mtime_ns))
    (source / "copy").chmod(0o755)
    sync(source, target)
    (source / "copy").unlink()
    os.link(source / "big", source / "copy")
    os.link(source / "big", source / "new")
    heard, *_ = sync(source, target)
    assert (heard.bytes, heard.changes[b"copy"]) == (0, "hf.........")
    assert len(links(target, "big", "copy", "new")) == 1
    for name in ("copy", "new"):
        shutil.copy2(source / "big", source / "apart")
        (source / "apart").replace(source / name)
    os.utime(source / "new", ns=(1, 1))
    sync(source, target)
    assert alike(source, target)
    assert sync(source, target)[0].changes == {}


def test_holes_stay_holes_when_a_large_file_is_patched(source: Path, target: Path) -> None:
    with (source / "sparse").open("wb") as file:
        file.truncate(64 * MIB + 5)
    sync(source, target)
    for position, content in ((7 * MIB + 100, b"new"), (64 * MIB, b"end")):
        with (source / "sparse").open("r+b") as file:
            file.seek(position)
            file.write(content)
        heard, *_ = sync(source, target)
        assert heard.bytes < 100_000
        assert alike(source, target)
        assert (target / "sparse").stat().st_blocks * 512 < MIB


def test_attributes_are_made_alike_if_wanted(source: Path, target: Path) -> None:
    try:
        os.setxattr(source / "big", "user.note", b"first")
    except OSError:
        pytest.skip("no extended attributes here")
    os.setxattr(source / "empty", "user.note", b"folder")
    sync(source, target, archive=True)
    assert os.getxattr(target / "big", "user.note") == b"first"
    assert os.getxattr(target / "empty", "user.note") == b"folder"
    os.setxattr(source / "big", "user.note", b"second")
    os.setxattr(source / "empty", "user.note", b"another")
    assert sync(source, target)[0].changes == {}
    assert sync(source, target, archive=True, rehearsal=True)[0].changes == {b"big": ".f........x"}
    heard, *_ = sync(source, target, archive=True)
    assert (heard.changes, heard.bytes) == ({b"big": ".f........x"}, 0)
    assert os.getxattr(target / "big", "user.note") == b"second"
    assert os.getxattr(target / "empty", "user.note") == b"another"
    with (source / "big").open("r+b") as file:
        file.write(b"patched")
    sync(source, target, archive=True)
    (source / "big").rename(source / "renamed")
    assert sync(source, target, archive=True, delete=True)[0].changes[b"renamed"] == "=f+++++++++"
    assert os.getxattr(target / "renamed", "user.note") == b"second"
    assert alike(source, target)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_owners_are_made_alike_if_wanted(source: Path, target: Path) -> None:
    sync(source, target, archive=True)
    os.chown(source / "big", 4711, 4712)
    os.chown(source / "a", 4711, 4712)
    assert sync(source, target, archive=True)[0].changes == {b"big": ".f....o...."}
    for name in ("big", "a"):
        status = (target / name).stat()
        assert (status.st_uid, status.st_gid) == (4711, 4712)
    assert sync(source, target, archive=True)[0].changes == {}


def test_attributes_that_were_not_asked_for_are_refused(source: Path, target: Path) -> None:
    near, far = pipe_pair(SMALL)
    receiving = Background(lambda: closing(far, lambda: sync_to(far, bytes(target), Wishes(), durability="none")))
    with pytest.raises(RshError):
        sync_from(near, bytes(source), Wishes(archive=True), upward=True)
    with pytest.raises(ProtocolError, match="attributes that were not asked for"):
        receiving.result()


@pytest.mark.parametrize("upward", [True, False])
@pytest.mark.parametrize("place", ["name", "folder"])
def test_a_single_file_is_made_alike(source: Path, target: Path, upward: bool, place: str) -> None:
    target.mkdir()
    (target / "other").write_text("stays")
    end, result = (target / "name", target / "name") if place == "name" else (target, target / "big")
    new = {b"big": ("<" if upward else ">") + "f+++++++++"}
    assert sync(source / "big", end, upward=upward, rehearsal=True)[0].changes == new
    assert not result.exists()
    heard, sent, received = sync(source / "big", end, upward=upward, delete=True)
    assert (heard.changes, sent.failed, received.files) == (new, 0, 1)
    assert sync(source / "big", end, upward=upward, checksum=True)[0].changes == {}
    with (source / "big").open("r+b") as file:
        file.write(b"changed")
    heard, *_ = sync(source / "big", end, upward=upward)
    assert 0 < heard.bytes < 20_000
    (source / "big").chmod(0o600)
    assert sync(source / "big", end, upward=upward)[0].changes == {b"big": ".f...p....."}
    assert result.read_bytes() == (source / "big").read_bytes()
    assert (result.stat().st_mode, result.stat().st_mtime_ns) == (0o100600, (source / "big").stat().st_mtime_ns)
    assert sorted(os.listdir(target)) == sorted(["other", result.name])


def test_a_single_file_replaces_no_directory(source: Path, target: Path) -> None:
    (target / "big").mkdir(parents=True)
    _, sent, _ = sync(source / "big", target, delete=True)
    assert [error.error for error in sent.failures] == ["EISDIR"]


def test_new_files_below_a_new_read_only_directory_arrive_for_who_is_not_root(tmp_path: Path) -> None:
    """Large new files come last, when the directory has its mode already."""
    (tmp_path / "a" / "sealed").mkdir(parents=True)
    (tmp_path / "a" / "sealed" / "large").write_bytes(b"x" * 10_000)
    (tmp_path / "a" / "sealed").chmod(0o555)
    (tmp_path / "b").mkdir()
    with obeying_permissions():
        _, sent, received = sync(tmp_path / "a", tmp_path / "b")
    assert sent.ok and received.ok and alike(tmp_path / "a", tmp_path / "b")
