"""`rsh connect --plain` driven by programs: pexpect here, expect(1) with prompt.exp beside this file."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import pexpect
import pytest
from pexpect import replwrap

from tests.machines import SOON, Daemon, Home, program
from tests.terminals import end_of, hang_up

CTRL_C, CTRL_D = "\x03", "\x04"


def spawn(home: Home, *arguments: str, variables: Mapping[str, str] = {}) -> pexpect.spawn[str]:
    command = [*program("rsh"), "connect", *arguments]
    child: pexpect.spawn[str] = pexpect.spawn(
        command[0], command[1:], env=home.environment | dict(variables), encoding="utf-8", timeout=SOON
    )
    child.delaybeforesend = None
    return child


@pytest.fixture
def plain(shared_daemon: Daemon, tmp_path: Path) -> Iterator[pexpect.spawn[str]]:
    """A plain prompt that stands in an empty directory."""
    child = spawn(shared_daemon.home, "--plain", shared_daemon.host)
    child.expect_exact("rsh> ")
    child.sendline(f"cd {tmp_path}")
    child.expect_exact("rsh> ")
    yield child
    hang_up(child)


def answer(child: pexpect.spawn[str], line: str) -> str:
    """Give what stands between a line and the next prompt."""
    child.sendline(line)
    child.expect_exact(line + "\r\n")
    child.expect_exact("rsh> ")
    assert child.before is not None
    return child.before


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [(["--plain"], {}), ([], {"RSH_PLAIN": "1"}), ([], {"TERM": "dumb"}), ([], {"TERM": ""})],
)
def test_screen_is_the_same_bytes_every_time(
    shared_daemon: Daemon, arguments: list[str], variables: dict[str, str]
) -> None:
    child = spawn(shared_daemon.home, *arguments, shared_daemon.host, variables=variables)
    child.expect_exact("rsh> ")
    assert child.before == ""
    child.sendline("echo $TERM; printf abc")
    child.expect_exact("rsh> ")
    assert child.before == "echo $TERM; printf abc\r\ndumb\r\nabc"
    child.sendline("ls --color=auto -d /etc")
    child.expect_exact("rsh> ")
    assert child.before == "ls --color=auto -d /etc\r\n/etc\r\n"
    child.sendline(":status")
    child.expect_exact("rsh> ")
    assert child.before == ":status\r\n0\r\n"
    child.send(CTRL_D)
    child.expect(pexpect.EOF)
    assert child.before == "\r\n"
    assert end_of(child) == 0


def test_prompt_is_the_one_that_was_asked_for(shared_daemon: Daemon) -> None:
    child = spawn(shared_daemon.home, "--plain", "--prompt", "ready>>", shared_daemon.host)
    child.expect_exact("ready>>")
    child.sendline("exit 3")
    assert end_of(child) == 3


def test_pexpects_own_repl_wrapper_drives_it(shared_daemon: Daemon, tmp_path: Path) -> None:
    child = spawn(shared_daemon.home, "--plain", shared_daemon.host)
    repl = replwrap.REPLWrapper(child, "rsh> ", None, continuation_prompt="... ")
    assert repl.run_command(f"cd {tmp_path}") == ""
    assert repl.run_command("pwd") == f"{tmp_path}\r\n"
    assert repl.run_command("for i in 1 2; do\necho $i\ndone") == "1\r\n2\r\n"
    assert repl.run_command("cat <<E\nit's\nE") == "it's\r\n"
    hang_up(child)


def test_status_and_errors_are_lines(plain: pexpect.spawn[str]) -> None:
    assert answer(plain, "sh -c 'exit 44'") == ""
    assert answer(plain, ":status") == "44\r\n"
    assert answer(plain, "put /nowhere .") == "rsh: put: /nowhere: No such file or directory\r\n"
    assert answer(plain, "!exit 5") == ""
    assert answer(plain, ":status") == "5\r\n"


def test_files_go_both_ways(plain: pexpect.spawn[str], tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "big").write_bytes(os.urandom(3_000_000))
    assert answer(plain, f"lcd {tmp_path}/here") == ""
    assert answer(plain, "put big there") == ""
    assert answer(plain, "get there back") == ""
    assert (tmp_path / "here" / "back").read_bytes() == (tmp_path / "here" / "big").read_bytes()


def test_ctrl_c_drops_the_line_and_ends_what_runs(plain: pexpect.spawn[str]) -> None:
    plain.send("echo not this")
    plain.expect_exact("not this")
    plain.send(CTRL_C)
    plain.expect_exact("rsh> ")
    plain.sendline("echo 'open")
    plain.expect_exact("... ")
    plain.send(CTRL_C)
    plain.expect_exact("rsh> ")
    plain.sendline("sh -c 'echo ready; exec sleep 100'")
    plain.expect_exact("\nready")
    plain.send(CTRL_C)
    plain.expect_exact("rsh> ")
    assert answer(plain, ":status") == "130\r\n"


def test_line_right_behind_ctrl_c_is_not_lost(plain: pexpect.spawn[str]) -> None:
    for number in range(5):
        plain.send(f"dropped{CTRL_C}echo it is $(({number} + 1))\r")
        plain.expect_exact(f"rsh> it is {number + 1}\r\nrsh> ")


def test_lines_of_a_terminal_that_gives_several_at_once_run_one_after_the_other(plain: pexpect.spawn[str]) -> None:
    attributes = termios.tcgetattr(plain.child_fd)
    attributes[3] &= ~(termios.ICANON | termios.ECHO)
    termios.tcsetattr(plain.child_fd, termios.TCSANOW, attributes)
    plain.send(":status\n:status\nfalse\n:status\n")
    for shown in ("0\r\n", "0\r\n", "", "1\r\n"):
        plain.expect_exact("rsh> ")
        assert plain.before == shown


def test_ctrl_c_ends_a_command_of_this_machine(plain: pexpect.spawn[str]) -> None:
    plain.sendline("!echo ready; exec sleep 100")
    plain.expect_exact("\nready")
    plain.send(CTRL_C)
    plain.expect_exact("^C\r\nrsh> ")
    assert answer(plain, ":status") == "130\r\n"


@pytest.mark.parametrize("line", ["put {wish} {folder}/big .", "get {wish} ../big {folder}/there/"])
def test_ctrl_c_stops_a_copy_that_the_same_line_goes_on_with(
    plain: pexpect.spawn[str], tmp_path: Path, line: str
) -> None:
    (tmp_path / "big").write_bytes(os.urandom(24_000_000))
    there = tmp_path / "there"
    there.mkdir()
    assert answer(plain, "cd there") == ""
    plain.sendline(line.format(folder=tmp_path, wish="--limit 4M"))
    while not any(each.stat().st_blocks * 512 > 3_000_000 for each in there.iterdir()):
        time.sleep(0.01)  # a folder that another process writes to can only be looked at again
    plain.send(CTRL_C)
    plain.expect_exact("stopped; run the same command again to resume it\r\n")
    plain.expect_exact("rsh> ")
    assert answer(plain, ":status") == "130\r\n"
    assert len(list(there.iterdir())) == 1 and not (there / "big").exists()
    assert answer(plain, line.format(folder=tmp_path, wish="")) == ""
    assert [each.name for each in there.iterdir()] == ["big"]
    assert (there / "big").read_bytes() == (tmp_path / "big").read_bytes()


def test_programs_have_the_keyboard_while_they_run(plain: pexpect.spawn[str]) -> None:
    plain.sendline("echo ready; read x; echo got $x")
    plain.expect_exact("\nready\r\n")
    plain.sendline("it")
    plain.expect_exact("it\r\ngot it\r\nrsh> ")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_signal_ends_the_prompt_while_a_line_runs(plain: pexpect.spawn[str], number: int) -> None:
    plain.sendline("sh -c 'echo ready; exec sleep 60'")
    plain.expect_exact("\nready\r\n")
    plain.kill(number)
    assert end_of(plain) == 128 + number


def test_password_is_answered_without_echo(plain: pexpect.spawn[str]) -> None:
    plain.sendline("stty -echo; printf 'Password: '; read p; stty echo; echo; echo ${#p}")
    plain.expect_exact("\nPassword: ")
    plain.sendline("secret")
    plain.expect_exact("rsh> ")
    assert plain.before == "\r\n6\r\n"


def test_what_a_job_prints_at_the_prompt_is_the_bytes_that_it_is_while_a_line_runs(
    plain: pexpect.spawn[str], tmp_path: Path
) -> None:
    answer(plain, "mkfifo f")
    answer(plain, "(read x <f; echo late) 2>&1 &")
    (tmp_path / "f").write_text("now\n")
    plain.expect("late\r*\n")
    assert plain.after == "late\r\n"


def test_prompt_that_nothing_can_be_written_for_is_an_error_in_a_line(shared_daemon: Daemon) -> None:
    command = ["sh", "-c", 'exec "$@" >/dev/full', "sh", *program("rsh"), "connect", shared_daemon.host]
    child: pexpect.spawn[str] = pexpect.spawn(
        command[0], command[1:], env=shared_daemon.home.environment, encoding="utf-8", timeout=SOON
    )
    assert end_of(child) == 1
    assert child.before == "rsh: connect: write error: No space left on device\r\n"


def test_expect_drives_it(shared_daemon: Daemon, tmp_path: Path) -> None:
    expect = shutil.which("expect")
    if expect is None:
        pytest.skip("expect(1) is not installed")
    script = Path(__file__).with_name("prompt.exp")
    done = subprocess.run(
        [expect, str(script), *program("rsh"), "connect", shared_daemon.host],
        env=shared_daemon.home.environment | {"RSH_PLAIN": "1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=2 * SOON,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "\x1b" not in done.stdout


def test_marker_stands_before_each_prompt_and_the_echo_can_be_off(shared_daemon: Daemon) -> None:
    child = spawn(shared_daemon.home, "--plain", "--ready-marker", "READY-7f", "--no-echo", shared_daemon.host)
    child.expect_exact("READY-7f\r\nrsh> ")
    assert child.before == ""
    child.sendline("echo rsh\\>; printf 'no newline'")
    child.expect_exact("READY-7f\r\nrsh> ")
    assert child.before == "rsh>\r\nno newline"
    child.sendline("read x; echo got $x")
    child.sendline("it")
    child.expect_exact("READY-7f\r\nrsh> ")
    assert child.before == "it\r\ngot it\r\n"  # what a program reads is echoed over there
    child.sendline("exit 3")
    assert end_of(child) == 3


def test_lines_that_are_typed_ahead_run_one_after_the_other(plain: pexpect.spawn[str]) -> None:
    plain.sendline("echo be'gun'; read x; echo got $x; sleep 0.5")
    plain.expect_exact("begun\r\n")
    plain.send("for the program\necho fi'rst'\necho sec")
    plain.expect_exact("got for the program\r\n")
    plain.expect_exact("first\r\nrsh> ")
    plain.send("'ond'\n")
    plain.expect_exact("second\r\nrsh> ")


def test_startup_file_that_ends_the_shell_is_told_of(home: Home, tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("echo from the file; exit 5\n")
    child = spawn(home, "--plain", variables={"HOME": str(tmp_path)})
    child.expect_exact("from the file\r\n")
    child.expect_exact("rsh: the shell has ended before its first prompt")
    assert end_of(child) == 5
