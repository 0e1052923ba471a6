"""A living shell through a real session, holder and bash: what a shell does well must still be done well."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh
from rsh.client.shell.living import LivingShell
from rsh.client.shell.running_line import RunningLine
from rsh.errors import RshError
from rsh.protocol.frames import Buffer
from rsh.protocol.requests import Shell, Terminal
from rsh.session.deadline import Deadline
from tests.machines import SOON, wait_until_gone


class Desk:
    """A living shell, and what it printed while no line ran."""

    def __init__(self, remote: rsh.Remote) -> None:
        self.idle = bytearray()
        channel = remote.session.open(Shell(Terminal(80, 24), b"/", {b"TERM": b"dumb", b"LC_ALL": b"C"}))
        self.shell = LivingShell(channel, self._take_idle)
        self.start()

    def _take_idle(self, data: Buffer) -> None:
        self.idle += data

    def start(self) -> None:
        """See the shell's own beginning."""
        assert self.shell.wait_ready(Deadline(SOON))

    def begin(self, line: str | bytes) -> RunningLine:
        """Give the shell a line."""
        running = RunningLine(self.shell, line.encode() if isinstance(line, str) else line)
        running.begin()
        return running

    def run(self, line: str | bytes) -> tuple[int, bytes]:
        """Run a line; give status and output, newlines as they were before the terminal."""
        return self.end(self.begin(line))

    def end(self, line: RunningLine) -> tuple[int, bytes]:
        """See a line to its end."""
        output = bytearray()
        while piece := line.read_stdout():
            output += piece
        return line.wait(Deadline(SOON)), bytes(output).replace(b"\r\n", b"\n")

    def read_until(self, line: RunningLine, words: bytes) -> None:
        """Read output until some words were in it."""
        output = b""
        while words not in output:
            piece = bytes(line.read_stdout())
            assert piece, output
            output += piece


@pytest.fixture
def desk(home_of_nobody: None) -> Iterator[Desk]:
    with rsh.connect() as remote:
        yield Desk(remote)


def test_state_lives_on_between_lines(desk: Desk) -> None:
    desk.run("cd /tmp; x=5; declare -A m; m[a]=1; f() { echo f $1; }; alias ll='echo aliased'; set -o noglob; false")
    assert desk.shell.status == 1
    assert desk.shell.directory == b"/tmp"
    assert desk.run("echo $? $x ${m[a]} *; f 3; ll; pwd") == (0, b"1 5 1 *\nf 3\naliased\n/tmp\n")


def test_status_is_the_lines_own(desk: Desk) -> None:
    desk.run("(exit 42)")
    assert desk.run("echo $?")[1] == b"42\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("cat <<E\nhi $((1+1))\nE", b"hi 2\n"),
        ("for i in 1 2; do\necho $i\ndone", b"1\n2\n"),
        ("echo 'it'\"'\"'s' \"\\$x\"", b"it's $x\n"),
        ("echo a # comment", b"a\n"),
        ("echo a;", b"a\n"),
        ("", b""),
    ],
)
def test_lines_of_all_kinds_run_as_at_a_terminal(desk: Desk, line: str, expected: bytes) -> None:
    assert desk.run(line) == (0, expected)


def test_unfinished_quote_is_an_error_and_no_hang(desk: Desk) -> None:
    status, output = desk.run('echo "unfinished')
    assert status != 0
    assert b"matching" in output
    assert desk.run("echo on") == (0, b"on\n")


def test_line_of_a_megabyte_arrives(desk: Desk) -> None:
    assert desk.run(b"echo " + b"x" * 1_000_000 + b" | wc -c") == (0, b"1000001\n")


def test_keyboard_reaches_the_line_that_reads_it(desk: Desk) -> None:
    line = desk.begin("read word; echo got $word")
    line.write(b"typed\n")
    assert desk.end(line)[1].endswith(b"got typed\n")


@pytest.mark.parametrize(
    "line",
    [
        "sh -c 'echo on; exec sleep 60'",
        "echo on; while :; do :; done",
        "for i in 1 2; do sh -c 'echo on; exec sleep 60'; done",
    ],
)
def test_ctrl_c_ends_the_line_and_nothing_else(desk: Desk, line: str) -> None:
    desk.run("x=kept")
    running = desk.begin(line)
    desk.read_until(running, b"on")
    running.write(b"\x03")
    assert desk.end(running)[0] == 130
    assert desk.run("echo $x") == (0, b"kept\n")


def test_ctrl_z_stops_the_line_and_fg_goes_on_with_it(desk: Desk) -> None:
    running = desk.begin("sh -c 'echo on; read x; echo then $x'")
    desk.read_until(running, b"on")
    running.write(b"\x1a")
    status, output = desk.end(running)
    assert status == 148
    assert b"Stopped" in output
    running = desk.begin("fg")
    running.write(b"more\n")
    assert desk.end(running)[1].endswith(b"then more\n")


def test_jobs_are_known_and_told_of_when_done(desk: Desk, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    desk.run(f"cat {tmp_path}/gate &")
    assert b"Running" in desk.run("jobs")[1]
    (tmp_path / "gate").write_text("")
    deadline = time.monotonic() + SOON
    while b"Done" not in desk.idle:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_terminal_is_sane_again_after_a_program_left_it_raw(desk: Desk) -> None:
    desk.run("stty raw -echo")
    assert b"-icanon" not in desk.run("stty -a")[1]


def test_size_is_passed_on(desk: Desk) -> None:
    desk.shell.resize(101, 37)
    deadline = time.monotonic() + SOON
    while desk.run("stty size")[1] != b"37 101\n":  # sizes go beside the lines, in no order with them
        assert time.monotonic() < deadline


def test_own_descriptors_are_not_the_lines(desk: Desk) -> None:
    assert desk.run("ls /proc/self/fd | tr '\\n' ' '")[1] == b"0 1 2 3 "
    assert desk.run("test -t 0 && test -t 1 && test -t 2") == (0, b"")


def test_prompt_variables_of_the_user_do_no_harm(desk: Desk) -> None:
    desk.run("PS1='evil> '; PS2='evil> '")
    assert desk.run("echo good") == (0, b"good\n")
    assert desk.run("echo better") == (0, b"better\n")


def test_reports_cannot_be_forged_by_output(desk: Desk) -> None:
    status, _ = desk.run("printf '0 /forged\\0'; false")
    assert status == 1
    assert desk.shell.directory == b"/"


def test_output_is_complete_and_in_order_before_the_line_has_ended(desk: Desk) -> None:
    expected = b"".join(b"%d\n" % number for number in range(1, 100_001))
    assert desk.run("seq 1 100000")[1] == expected


def test_shell_ends_with_the_status_of_exit(desk: Desk) -> None:
    assert desk.run("exit 7")[0] == 7
    assert desk.shell.ended == 7
    assert not desk.shell.alive


def test_another_shell_in_its_place_still_talks_through_the_terminal(desk: Desk) -> None:
    running = desk.begin("exec sh")
    running.write(b"echo from $0; exit 4\n")
    status, output = desk.end(running)
    assert status == 4
    assert b"from sh" in output


def test_shell_and_its_jobs_end_when_the_client_leaves(home_of_nobody: None) -> None:
    with rsh.connect() as remote:
        desk = Desk(remote)
        pid = int(desk.run("echo $$")[1])
        desk.begin("sleep 300")
    assert wait_until_gone(pid)


def test_job_that_prints_without_end_does_not_keep_the_line_from_ending(desk: Desk) -> None:
    running = desk.begin("yes & true")
    assert desk.end(running)[0] == 0
    assert desk.run("kill %1")[0] == 0


@pytest.mark.parametrize(
    "line",
    [
        "readonly PS1 PS2 PROMPT_COMMAND rc=5",
        "set -u; unset PWD",
        "unset -f __rsh_report",
        "alias eval=echo printf=echo local=echo return=echo",
        "eval() { echo; }; printf() { echo; }; local() { echo; }; set() { echo; }",
        "IFS=0123456789",
        "exec 8<&- 9>&-",
        "set -o posix",
    ],
)
def test_nothing_the_user_sets_gets_between_the_line_and_its_end(desk: Desk, line: str) -> None:
    desk.run(line)
    assert desk.run("(exit 123)") == (123, b"")
    assert desk.shell.directory == b"/"


def test_ctrl_c_under_set_e_leaves_the_shell_alive(desk: Desk) -> None:
    desk.run("set -e")
    running = desk.begin("sh -c 'echo on; exec sleep 60'")
    desk.read_until(running, b"on")
    running.write(b"\x03")
    assert desk.end(running)[0] == 130
    assert desk.shell.alive


def test_rc_file_reads_the_keyboard_and_not_our_lines(home_of_nobody: None, tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("read word\n")
    with rsh.connect() as remote:
        channel = remote.session.open(Shell(Terminal(80, 24), b"/", {b"LC_ALL": b"C"}))
        shell = LivingShell(channel, bytearray().extend)
        shell.type(b"typed\n")
        assert shell.wait_ready(Deadline(SOON))
        running = RunningLine(shell, b"echo got $word")
        assert b"got typed" in b"".join(iter(running.read_stdout, b""))


def test_ctrl_c_is_not_stuck_behind_input_that_nobody_reads(desk: Desk) -> None:
    running = desk.begin("echo on; sleep 300")
    desk.read_until(running, b"on")
    running.write(b"0123456789abcdef\n" * 60_000)
    running.write(b"\x03")
    assert desk.end(running)[0] == 130
    assert desk.shell.alive


def test_death_of_the_holder_is_told(desk: Desk) -> None:
    holder = int(desk.run("echo $PPID")[1])
    running = desk.begin("sleep 300")
    os.kill(holder, signal.SIGKILL)
    with pytest.raises(RshError, match="holder has died"):
        desk.end(running)


def test_what_is_typed_ahead_is_given_back_and_no_other_line_reads_it(desk: Desk) -> None:
    running = desk.begin("echo on; read x; echo got $x")
    desk.read_until(running, b"on")
    running.write(b"one\ntwo\nthr")
    assert desk.end(running)[1].endswith(b"got one\n")
    running.write(b"ee")
    assert desk.shell.take_typed_ahead() == b"two\nthree"
    running = desk.begin("read x; echo got $x")
    running.write(b"fresh\n")
    assert desk.end(running)[1].endswith(b"got fresh\n")
    assert desk.shell.take_typed_ahead() == b""


def test_no_byte_that_is_typed_around_the_end_of_a_line_is_lost(desk: Desk) -> None:
    typed = ahead = b""
    for number in range(100):
        running = desk.begin("true")
        piece = b"%d " % number
        running.write(piece)
        typed += piece
        desk.end(running)
        ahead += desk.shell.take_typed_ahead()
    assert ahead == typed


def test_what_was_typed_for_a_line_already_is_read_and_not_echoed(desk: Desk) -> None:
    for ahead in (b"one\rtwo\r", b"one\rtwo\rhalf \xe2\x80\xa6 \x1b[200~a\rb\x1b[201~"):
        desk.shell.start_line(b"read x; read y; echo got $x $y", ahead)
        assert desk.end(RunningLine(desk.shell)) == (0, b"got one two\n")
        assert desk.shell.take_typed_ahead() == ahead.removeprefix(b"one\rtwo\r").replace(b"\r", b"\n")


def test_end_of_input_that_was_typed_for_a_line_already_is_one(desk: Desk) -> None:
    desk.shell.start_line(b"cat", b"text\r\x04left")
    status, output = desk.end(RunningLine(desk.shell))
    assert (status, output.replace(b"left", b"")) == (0, b"text\n")
    assert desk.shell.take_typed_ahead() == b"left"


def test_password_that_nobody_reads_is_not_given_back(desk: Desk) -> None:
    running = desk.begin("stty -echo; echo on; sleep 300")
    desk.read_until(running, b"on")
    while desk.shell.echoes:
        time.sleep(0.01)  # told beside the output
    running.write(b"secret\r")
    desk.shell.signal("KILL")
    desk.end(running)
    assert desk.shell.take_typed_ahead() == b""
