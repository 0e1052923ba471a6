from __future__ import annotations

import os
import resource
import select
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from rsh.errors import Refused
from rsh.protocol.requests import Terminal
from rsh.server.process import Command
from tests.machines import SOON, descriptors

ENVIRONMENT = {b"PATH": os.environb[b"PATH"]}


def command(*arguments: bytes, **options: object) -> Command:
    return Command(arguments, directory=b"/", environment=ENVIRONMENT, **options)  # type: ignore[arg-type]  # whatever a test wants to pass


def read_some(descriptor: int) -> bytes:
    ready = select.select([descriptor], [], [], SOON)
    assert ready[0], "nothing came"
    try:
        return os.read(descriptor, 65536)
    except OSError:
        return b""


def read_line(descriptor: int) -> bytes:
    """Read a line, which a terminal gives in one piece or in two."""
    line = b""
    while not line.endswith(b"\n"):
        piece = read_some(descriptor)
        assert piece, line
        line += piece
    return line


def read_all(descriptor: int) -> bytes:
    pieces = []
    while piece := read_some(descriptor):
        pieces.append(piece)
    return b"".join(pieces)


def test_status_and_output_come_from_the_command() -> None:
    running = command(b"sh", b"-c", b"echo out; echo err >&2; exit 7")
    assert (read_all(running.output), read_all(running.errors)) == (b"out\n", b"err\n")
    assert running.wait() == (7, 0)
    running.close()


def test_signal_is_told_apart_from_a_status() -> None:
    running = command(b"sh", b"-c", b"kill -KILL $$")
    assert running.wait() == (0, 9)
    running.close()


@pytest.mark.parametrize(
    ("program", "error"), [(b"/nonexistent", "ENOENT"), (b"/etc/passwd", "EACCES"), (b"a\0", "EINVAL")]
)
def test_command_is_refused_by_name_of_the_error_when_it_cannot_start(program: bytes, error: str) -> None:
    before = descriptors(os.getpid())
    with pytest.raises(Refused, match=error):
        command(program)
    assert descriptors(os.getpid()) <= before


def test_terminal_is_the_controlling_one_and_has_its_size() -> None:
    running = command(b"sh", b"-c", b"echo $(stty size < /dev/tty) $(tty)", terminal=Terminal(91, 33))
    running.wait()
    running.let_go_of_terminal()
    assert read_all(running.output).startswith(b"33 91 /dev/pts/")
    running.close()


def test_size_changes_reach_the_command() -> None:
    line = b"trap 'stty size; exit' WINCH; echo ready; while :; do sleep 0.01; done"
    running = command(b"sh", b"-c", line, terminal=Terminal(80, 24))
    assert read_line(running.output) == b"ready\r\n"
    running.resize(100, 50)
    assert read_line(running.output) == b"50 100\r\n"
    running.wait()
    running.close()


def test_signal_reaches_the_whole_group() -> None:
    running = command(b"sh", b"-c", b"trap 'exit 5' TERM; echo ready; sleep 60 & wait")
    assert read_some(running.output) == b"ready\n"
    running.signal("TERM")
    assert running.wait() == (5, 0)
    running.signal("TERM")  # of one that has ended: nothing
    running.close()


def test_signal_of_no_meaning_is_ignored() -> None:
    running = command(b"true")
    running.signal("NOSUCH")
    running.signal("_DFL")
    assert running.wait() == (0, 0)
    running.close()


def test_end_takes_those_along_that_will_not_go() -> None:
    line = b"trap '' HUP TERM; (trap '' HUP TERM; setsid sleep 60) & echo ready; sleep 60"
    running = command(b"sh", b"-c", line)
    assert read_some(running.output) == b"ready\n"
    begun = time.monotonic()
    running.end()
    assert running.wait() in ((0, 9), (137, 0)), "killed itself, or after the sleep that it waited for"
    assert time.monotonic() - begun < SOON, "it did not wait for the sleep"
    assert read_some(running.output) == b"", "somebody still has the pipe"
    running.close()


def test_descriptors_are_all_given_back() -> None:
    before = descriptors(os.getpid())
    for terminal in (None, Terminal(80, 24)):
        running = command(b"true", terminal=terminal)
        running.wait()
        running.close()
    assert descriptors(os.getpid()) <= before


def children() -> set[str]:
    """Give the processes that this one has started and not waited for."""
    found: set[str] = set()
    for path in Path("/proc/self/task").glob("*/children"):
        with suppress(OSError):  # the thread has ended meanwhile
            found.update(path.read_text().split())
    return found


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """Use up all descriptors of this process but a few."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    taken: list[int] = []
    try:
        while True:
            taken.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        pass
    try:
        for _ in range(count):
            os.close(taken.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        for descriptor in taken:
            os.close(descriptor)


@pytest.mark.parametrize("terminal", [None, Terminal(80, 24)])
def test_nothing_is_left_open_when_descriptors_run_out_while_it_starts(terminal: Terminal | None) -> None:
    open_before, children_before = descriptors(os.getpid()), children()
    refused = 0
    for count in range(16):
        with descriptors_left(count):
            try:
                running = command(b"sleep", b"600", terminal=terminal)
            except Refused:
                refused += 1
                continue
        running._signal_group(signal.SIGKILL)
        running.wait()
        running.close()
    assert 3 < refused < 16
    assert descriptors(os.getpid()) <= open_before
    assert children() <= children_before


def test_command_is_ended_when_there_is_no_descriptor_left_to_look_for_its_processes() -> None:
    running = command(b"sleep", b"600")
    with descriptors_left(0):
        running.end()
        assert running.wait()[1]
    running.close()
