from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rsh.client.api.process import RemoteProcess
from rsh.client.shell.attached import passed_environment, run_attached
from rsh.client.terminal.passthrough import Buffer, Left, OutputClosed, Passthrough, to_descriptor
from rsh.errors import DeadlineExpired, FileError, Refused
from rsh.protocol.requests import Exec
from rsh.server.account import Account, Grant
from rsh.server.execution import execute
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline
from tests.machines import SOON
from tests.session.pairs import sessions


def serve(channel: Channel) -> None:
    assert isinstance(channel.request, Exec)
    try:
        execute(channel, channel.request, Account.current(), Grant(), dict(os.environb), everything=True)
    except Refused as error:
        channel.close(error.code, str(error))


@contextmanager
def running(line: str) -> Iterator[RemoteProcess]:
    """Run a shell line over there, with nothing between but two sessions and a socket pair."""
    with sessions(serve) as (client, _):
        yield RemoteProcess(client.open(Exec((line.encode(),), shell=True)), b"sh", b"")


def run(line: str, *, stdin: int | None = None, deadline: Deadline = NEVER) -> tuple[int, bytes, bytes]:
    out: list[Buffer] = []
    err: list[Buffer] = []
    with running(line) as process:
        status = Passthrough(process, stdin=stdin, stdout=out.append, stderr=err.append).run(deadline)
    return status, b"".join(out), b"".join(err)


@contextmanager
def pipe_with(data: bytes) -> Iterator[int]:
    """Give the reading end of a pipe that holds `data` and then ends."""
    read_end, write_end = os.pipe()
    writer = threading.Thread(target=_write_and_close, args=(write_end, data))
    writer.start()
    yield read_end
    os.close(read_end)
    writer.join(SOON)


def _write_and_close(descriptor: int, data: bytes) -> None:
    try:
        to_descriptor(descriptor, data)
    except BrokenPipeError:
        pass  # The command had enough.
    os.close(descriptor)


def open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def test_output_and_errors_come_apart_with_the_status() -> None:
    assert run("echo out; echo err >&2; exit 44") == (44, b"out\n", b"err\n")


def test_a_signal_is_a_negative_returncode() -> None:
    assert run("kill -TERM $$") == (-signal.SIGTERM, b"", b"")


@pytest.mark.parametrize("data", [b"", b"\0", bytes(range(256)) * 10_000], ids=["none", "NUL", "much"])
def test_input_arrives_to_its_last_byte_and_ends(data: bytes) -> None:
    with pipe_with(data) as descriptor:
        assert run("cat", stdin=descriptor) == (0, data, b"")


def test_a_command_that_does_not_read_its_input_ends_all_the_same() -> None:
    with pipe_with(bytes(50_000)) as descriptor:
        assert run("exit 3", stdin=descriptor)[0] == 3


def test_input_that_never_comes_holds_nobody_up() -> None:
    read_end, write_end = os.pipe()
    start = time.monotonic()
    assert run("true", stdin=read_end)[0] == 0
    assert time.monotonic() - start < SOON
    os.write(write_end, b"kept")
    assert os.read(read_end, 10) == b"kept"  # what came afterwards is left for whoever reads next
    os.close(read_end)
    os.close(write_end)


def test_a_closed_input_is_an_end() -> None:
    never_open = 1000
    assert run("cat; echo over", stdin=never_open) == (0, b"over\n", b"")


def test_nothing_is_left_open_afterwards() -> None:
    run("true")
    before = open_descriptors()
    for _ in range(5):
        with pipe_with(b"x") as descriptor:
            run("cat", stdin=descriptor)
    # The server's end is in this process too and closes a moment later; an earlier test's session may end meanwhile.
    deadline = time.monotonic() + SOON
    while open_descriptors() > before:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_deadline_ends_the_command() -> None:
    start = time.monotonic()
    with pytest.raises(DeadlineExpired):
        run("echo x; sleep 100", deadline=Deadline(0.3))
    assert time.monotonic() - start < SOON


def test_an_output_that_nobody_reads_ends_the_command() -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)

    def sink(data: Buffer) -> None:
        to_descriptor(write_end, data)

    with running("yes") as process, pytest.raises(OutputClosed):
        Passthrough(process, stdin=None, stdout=sink, stderr=sink).run(Deadline(SOON))
    os.close(write_end)


def test_a_full_disk_ends_the_command_and_is_named() -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with running("yes") as process, pytest.raises(FileError, match="No space left") as caught:
        Passthrough(process, stdin=None, stdout=lambda data: to_descriptor(full, data), stderr=print).run(
            Deadline(SOON)
        )
    assert caught.value.exit_status == 1
    os.close(full)


def test_a_non_blocking_output_gets_every_byte() -> None:
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    got: list[bytes] = []

    def read() -> None:
        while data := os.read(read_end, 65536):
            got.append(data)

    reader = threading.Thread(target=read)
    reader.start()
    to_descriptor(write_end, bytes(1_000_000))
    os.close(write_end)
    reader.join(SOON)
    os.close(read_end)
    assert sum(map(len, got)) == 1_000_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_of_ours_reach_the_command(number: int) -> None:
    out: list[Buffer] = []

    def sink(data: Buffer) -> None:
        out.append(bytes(data))
        if data == b"ready\n":
            os.kill(os.getpid(), number)

    name = signal.Signals(number).name.removeprefix("SIG")
    with running(f"trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done") as process:
        assert run_attached(process, stdin=None, stdout=sink) == 9
    assert b"".join(out) == f"ready\ngot {name}\n".encode()


def test_of_our_environment_only_the_language_is_passed_on() -> None:
    own = {b"LANG": b"a", b"LC_TIME": b"b", b"TERM": b"c", b"COLORTERM": b"d", b"LD_PRELOAD": b"e", b"PATH": b"f"}
    assert passed_environment(own, terminal=False) == {b"LANG": b"a", b"LC_TIME": b"b", b"COLORTERM": b"d"}
    assert passed_environment(own, terminal=True)[b"TERM"] == b"c"


def test_a_bug_in_a_sink_ends_the_run_and_is_raised() -> None:
    def broken(data: Buffer) -> None:
        raise ValueError("a bug")

    with running("yes") as process, pytest.raises(ValueError, match="a bug"):
        Passthrough(process, stdin=None, stdout=broken, stderr=None).run(Deadline(SOON))


def test_giving_up_ends_a_run_that_hears_nothing() -> None:
    with running("sleep 100") as process:
        passthrough = Passthrough(process, stdin=None, stdout=lambda _: None, stderr=None)
        threading.Timer(0.1, passthrough.give_up, [Left("left", 7)]).start()
        with pytest.raises(Left) as caught:
            passthrough.run(NEVER)
    assert caught.value.exit_status == 7
