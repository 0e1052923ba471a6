from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from rsh.client.api.remote_jobs import STDERR, STDOUT, RemoteJobs, new_id
from rsh.errors import DeadlineExpired, ProtocolError, RshError
from rsh.files.stream.stream import RecordWriter
from rsh.protocol.any_record import Record
from rsh.protocol.job_records import Job, Output
from rsh.protocol.record_stream import Failure
from rsh.protocol.requests import Detach
from rsh.session.channel import Channel
from tests.session.pairs import sessions

ENDED = Job("a", "finished", 3, 0, 0, 1.0, 6, (b"make",), True, b"/", "ann")


@contextmanager
def answering(*answer: Record | bytes, then: Callable[[Channel], object] = Channel.close) -> Iterator[RemoteJobs]:
    """Give the API of a machine that answers each request with these records and this content."""

    def serve(channel: Channel) -> None:
        channel.accept()
        writer = RecordWriter(channel)
        with suppress(RshError):  # the client has had enough
            for each in answer:
                if isinstance(each, bytes):
                    writer.content(each)
                else:
                    writer.record(each)
            writer.end()
            then(channel)

    with sessions(serve) as (client, _):
        remote = RemoteJobs(client)
        yield remote


def test_log_gives_pieces_positions_and_the_end() -> None:
    with answering(Output(1, 0, 3), b"out", Output(2, 3, 3), b"err", ENDED) as remote:
        log = remote.job_log("a")
        assert [(stream, bytes(piece)) for stream, piece in log] == [(STDOUT, b"out"), (STDERR, b"err")]
        assert (log.position, log.job) == (6, ENDED)


def test_jump_of_the_position_says_how_much_is_missing() -> None:
    with answering(Output(1, 100, 3), b"out", Output(1, 103, 2), b"on", ENDED) as remote:
        log = remote.job_log("a", position=40)
        assert [log.dropped for _ in log] == [60, 0]


@pytest.mark.parametrize(
    "answer",
    [
        (Output(1, 0, 3), b"more than that", ENDED),
        (Output(1, 0, 3), b"ou", ENDED),
        (Output(1, 0, 3), Output(1, 3, 3), b"out", ENDED),
        (b"of nobody", ENDED),
        (Output(1, 10, 3), b"out", Output(1, 5, 3), b"old", ENDED),
        (ENDED, Output(1, 0, 3), b"out"),
        (ENDED, ENDED),
        (Output(1, 0, 3), b"out"),
        (Failure(b"x", "EIO"),),
    ],
)
def test_log_that_contradicts_itself_is_a_violation(answer: tuple[Record | bytes, ...]) -> None:
    with answering(*answer) as remote, pytest.raises(ProtocolError):
        list(remote.job_log("a"))


@pytest.mark.parametrize("answer", [(), (Output(1, 0, 3), b"out"), (b"content",), (Failure(b"x", "EIO"),)])
def test_answer_that_is_none_is_a_violation(answer: tuple[Record | bytes, ...]) -> None:
    with answering(*answer) as remote, pytest.raises(ProtocolError):
        remote.wait_job("a")


def test_waiting_ends_with_its_time() -> None:
    with answering(then=lambda channel: channel.read()) as remote:

        def serve(channel: Channel) -> None:
            channel.accept()
            with suppress(RshError):
                channel.read()
                channel.read(1)

        with sessions(serve) as (client, _):
            remote.session = client
            with pytest.raises(DeadlineExpired):
                remote.wait_job("a", timeout=0.05)


def test_command_is_sent_as_it_is() -> None:
    asked: list[object] = []

    def serve(channel: Channel) -> None:
        asked.append(channel.request)
        channel.accept()
        writer = RecordWriter(channel)
        writer.record(ENDED)
        writer.end()
        channel.close()

    with sessions(serve) as (client, _):
        remote = RemoteJobs(client)
        remote.directory = b"/home"
        remote.detach("make | tee log", id="a", cwd="src", env={"A": "1"}, timeout=5)
        remote.detach(["make", b"\xff"], id="b")
    assert asked == [
        Detach("a", (b"make | tee log",), True, b"/home/src", {b"A": b"1"}, 5.0),
        Detach("b", (b"make", b"\xff"), False, b"/home/"),
    ]


def test_ids_of_ours_are_short_and_differ() -> None:
    found = {new_id() for _ in range(1000)}
    assert len(found) == 1000
    assert all(re.fullmatch("[a-z2-9]{8}", name) for name in found)
