"""An attachment to a shell that is played by the test, over real channels: what is lost on the way, and what is not."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from rsh.client.shell.attachment import Attachment
from rsh.client.shell.given import MAX_UNTAKEN
from rsh.errors import Code, DeadlineExpired, Refused, RshError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.protocol import shell_records
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit
from rsh.protocol.requests import About, Attach
from rsh.protocol.shell_records import Attached, Echo, Line, Ready, ShellRecord, Taken
from rsh.session.channel import Channel
from rsh.session.deadline import Deadline
from tests.machines import SOON
from tests.session.pairs import sessions

PIECE = 64 * 1024


class Heard:
    """What the attachment says, as an event each."""

    def __init__(self) -> None:
        self.output = b""
        self.events: queue.Queue[object] = queue.Queue()

    def take_attached(self, attached: Attached, *, first: bool) -> None:
        self.events.put((attached, first))

    def take_output(self, data: Buffer, wait: bool) -> bool:
        self.output += data
        self.events.put(bytes(data))
        return True

    def take_record(self, record: ShellRecord) -> None:
        self.events.put(record)

    def take_loss(self, error: RshError) -> None:
        self.events.put("lost")

    def take_end(self, exit: Exit | None, error: RshError | None) -> None:
        self.events.put((exit, error))

    def standing(self) -> tuple[int, int]:
        return len(self.output), 7

    def next(self) -> object:
        return self.events.get(timeout=SOON)


class Desk:
    """An attachment, what it says, and the other ends of its channels."""

    def __init__(self) -> None:
        self.heard = Heard()
        self.asked: list[Attach] = []
        self.served: queue.Queue[Channel] = queue.Queue()
        self.over = threading.Event()

    def serve(self, channel: Channel) -> None:
        channel.accept()
        self.served.put(channel)
        self.over.wait(SOON)

    def attach(self, typed: int = 0, number: int = 0) -> Channel:
        """Be the other side of the next channel, and say where the shell stands."""
        channel = self.served.get(timeout=SOON)
        say(channel, Attached("0badc0de", "", len(self.heard.output), 0, number, typed, 7, False))
        return channel


@contextmanager
def attached(*, comes_back: bool = True) -> Iterator[tuple[Desk, Attachment, Channel]]:
    """Give an attachment and the other end of its first channel."""
    desk = Desk()
    with sessions(desk.serve) as (client, _):

        def again(request: Attach) -> Channel:
            desk.asked.append(request)
            return client.open(About())

        attachment = Attachment(client.open(About()), desk.heard, b"t" * 16, again if comes_back else None)
        channel = desk.attach()
        assert desk.heard.next() == (Attached("0badc0de", "", 0, 0, 0, 0, 7, False), True)
        try:
            yield desk, attachment, channel
        finally:
            attachment.close()
            desk.over.set()


def say(channel: Channel, *records: ShellRecord) -> None:
    writer = RecordWriter(channel, lane=1)
    for record in records:
        writer.record(record)
    writer.flush()


def line_of(channel: Channel) -> tuple[ShellRecord | memoryview, bytes]:
    """Read a line as the other side does: what is said of it, and the line."""
    heard = iter(RecordReader(channel, shell_records.SHELL, lane=1))
    record, content = next(heard), next(heard)
    assert isinstance(content, memoryview)
    return record, bytes(content)


def typing(attachment: Attachment, pieces: int) -> threading.Thread:
    """Have somebody type, until it is done or nobody takes it any more."""

    def work() -> None:
        with suppress(RshError):
            for _ in range(pieces):
                attachment.type(bytes(PIECE))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_line_goes_there_and_what_is_said_comes_back() -> None:
    with attached() as (desk, attachment, channel):
        attachment.send_line(1, 0, b"true", b"")
        assert line_of(channel) == (Line(4, 1, 0, 0), b"true")
        channel.write(b"output")
        assert desk.heard.next() == b"output"
        say(channel, Echo(False), Ready(6, 0, b"/", 1, 1, 0, b""))
        assert (desk.heard.next(), desk.heard.next()) == (Echo(False), Ready(6, 0, b"/", 1, 1, 0, b""))


def test_what_was_not_taken_is_given_again_over_the_next_connection() -> None:
    with attached() as (desk, attachment, channel):
        attachment.send_line(1, 0, b"cat", b"")
        attachment.type(b"onetwo")
        channel.close(Code.SHUTDOWN, "restarting")
        assert desk.heard.next() == "lost"
        again = desk.attach(typed=3)
        assert (desk.asked[0].shell, desk.asked[0].seen) == ("0badc0de", 7)
        assert line_of(again) == (Line(3, 1, 0, 0), b"cat")
        assert again.read(0, Deadline(SOON)) == b"two"


def test_line_that_was_taken_or_has_ended_is_not_given_again() -> None:
    with attached() as (desk, attachment, channel):
        attachment.send_line(1, 0, b"first", b"")
        channel.close(Code.SHUTDOWN, "restarting")
        assert desk.heard.next() == "lost"
        again = desk.attach(number=1)
        attachment.end_line()
        attachment.send_line(2, 0, b"second", b"")
        assert line_of(again) == (Line(6, 2, 0, 0), b"second")


def test_shell_that_is_gone_for_good_is_not_attached_to_again() -> None:
    with attached() as (desk, _, channel):
        channel.close(Code.NO_SHELL, "the shell has ended")
        ended = desk.heard.next()
        assert isinstance(ended, tuple)
        assert isinstance(ended[1], Refused)
        assert not desk.asked


def test_shell_that_cannot_be_attached_to_again_is_lost_with_its_channel() -> None:
    with attached(comes_back=False) as (desk, attachment, channel):
        channel.close(Code.SHUTDOWN, "restarting")
        ended = desk.heard.next()
        assert isinstance(ended, tuple)
        assert isinstance(ended[1], Refused)
        assert not (desk.asked or attachment.connected)


def test_input_that_nobody_says_to_have_taken_is_kept_up_to_a_bound() -> None:
    with attached() as (_, attachment, channel):
        pieces = 2 * MAX_UNTAKEN // PIECE
        typist = typing(attachment, pieces)
        come = 0
        while come <= MAX_UNTAKEN:
            come += len(channel.read(0, Deadline(SOON)))
        with pytest.raises(DeadlineExpired):
            channel.read(0, Deadline(0.05))
        while come < pieces * PIECE:
            say(channel, Taken(come))
            come += len(channel.read(0, Deadline(SOON)))
        typist.join(SOON)
        assert not typist.is_alive()


def test_who_waits_to_type_is_let_go_when_the_shell_is_given_up() -> None:
    with attached() as (_, attachment, channel):
        typist = typing(attachment, 1000)
        channel.read(0, Deadline(SOON))
        attachment.close()
        typist.join(SOON)
        assert not typist.is_alive()


@pytest.mark.parametrize("go", [Attachment.hang_up, Attachment.leave])
def test_who_goes_does_not_wait_for_a_line_that_nobody_takes(go: Callable[[Attachment], None]) -> None:
    with attached() as (_, attachment, _):
        line = b"x" * 64 * 1024 * 1024  # more than any window
        giving = threading.Thread(target=attachment.send_line, args=(1, 0, line, b""))
        giving.start()
        go(attachment)
        attachment.close()
        giving.join(SOON)
        assert not giving.is_alive()
