"""A shell without a terminal, through a real session: outputs stay apart, whole and in order with the ends of lines."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh
from rsh.client.shell.batch_shell import BatchShell
from rsh.errors import RshError
from rsh.protocol.requests import Batch
from rsh.session.deadline import Deadline
from tests.machines import SOON, wait_until_gone


def run(shell: BatchShell, line: bytes) -> tuple[int, bytes, bytes]:
    """Run a line; give its status and both outputs."""
    shell.start_line(line)
    errors = bytearray()
    reader = threading.Thread(target=lambda: errors.extend(b"".join(iter(shell.read_stderr, b""))))
    reader.start()
    output = b"".join(iter(shell.read_stdout, b""))
    reader.join()
    return shell.wait(Deadline(SOON)), output, bytes(errors)


@pytest.fixture(params=["bash", "zsh", "sh"])
def shell(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[BatchShell]:
    path = shutil.which(str(request.param))
    assert path
    monkeypatch.setattr(
        "rsh.server.account.Account.current", classmethod(lambda cls: cls("ann", bytes(tmp_path), path.encode(), "box"))
    )
    with rsh.connect() as remote:
        yield BatchShell(remote.session.open(Batch()))


def test_outputs_stay_apart(shell: BatchShell) -> None:
    assert run(shell, b"echo out; echo err >&2; (exit 3)") == (3, b"out\n", b"err\n")


def test_bytes_are_untouched(shell: BatchShell) -> None:
    every = bytes(range(256)) * 4096
    status, output, errors = run(shell, b"x=$(printf '%s' 'a\xffb'); printf '%s' \"$x\"")
    assert (status, output, errors) == (0, b"a\xffb", b"")
    script = b"i=0; while [ $i -lt 4096 ]; do i=$((i+1)); cat bytes; done > all; cat all; cat all >&2"
    (Path(shell_home(shell)) / "bytes").write_bytes(bytes(range(256)))
    assert run(shell, script) == (0, every, every)


def shell_home(shell: BatchShell) -> str:
    """Give where it stands."""
    run(shell, b"cd")
    return shell.directory.decode()


def test_output_is_complete_before_the_line_has_ended(shell: BatchShell) -> None:
    expected = b"".join(b"%d\n" % number for number in range(1, 100_001))
    assert run(shell, b"seq 1 100000; seq 1 100000 >&2") == (0, expected, expected)
    assert run(shell, b"echo next") == (0, b"next\n", b"")


def test_stdin_is_empty_and_the_lines_are_not_eaten(shell: BatchShell) -> None:
    assert run(shell, b"cat; wc -c") == (0, b"0\n", b"")
    assert run(shell, b"echo next")[1] == b"next\n"


def test_job_in_the_background_does_not_keep_the_line_from_ending(shell: BatchShell) -> None:
    status, output, _ = run(shell, b"sleep 300 & echo $!")
    assert status == 0
    assert run(shell, b"echo on") == (0, b"on\n", b"")
    shell.give_up()
    assert wait_until_gone(int(output))


def test_line_of_a_megabyte_runs(shell: BatchShell) -> None:
    assert run(shell, b"echo " + b"x" * 1_000_000 + b" | wc -c")[:2] == (0, b"1000001\n")


def test_shell_that_ends_is_told_of(shell: BatchShell) -> None:
    assert run(shell, b"echo out; echo err >&2; exit 7") == (7, b"out\n", b"err\n")
    assert shell.ended == 7
    assert not shell.alive


def test_signal_ends_the_line(shell: BatchShell) -> None:
    shell.start_line(b"echo on; sleep 300")
    assert shell.read_stdout() == b"on\n"
    shell.signal("INT")
    while shell.read_stdout():
        pass
    assert shell.wait(Deadline(SOON)) != 0


def test_shell_that_is_given_up_says_so(shell: BatchShell) -> None:
    shell.start_line(b"sleep 300")
    shell.give_up()
    with pytest.raises(RshError, match="given up"):
        shell.wait(Deadline(SOON))
