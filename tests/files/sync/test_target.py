"""A source that lies to a sync's target, and a target that lies to its source."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from xxhash import xxh3_128_digest

from rsh.errors import ProtocolError, RshError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.sync.agreed import Agreed
from rsh.files.sync.itemize import DELETING
from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.report import Report
from rsh.protocol import sync_records
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End
from rsh.protocol.sync_records import Change, Delete, Kept, Known, Patch, Proof, Prove, Reuse, Sign, Signature, Touch
from rsh.protocol.transfer_records import Begin, Directory, Finish, Leave, Root, Same, Summary, Symlink
from tests.files.pipes import PipeEnd, pipe_pair
from tests.files.syncs import Heard
from tests.files.transfers import Background, packed, snapshot

OLD = b"0123456789" * 1000


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A target beside a canary, with a link that leads to it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "canary").write_text("sings")
    top = tmp_path / "target"
    (top / "dir").mkdir(parents=True)
    (top / "dir" / "inside").touch()
    (top / "old").write_bytes(OLD)
    (top / "way-out").symlink_to(tmp_path / "outside")
    os.mkfifo(top / "fifo")
    return top


def receive(
    target: Path,
    *elements: Record | bytes,
    file: bytes = b"",
    fetched: bytes | None = None,
    agreed: Agreed | None = None,
    heard: Heard | None = None,
    **wishes: Any,
) -> tuple[Report, list[Record | memoryview]]:
    near, far = pipe_pair(2**30)
    writer = RecordWriter(near)
    for element in (Begin(1, file), *elements):
        if isinstance(element, bytes):
            writer.content(element)
        else:
            writer.record(element)
    writer.end()
    report = sync_to(
        far, bytes(target), Wishes(**wishes), durability="none", fetched=fetched, agreed=agreed, progress=heard
    )
    return report, list(RecordReader(near, sync_records.SYNC_RESULTS))


def whole(*items: Record | bytes) -> list[Record | bytes]:
    return [Root(0o755, 0), *items, Leave(), End()]


def patch(basis: bytes, size: int = len(OLD), name: bytes = b"new") -> Patch:
    return Patch(name, 0o644, 5, size, basis)


BAD_PATHS = [
    b"..",
    b"../outside/canary",
    b"/etc/passwd",
    b"dir/../../outside/canary",
    b"",
    b"dir//inside",
    b"a\0b",
    b".",
]


@pytest.mark.parametrize("path", BAD_PATHS)
@pytest.mark.parametrize("kind", ["delete", "sign", "prove", "patch"])
def test_paths_that_lead_out_are_violations(kind: str, path: bytes, target: Path) -> None:
    before = snapshot(bytes(target.parent))
    kinds: dict[str, Record] = {
        "delete": Delete(path),
        "sign": Sign(path, 4096, 9),
        "prove": Prove(path),
        "patch": patch(path),
    }
    record = kinds[kind]
    with pytest.raises(ProtocolError):
        receive(target, *whole(record), delete=True)
    assert snapshot(bytes(target.parent)) == before


def test_nothing_is_reached_through_a_symlink(target: Path) -> None:
    canary = b"way-out/canary"
    digest = xxh3_128_digest(b"sings")
    elements = whole(
        Delete(canary), Sign(canary, 4096, 9), Prove(canary), patch(canary, 5), Reuse(0, 5), Finish(digest)
    )
    report, answers = receive(target, *elements, delete=True)
    assert [error.error for error in report.failures] == ["ENOTDIR", "ENOTDIR"]
    assert Signature(0, b"", b"", False) in answers
    assert Proof(b"") in answers
    assert (target.parent / "outside" / "canary").read_text() == "sings"
    assert not (target / "new").exists()


@pytest.mark.parametrize("path", [b"dir", b"old", b"way-out", b"fifo"])
def test_nothing_is_deleted_unless_that_was_asked_for(target: Path, path: bytes) -> None:
    before = snapshot(bytes(target))
    with pytest.raises(ProtocolError, match="not asked for"):
        receive(target, *whole(Delete(path)))
    assert snapshot(bytes(target)) == before


def test_what_is_deleted_is_gone_with_all_that_is_in_it(target: Path) -> None:
    report, _ = receive(target, *whole(Delete(b"dir"), Delete(b"way-out"), Delete(b"missing")), delete=True)
    assert ([error.error for error in report.failures], report.deleted) == ([], 2)
    assert sorted(os.listdir(target)) == ["fifo", "old"]


@pytest.mark.parametrize(
    "record",
    [
        Root(0o755, 0),
        Directory(b"old", 0o755, 0),
        Symlink(b"old", 0, b"elsewhere"),
        Delete(b"old"),
        Sign(b"dir/inside", 4096, 9),
        Prove(b"other"),
        Touch(b"other", 0o644, 0),
        patch(b"old", name=b"other"),
        patch(b"other", name=b"old"),
    ],
)
def test_a_source_of_one_file_touches_no_other(target: Path, record: Record) -> None:
    before = snapshot(bytes(target.parent))
    for end in (target, target / "old"):
        with pytest.raises(ProtocolError):
            receive(end, record, End(), file=b"old", delete=True)
    assert snapshot(bytes(target.parent)) == before


@pytest.mark.parametrize("name", [b"..", b"a/b", b"other", b"*"])
def test_a_file_that_was_not_asked_for_is_a_violation(target: Path, name: bytes) -> None:
    with pytest.raises(ProtocolError):
        receive(target, End(), file=name, fetched=b"old")


def test_what_is_special_is_never_opened_for_long(target: Path) -> None:
    report, answers = receive(target, *whole(Sign(b"fifo", 4096, 9), Prove(b"fifo"), Touch(b"fifo", 0, 0)))
    assert [error.error for error in report.failures] == ["ESPECIAL"]
    assert Proof(b"") in answers


def test_a_file_is_made_of_old_and_new(target: Path) -> None:
    made = OLD[500:600] + b"new" + OLD[:50]
    pieces = (Reuse(500, 100), b"new", Reuse(0, 50), Finish(xxh3_128_digest(made)))
    report, _ = receive(target, *whole(patch(b"old", len(made), b"old"), *pieces))
    assert (report.failed, report.files) == (0, 1)
    assert (target / "old").read_bytes() == made
    assert (target / "old").stat().st_mtime_ns == 5


@pytest.mark.parametrize(
    ("pieces", "error"),
    [
        ((Reuse(0, len(OLD)), Finish(b"x" * 16)), "EDIGEST"),
        ((Reuse(5, len(OLD)), Finish(xxh3_128_digest(OLD))), "ECHANGED"),
        ((Reuse(2**61, len(OLD)), Finish(xxh3_128_digest(OLD))), "ECHANGED"),
        ((Same(len(OLD)), Finish(xxh3_128_digest(OLD))), "ECHANGED"),
    ],
)
def test_what_is_not_right_is_not_placed(pieces: tuple[Record, ...], error: str, target: Path) -> None:
    report, _ = receive(target, *whole(patch(b"old"), *pieces, Touch(b"old", 0o600, 7)))
    assert [each.error for each in report.failures][:1] == [error]
    assert sorted(os.listdir(target)) == ["dir", "fifo", "old", "way-out"]
    assert (target / "old").read_bytes() == OLD
    assert (target / "old").stat().st_mtime_ns == 7  # the rest goes on


@pytest.mark.parametrize(
    "elements",
    [
        whole(patch(b"old"), Reuse(0, len(OLD)), Reuse(0, 1)),
        whole(patch(b"old"), b"x" * (len(OLD) + 1)),
        whole(patch(b"old"), Same(len(OLD) + 1)),
        whole(patch(b"old"), Reuse(0, 1), Finish(b"x" * 16)),
        whole(patch(b"old"), Delete(b"old")),
        whole(Root(0o755, 0)),
        whole(Reuse(0, 1)),
        [*whole(), Delete(b"old")],
        [Directory(b"..", 0o755, 0), End()],
    ],
)
def test_records_out_of_place_are_violations(elements: list[Record | bytes], target: Path) -> None:
    before = snapshot(bytes(target))
    with pytest.raises(ProtocolError):
        receive(target, *elements, delete=True)
    assert snapshot(bytes(target)) == before


@pytest.mark.parametrize("element", [Root(0o755, 0), Delete(b"old"), patch(b"old"), Touch(b"old", 0, 0)])
def test_a_rehearsal_takes_nothing_that_does_something(element: Record, target: Path) -> None:
    with pytest.raises(ProtocolError):
        receive(target, element, End(), rehearsal=True, delete=True)


def answer(pipe: PipeEnd, manifest: list[Record], answers: list[Record]) -> None:
    writer = RecordWriter(pipe, lane=1)
    for record in manifest:
        writer.record(record)
    writer.end()
    writer = RecordWriter(pipe)
    for record in answers:
        writer.record(record)
    writer.flush()
    try:
        for _ in RecordReader(pipe, sync_records.SYNC):
            pass
        writer.record(Summary(0, 0))
        writer.end()
    except RshError:
        pass  # the source has had enough


@pytest.mark.parametrize(
    ("manifest", "answers"),
    [
        ([Root(0o755, 0), Directory(b"a", 0o755, 0), End()], []),
        ([Root(0o755, 0), Directory(b"big", 0o755, 0), End()], []),
        ([Root(0o755, 0), End()], [Proof(b"x" * 16)]),
        ([Root(0o755, 0), End()], [Signature(1, b"x" * 8, b"x" * 16, False)]),
        ([Root(0o755, 0), Known(b"big", 0o644, 0, 70_000), End()], [Signature(1, b"x" * 8, b"", False)]),
        ([Root(0o755, 0), Known(b"big", 0o644, 0, 70_000), End()], [Signature(1, b"", b"", True)]),
        ([Root(0o755, 0), End()], [Kept(b"x" * 16)]),
        ([Root(0o755, 0), Known(b"big", 0o644, 0, 70_000), End()], [Kept(b"x" * 17)]),
        ([Root(0o755, 0), Known(b"big", 0o644, 0, 70_000), End()], [Kept(b"x" * 131_072)] * 9),
    ],
)
def test_a_target_that_breaks_the_rules_is_left(manifest: list[Record], answers: list[Record], tmp_path: Path) -> None:
    (tmp_path / "source" / "dir").mkdir(parents=True)
    (tmp_path / "source" / "big").write_bytes(bytes(100_000))
    near, far = pipe_pair(2**22)
    answering = Background(lambda: answer(far, manifest, answers))
    with pytest.raises(RshError):
        sync_from(near, bytes(tmp_path / "source"), Wishes(delete=True), upward=True)
    near.close()
    answering.result()


def seen(*paths: bytes) -> Agreed:
    agreed = Agreed()
    for path in paths:
        agreed.add(path)
    return agreed


def test_only_what_the_user_was_shown_is_deleted(target: Path) -> None:
    """A source that is silent in the dry run and wants all of it in earnest, or shows a part for the whole."""
    before = snapshot(bytes(target))
    for agreed in (seen(), seen(b"dir/inside"), seen(b"dir", b"old/", b"../outside/canary")):
        items = whole(Delete(b"dir"), Delete(b"old"), Delete(b"way-out"))
        report, _ = receive(target, *items, delete=True, agreed=agreed)
        assert ([error.error for error in report.failures], report.deleted) == (["EUNASKED"] * 3, 0)
    assert {path: kind for path, (kind, _, _) in snapshot(bytes(target)).items()} == {
        path: kind for path, (kind, _, _) in before.items()
    }
    report, _ = receive(target, *whole(Delete(b"dir"), Delete(b"old")), delete=True, agreed=seen(b"dir/"))
    assert ([error.path for error in report.failures], report.deleted) == ([b"old"], 1)
    assert sorted(os.listdir(target)) == ["fifo", "old", "way-out"]


def test_a_dry_run_shows_what_would_be_deleted_as_it_is_here(target: Path) -> None:
    heard = Heard()
    items: list[Record | bytes] = [
        Change(DELETING, b"dir"),
        Change(DELETING, b"old/"),
        Change(DELETING, b"fifo"),
        End(),
    ]
    receive(target, *items, delete=True, rehearsal=True, heard=heard)
    assert list(heard.changes) == [b"dir/", b"old", b"fifo"]


@pytest.mark.parametrize("path", [*BAD_PATHS, b"kept.o", b"dir/inside"])
def test_a_dry_run_that_shows_what_cannot_be_is_a_violation(target: Path, path: bytes) -> None:
    (target / "kept.o").write_text("kept")
    heard = Heard()
    with pytest.raises(ProtocolError):
        receive(
            target, Change(DELETING, path), End(), delete=True, rehearsal=True, heard=heard, rules=(b"*.o", b"dir/")
        )
    assert not heard.changes


@pytest.mark.parametrize("path", [b"missing", b"missing/below", b"way-out/canary", b"old/below"])
def test_a_dry_run_does_not_show_what_is_gone_by_now(target: Path, path: bytes) -> None:
    heard = Heard()
    receive(target, Change(DELETING, path), Change(DELETING, b"old"), End(), delete=True, rehearsal=True, heard=heard)
    assert list(heard.changes) == [b"old"]


@pytest.mark.parametrize("path", [b"kept.o", b"dir/inside"])
@pytest.mark.parametrize("kind", ["delete", "sign", "prove", "patch"])
def test_what_is_left_out_may_not_be_named(target: Path, path: bytes, kind: str) -> None:
    (target / "kept.o").write_text("kept")
    before = snapshot(bytes(target))
    kinds: dict[str, Record] = {
        "delete": Delete(path),
        "sign": Sign(path, 4096, 9),
        "prove": Prove(path),
        "patch": patch(path, 4),
    }
    with pytest.raises(ProtocolError):
        receive(target, *whole(kinds[kind]), delete=True, rules=(b"*.o", b"dir/"))
    assert snapshot(bytes(target)).keys() == before.keys()


@pytest.mark.parametrize("item", [packed(b"new.o"), Touch(b"new.o", 0o777, 0), Directory(b"dir", 0o777, 0)])
def test_what_is_left_out_may_not_be_written(target: Path, item: Record) -> None:
    (target / "new.o").write_text("kept")
    with pytest.raises(ProtocolError, match="left out"):
        receive(target, *whole(item), rules=(b"*.o", b"dir/"))
    assert (target / "new.o").read_text() == "kept"


def test_a_directory_that_goes_leaves_what_is_left_out(target: Path) -> None:
    (target / "dir" / "deep").mkdir()
    for name in ("dir/x", "dir/kept.o", "dir/deep/x", "dir/deep/kept.o", "dir/empty"):
        (target / name).write_text("x")
    report, _ = receive(target, *whole(Delete(b"dir")), delete=True, rules=(b"*.o",))
    assert report.ok
    left = sorted(str(path.relative_to(target / "dir")) for path in (target / "dir").rglob("*"))
    assert left == ["deep", "deep/kept.o", "kept.o"]


@pytest.mark.parametrize("item", [packed(b"x"), Directory(b"x", 0o755, 0), Symlink(b"x", 0, b"y"), Touch(b"old", 0, 0)])
def test_an_item_outside_of_the_root_is_a_violation(target: Path, item: Record) -> None:
    with pytest.raises(ProtocolError, match="outside of the Root"):
        receive(target, item, End())


def test_a_file_makes_way_for_a_directory_and_something_special_only_by_delete(target: Path) -> None:
    names = (b"old", b"fifo", b"way-out")
    items = whole(*(record for name in names for record in (Directory(name, 0o755, 0), Leave())))
    report, _ = receive(target, *items)
    assert ([error.error for error in report.failures], report.deleted) == (["ENOTDIR"], 2)
    report, _ = receive(target, *items, delete=True)
    assert (report.failed, report.deleted) == (0, 1)
    assert all((target / name).is_dir() and not (target / name).is_symlink() for name in ("old", "fifo", "way-out"))
    assert (target.parent / "outside" / "canary").read_text() == "sings"
