"""What a sender believes of what a receiver says, and when it stops waiting."""

from __future__ import annotations

import threading

import pytest

from rsh.errors import LinkError, ProtocolError, RshError
from rsh.files.disk.digest import BLOCK
from rsh.files.stream.stream import RecordWriter
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.results import Results
from rsh.protocol.any_record import Record
from rsh.protocol.transfer_records import Done, Held, Result, Stop, Summary, Unlinked
from tests.files.pipes import pipe_pair
from tests.machines import SOON


def results_of(*records: Record, sent: int = 3, ended: bool = True) -> Results:
    """Give what becomes of some records, all read."""
    near, far = pipe_pair(2**20)
    results = Results(near, Progress())
    results.sent, results.ended = sent, ended
    writer = RecordWriter(far)
    for record in records:
        writer.record(record)
    writer.end()
    results.start()
    return results.join()


def test_failures_and_the_summary_make_the_report() -> None:
    report = results_of(Result(1, b"p", "EIO"), Done(3), Summary(2, 50)).complete(Report())
    assert (report.files, report.bytes, [error.path for error in report.failures]) == (2, 50, [b"p"])


@pytest.mark.parametrize(
    ("records", "said"),
    [
        ((Result(3, b"p", "EIO"),), "not sent"),
        ((Done(4),), "more than was sent"),
        ((Unlinked(3),), "not sent"),
        ((Held(3, b""),), "not sent"),
        ((Held(0, b"x" * 15),), "not sent"),
        ((Summary(4, 0),), "more than was sent"),
        ((Summary(0, 0), Done(0)), "after the summary"),
        ((Stop(b"p", "EIO"), Stop(b"p", "EIO")), "twice"),
        ((Done(0),), "without a summary"),
        (tuple(Result(0, b"p", "EIO") for _ in range(8)), "not sent"),
    ],
)
def test_lies_are_violations(records: tuple[Record, ...], said: str) -> None:
    with pytest.raises(ProtocolError, match=said):
        results_of(*records).complete(Report())


def test_a_summary_before_the_end_is_a_violation_unless_it_was_stopped() -> None:
    with pytest.raises(ProtocolError, match="before the end"):
        results_of(Summary(0, 0), ended=False).complete(Report())
    report = results_of(Stop(b"p", "ENOTDIRTARGET"), Summary(0, 0), ended=False).complete(Report())
    assert [error.error for error in report.failures] == ["ENOTDIRTARGET"]


def test_only_the_file_announced_last_has_blocks() -> None:
    near, far = pipe_pair(2**20)
    results, writer = Results(near, Progress()), RecordWriter(far)
    results.announce(2 * BLOCK)
    results.announce(2 * BLOCK + 1)
    for record in (Held(0, b"o" * 32), Held(1, b"a" * 16), Held(1, b"b" * 16)):
        writer.record(record)
    writer.record(Held(1, b"c" * 16))
    writer.end()
    results.start()
    results.join()
    assert [results.held(block) for block in range(3)] == [b"a" * 16, b"b" * 16, b""]
    assert results.error and "more blocks" in str(results.error)


def test_what_is_sent_in_vain_is_known() -> None:
    results = results_of(Result(2, b"p", "EIO"), Done(3), Summary(0, 0))
    assert results.refuses_latest()
    results.sent += 1
    assert not results.refuses_latest()


@pytest.mark.parametrize("last", [Done(3), Stop(b"p", "EIO"), Summary(0, 0), None])
def test_settling_ends_when_all_is_dealt_with_or_nothing_more_comes(last: Record | None) -> None:
    near, far = pipe_pair(2**20)
    results, writer = Results(near, Progress()), RecordWriter(far)
    results.sent = 3
    results.start()
    waiting = threading.Thread(target=results.settle)
    waiting.start()
    writer.record(Unlinked(1))
    writer.record(Done(2))
    writer.flush()
    if last is None:
        near.close()
    else:
        writer.record(last)
        writer.flush()
    waiting.join(SOON)
    assert not waiting.is_alive()
    if last == Done(3):
        assert 1 in results.unlinked and 2 not in results.unlinked
    near.close()
    results.join()


def test_what_breaks_the_pipe_is_told() -> None:
    near, _ = pipe_pair()
    results = Results(near, Progress())
    near.close()
    results.start()
    with pytest.raises(LinkError):
        results.join().complete(Report())


class Broken(Progress):
    def completed(self, items: int) -> None:
        raise ValueError("a bug")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_of_whoever_shows_it_ends_the_transfer() -> None:
    near, far = pipe_pair(2**20)
    results, writer = Results(near, Broken()), RecordWriter(far)
    writer.record(Done(0))
    writer.end()
    results.start()
    with pytest.raises(RshError, match="a bug"):
        results.join().complete(Report())
