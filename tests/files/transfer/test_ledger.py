"""The account of a transfer: what may come, what the sender hears of it, and what is owed at the end."""

from __future__ import annotations

import time

import pytest

from rsh.errors import FileError, ProtocolError
from rsh.files.disk.names import Asked
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.transfer.ledger import Ledger
from rsh.files.transfer.report import Progress
from rsh.protocol import transfer_records
from rsh.protocol.fields import MAX_PATH
from rsh.protocol.transfer_records import Done, Result, Unlinked
from tests.files.pipes import PipeEnd, pipe_pair


class Account:
    """A ledger, and the sender's end of what it says."""

    def __init__(self, sources: int = 1, asked: Asked | None = None) -> None:
        self._near, far = pipe_pair(2**20)
        self._out = RecordWriter(far)
        self._far: PipeEnd = far
        self.ledger = Ledger(self._out, Progress(), asked)
        self.ledger.begin(sources)

    def said(self) -> list[object]:
        self._out.end()
        return list(RecordReader(self._near, transfer_records.RESULTS))


def test_items_are_counted_from_0_and_sources_no_more_often_than_announced() -> None:
    ledger = Account(2).ledger
    for name, top, index in ((b"a", True, 0), (b"b", False, 1), (b"c", True, 2)):
        ledger.count(name, top=top)
        assert ledger.index == index
    with pytest.raises(ProtocolError, match="more sources"):
        ledger.count(b"d", top=True)


def test_only_sources_that_were_asked_for_may_come() -> None:
    ledger = Account(3, Asked([b"x/a", b"b"])).ledger
    ledger.count(b"a", top=True)
    ledger.count(b"anything", top=False)
    with pytest.raises(ProtocolError, match="not asked for"):
        ledger.count(b"c", top=True)
    with pytest.raises(ProtocolError, match="not asked for"):
        ledger.count_root()


@pytest.mark.parametrize("name", [b"..", b"a/b", b"", b"a\0"])
def test_names_are_components_wherever_they_stand(name: bytes) -> None:
    for top in (True, False):
        with pytest.raises(ProtocolError):
            Account().ledger.count(name, top=top)


def test_a_failure_is_reported_here_and_told_there_by_its_number() -> None:
    account = Account()
    account.ledger.count(b"a", top=True)
    account.ledger.count(b"b", top=False)
    account.ledger.fail(b"t/b", PermissionError(13, "no"))
    account.ledger.fail(b"t/a", "ENOSPC", 0)
    account.ledger.fail(b"x" * (MAX_PATH + 5), FileError("EDIGEST"))
    assert [error.error for error in account.ledger.report.failures] == ["EACCES", "ENOSPC", "EDIGEST"]
    assert account.ledger.report.exit_status == 3
    long = Result(1, b"x" * MAX_PATH, "EDIGEST")
    assert account.said() == [Result(1, b"t/b", "EACCES"), Result(0, b"t/a", "ENOSPC"), long]


def test_what_failed_or_was_passed_over_is_not_in_place() -> None:
    ledger = Account().ledger
    ledger.count(b"a", top=True)
    ledger.placed(5)
    ledger.count(b"b", top=False)
    ledger.fail(b"b", "EIO")
    ledger.count(b"c", top=False)
    ledger.pass_over()
    assert [index in ledger.unplaced for index in range(4)] == [False, True, True, False]
    assert (ledger.report.files, ledger.report.bytes) == (1, 5)


def test_a_link_that_is_owed_has_failed_unless_it_comes_after_all() -> None:
    for comes in (True, False):
        account = Account()
        account.ledger.count(b"d", top=True)
        account.ledger.count_file(b"link", top=False)
        account.ledger.unlinked()
        account.ledger.count_file(b"other", top=False)
        account.ledger.settle()
        account.ledger.count(b"d", top=True)
        if comes:
            account.ledger.count_file(b"link", top=False)
        account.ledger.end(b"target")
        assert [error.error for error in account.ledger.report.failures] == ([] if comes else ["ENOLINK"])
        assert account.said()[:2] == [Unlinked(1), Done(3, 0)]


def test_what_the_sender_could_not_read_uses_up_a_source_and_what_is_owed() -> None:
    account = Account(2)
    account.ledger.failed_there("EACCES", b"a", top=True)
    account.ledger.count_file(b"b", top=True)
    account.ledger.unlinked()
    account.ledger.settle()
    account.ledger.failed_there("ENOENT", b"b", top=True)
    account.ledger.end(b"target")
    assert [(error.error, error.path) for error in account.ledger.report.failures] == [
        ("EACCES", b"a"),
        ("ENOENT", b"b"),
    ]
    assert Result not in map(type, account.said())


def test_the_sender_hears_how_much_has_come_while_a_large_file_is_on_its_way() -> None:
    account = Account()
    account.ledger.count_file(b"large", top=True)
    for _ in range(1000):
        account.ledger.received(1000)
        time.sleep(0.0005)
    account.ledger.end(b"target")
    *early, last = account.said()
    assert last == Done(1, 1_000_000)
    assert early and all(isinstance(said, Done) and said.count == 0 and 0 < said.bytes <= 10**6 for said in early)
