"""Somebody has the id of a session, or a client breaks the rules of resuming: the owner notices nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from weakref import WeakKeyDictionary

import pytest

from rsh.client.api.process import RemoteProcess
from rsh.client.api.remote import Remote, connect
from rsh.client.dialling.trusting import secure
from rsh.errors import Code, LinkError
from rsh.protocol import messages
from rsh.protocol.frames import Decoder, Frame, Kind, encode
from rsh.protocol.messages import VERSION, Ack, Hello, LinkMessage, Refusal, Welcome
from rsh.protocol.requests import About
from rsh.session.deadline import Deadline
from rsh.transport.address import parse
from rsh.transport.stream import Stream
from tests.machines import SOON, Daemon, Home


class Owner:
    """Whose session it is, with a command at work in it."""

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self.process: RemoteProcess = remote.start(["cat"])
        self.lines = 0
        self.talk()

    @property
    def id(self) -> bytes:
        return self.remote.session._link.session

    @property
    def epoch(self) -> int:
        return self.remote.session._link.epoch

    def talk(self) -> None:
        """Make sure that the session goes on."""
        self.lines += 1
        self.process.write(b"line %d\n" % self.lines)
        assert bytes(self.process.read_stdout(Deadline(SOON))) == b"line %d\n" % self.lines


@pytest.fixture
def owner(daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Owner]:
    enter(daemon.home, monkeypatch)
    with connect(daemon.host) as remote:
        yield Owner(remote)


@pytest.fixture
def stranger(daemon: Daemon, tmp_path: Path) -> Home:
    """Another account whose key is enrolled at the same daemon."""
    home = Home(tmp_path / "stranger")
    line = home.rsh("key").stdout.decode()
    assert daemon.home.server_command("authorize", line).returncode == 0
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    assert home.rsh("trust", url).returncode == 0
    return home


def enter(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)


@pytest.fixture
def call(daemon: Daemon) -> Iterator[Callable[[], Stream]]:
    """Connects with the key of the account that we are in."""
    streams: list[Stream] = []

    def connect_once() -> Stream:
        streams.append(secure(parse(daemon.host), Deadline(SOON))[0])
        return streams[-1]

    yield connect_once
    for stream in streams:
        stream.close()


_decoders: WeakKeyDictionary[Stream, Decoder] = WeakKeyDictionary()


def say(stream: Stream, *frames: LinkMessage | Frame) -> None:
    for frame in frames:
        if not isinstance(frame, Frame):
            frame = Frame(Kind.LINK, 0, 0, messages.encode_message(frame))
        stream.write(encode(frame))


def next_frame(stream: Stream) -> Frame:
    """Give the next frame of a stream."""
    decoder = _decoders.setdefault(stream, Decoder(1 << 20))
    while (frame := decoder.next_frame()) is None:
        count = stream.readinto(decoder.space())
        if not count:
            raise EOFError
        decoder.filled(count)
    return frame


def hear(stream: Stream) -> LinkMessage:
    """Give the next message about the link."""
    while (frame := next_frame(stream)).kind != Kind.LINK:
        pass
    return messages.decode_link_message(frame.payload)


def hear_numbered(stream: Stream, count: int) -> None:
    """Wait for so many numbered frames."""
    while count:
        count -= next_frame(stream).kind != Kind.LINK


def goodbye(stream: Stream) -> int:
    """Give the code with which the session ends."""
    while not isinstance(message := hear(stream), messages.Goodbye):
        pass
    return message.code


def about(channel: int) -> Frame:
    """Give the frame of a request."""
    return Frame(Kind.CONTROL, 0, channel, messages.encode_message(messages.Open(About())))


def hello(session: bytes, epoch: int, expected: int = 0, age: int = 0) -> Hello:
    return Hello(VERSION, "thief", "", session, epoch, expected, age)


Call = Callable[[], Stream]


@pytest.mark.parametrize("age", [0, 1])
@pytest.mark.parametrize("epoch", [1, 2, 1000])
def test_id_is_worth_nothing_under_another_key(
    call: Call, owner: Owner, stranger: Home, monkeypatch: pytest.MonkeyPatch, epoch: int, age: int
) -> None:
    enter(stranger, monkeypatch)
    stream = call()
    say(stream, hello(owner.id, epoch, age=age))
    answer = hear(stream)
    if epoch == 1 or age:
        # A session of the stranger's own, which happens to have the same id: nothing of the owner's is in it.
        assert isinstance(answer, Welcome)
        assert answer.expected == 0
        say(stream, messages.Goodbye(0, "", 0))
    else:
        assert isinstance(answer, Refusal)
        assert answer.code == Code.NO_SESSION
    owner.talk()
    stream.close()
    owner.talk()
    assert owner.epoch == 1


def test_old_epoch_is_fenced_out(call: Call, owner: Owner) -> None:
    stream = call()
    say(stream, hello(owner.id, 1))
    answer = hear(stream)
    assert isinstance(answer, Refusal)
    assert answer.code == Code.SUPERSEDED
    owner.talk()
    assert owner.epoch == 1


@pytest.mark.parametrize("expected", [10**6, 2**61])
def test_number_that_was_never_sent_is_refused(call: Call, owner: Owner, expected: int) -> None:
    """Even with the owner's own key, which costs the owner a redial."""
    stream = call()
    say(stream, hello(owner.id, 1000, expected))
    answer = hear(stream)
    assert isinstance(answer, Refusal)
    assert answer.code == Code.PROTOCOL
    owner.talk()
    assert owner.epoch < 1000


def test_acknowledgement_beyond_what_was_sent_ends_its_own_session_only(call: Call, owner: Owner) -> None:
    stream = call()
    say(stream, hello(b"x" * 16, 1))
    assert isinstance(hear(stream), Welcome)
    say(stream, Ack(2**40))
    assert isinstance(hear(stream), messages.Goodbye)
    owner.talk()


def test_number_that_was_acknowledged_is_not_to_be_had_again(call: Call, owner: Owner) -> None:
    first = call()
    say(first, hello(b"z" * 16, 1), about(1))
    assert isinstance(hear(first), Welcome)
    hear_numbered(first, 1)
    say(first, Ack(1))
    say(first, messages.Ping(1))
    assert isinstance(hear(first), messages.Pong | Ack)
    second = call()
    say(second, hello(b"z" * 16, 2, expected=0))
    answer = hear(second)
    assert isinstance(answer, Refusal)
    assert answer.code == Code.PROTOCOL
    owner.talk()


def test_request_that_is_sent_a_second_time_is_a_violation(call: Call, owner: Owner) -> None:
    """A duplicate of what the server has taken in."""
    first = call()
    say(first, hello(b"d" * 16, 1), about(1))
    assert isinstance(hear(first), Welcome)
    hear_numbered(first, 1)
    second = call()
    say(second, hello(b"d" * 16, 2, expected=1))
    answer = hear(second)
    assert isinstance(answer, Welcome)
    assert answer.expected >= 1
    say(second, about(1))
    assert goodbye(second) == Code.PROTOCOL
    owner.talk()


def test_client_is_served_on_its_newest_connection(daemon: Daemon, call: Call, owner: Owner) -> None:
    first, second = call(), call()
    say(first, hello(b"y" * 16, 1))
    assert isinstance(hear(first), Welcome)
    say(second, hello(b"y" * 16, 2))
    assert isinstance(hear(second), Welcome)
    with pytest.raises((LinkError, EOFError)):
        hear(first)
    say(second, messages.Ping(2))
    assert isinstance(hear(second), messages.Pong)
    say(second, messages.Goodbye(0, "", 0))
    daemon.wait_for_log("7979 = session ended")
    third = call()
    say(third, hello(b"y" * 16, 3))
    answer = hear(third)
    assert isinstance(answer, Refusal)
    assert answer.code == Code.NO_SESSION
    owner.talk()
