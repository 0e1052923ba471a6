from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from rsh.errors import ProtocolError
from rsh.files.disk.names import Asked
from rsh.files.disk.unfinished import mark_unfinished
from rsh.files.stream.stream import RecordWriter
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.rehearsal import rehearse
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.sender import send
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End
from rsh.protocol.transfer_records import Begin, Directory, File
from tests.files.pipes import pipe_pair
from tests.files.transfers import Background, packed, snapshot


class Heard(Progress):
    def __init__(self) -> None:
        self.plans: list[tuple[str, bytes, int]] = []

    def planned(self, action: str, path: bytes, size: int, origin: bytes = b"") -> None:
        self.plans.append((action, path, size))


def rehearsal(sources: Sequence[bytes], target: bytes, policy: str = "overwrite") -> tuple[Heard, Report]:
    near, far = pipe_pair()
    here, there = Heard(), Heard()
    receiving = Background(lambda: rehearse(far, target, conflicts=Conflicts(policy), progress=there))
    report = send(near, sources, progress=here, rehearsal=True)
    receiving.result()
    assert here.plans == there.plans
    return here, report


@pytest.fixture
def source(tmp_path: Path) -> bytes:
    top = tmp_path / "source"
    (top / "deep").mkdir(parents=True)
    (top / "a").write_bytes(b"12345")
    (top / "deep" / "big").write_bytes(b"x" * 100_000)
    (top / "link").symlink_to("a")
    return bytes(top)


def test_what_is_new_would_be_created_and_nothing_is(source: bytes, tmp_path: Path) -> None:
    before = snapshot(bytes(tmp_path))
    heard, report = rehearsal([source], bytes(tmp_path) + b"/new")
    new = bytes(tmp_path) + b"/new"
    assert heard.plans == [
        ("create", new + b"/", 0),
        ("create", new + b"/a", 5),
        ("create", new + b"/deep/", 0),
        ("create", new + b"/deep/big", 100_000),
        ("create", new + b"/link", 0),
    ]
    assert (report.files, report.bytes, report.failed) == (3, 100_005, 0)
    assert snapshot(bytes(tmp_path)) == before


def test_what_was_interrupted_would_go_on_where_it_was(source: bytes, tmp_path: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "a").touch()
    fd = os.open(tmp_path / "new", os.O_RDONLY)
    mark_unfinished(fd, b"source")
    os.close(fd)
    new = bytes(tmp_path) + b"/new"
    heard, _ = rehearsal([source], new)
    assert heard.plans == [
        ("replace", new + b"/a", 5),
        ("create", new + b"/deep/", 0),
        ("create", new + b"/deep/big", 100_000),
        ("create", new + b"/link", 0),
    ]


def test_what_is_there_goes_by_the_policy(source: bytes, tmp_path: Path) -> None:
    (tmp_path / "there" / "source" / "deep").mkdir(parents=True)
    (tmp_path / "there" / "source" / "a").touch()
    target = bytes(tmp_path) + b"/there"
    plans = {action for action, path, _ in rehearsal([source], target, "skip")[0].plans if path.endswith(b"/a")}
    assert plans == {"skip"}
    heard, report = rehearsal([source], target, "fail")
    assert [error.error for error in report.failures] == ["ECONFLICT"]
    assert report.exit_status == 4
    assert len(heard.plans) == 2


def test_a_file_in_the_way_of_a_directory_is_named_once(source: bytes, tmp_path: Path) -> None:
    (tmp_path / "there" / "source").mkdir(parents=True)
    (tmp_path / "there" / "source" / "deep").touch()
    heard, report = rehearsal([source], bytes(tmp_path) + b"/there")
    assert [error.error for error in report.failures] == ["ENOTDIR"]
    assert [path.rpartition(b"/")[2] for _, path, _ in heard.plans] == [b"a", b"link"]


def test_several_sources_to_no_directory_are_refused(source: bytes, tmp_path: Path) -> None:
    _, report = rehearsal([source, source], bytes(tmp_path) + b"/none")
    assert [error.error for error in report.failures] == ["ENOTDIRTARGET"]


@pytest.mark.parametrize(
    "items",
    [
        [Begin(1), Directory(b"..", 0o755, 0), End()],
        [Begin(1), packed(b"a"), End()],
        [Begin(1), File(b"a", 0o644, 0, 5), File(b"b", 0o644, 0, 5), End()],
        [Begin(1), Directory(b"a", 0o755, 0), End()],
        [Begin(1), File(b"other", 0o644, 0, 5), End()],
        [End()],
    ],
)
def test_a_sender_that_breaks_the_rules_is_stopped(items: list[Record], tmp_path: Path) -> None:
    near, far = pipe_pair(2**20)
    writer = RecordWriter(near)
    for item in items:
        writer.record(item)
    writer.end()
    asked = Asked([b"a", b"b"])
    with pytest.raises(ProtocolError):
        rehearse(far, bytes(tmp_path), conflicts=Conflicts(), asked=asked)
    assert os.listdir(tmp_path) == []
