"""rsh.expect: a living shell for programs, with pexpect's interface, against a real daemon."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh.expect
from rsh.errors import RshError, UsageError
from rsh.expect import EOF, TIMEOUT, Shell
from tests.machines import SOON, Daemon, wait_until_gone


@pytest.fixture
def shell(shared_daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    for name, value in shared_daemon.home.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)
    with rsh.expect.connect(shared_daemon.host, timeout=SOON) as shell:
        yield shell


def test_run_gives_output_and_status_and_the_state_stays(shell: Shell, tmp_path: Path) -> None:
    assert shell.run(f"cd {tmp_path}; x=5; f() {{ return 3; }}") == ("", 0)
    assert shell.run("pwd; echo $x; f") == (f"{tmp_path}\n5\n", 3)
    assert shell.run("sh -c 'kill -SEGV $$'").status == 139
    assert shell.run("printf 'no newline'") == ("no newline", 0)
    assert shell.run("cat <<E\nit's\nE") == ("it's\n", 0)


def test_output_is_whole_however_much_it_is(shell: Shell) -> None:
    output, status = shell.run("seq 1 200000")
    assert status == 0
    assert output == "".join(f"{number}\n" for number in range(1, 200_001))


def test_programs_are_talked_to(shell: Shell) -> None:
    shell.sendline("read -p 'name? ' name; echo hello $name; read -p 'age? ' age; (exit $age)")
    assert shell.expect(["nothing", r"name\? "]) == 1
    shell.sendline("ann")
    shell.expect(r"hello (\w+)\r\n")
    assert shell.match is not None
    assert shell.match[1] == "ann"
    assert shell.before == "ann\r\n"
    assert shell.after == "hello ann\r\n"
    shell.expect_exact("age? ")
    assert shell.running
    shell.sendline("42")
    assert shell.wait() == 42
    assert not shell.running
    assert shell.run("echo $name") == ("ann\n", 0)


def test_pieces_that_are_sent_are_one_line(shell: Shell) -> None:
    shell.send("echo one ")
    assert not shell.running
    shell.send("two\n")
    shell.expect_exact("one two\r\n")
    assert shell.wait() == 0


def test_timeout_leaves_what_came_and_the_line_running(shell: Shell) -> None:
    with pytest.raises(TIMEOUT):
        shell.run("echo first; sleep 100", timeout=1)
    if shell.before != "first\r\n":
        assert shell.before == "", "a busy machine may not have come to it"
        shell.expect_exact("first\r\n")
    with pytest.raises(UsageError):
        shell.run("true")
    shell.sendintr()
    assert shell.wait() == 130
    assert shell.run("echo again") == ("again\n", 0)
    assert shell.expect([re.compile("never"), TIMEOUT], timeout=0.01) == 1


def test_end_of_the_shell_is_eof(shell: Shell) -> None:
    assert shell.isalive()
    shell.sendline("echo last; exit 7")
    shell.expect(EOF)
    assert str(shell.before).startswith("last\r\n")
    assert (shell.exitstatus, shell.isalive()) == (7, False)
    with pytest.raises(EOF):
        shell.expect("more")


def test_run_of_exit_gives_its_status(shell: Shell) -> None:
    assert shell.run("exit 5").status == 5
    assert not shell.isalive()


@pytest.mark.parametrize("last", ["exit 0", "kill -KILL $$", ""])
def test_line_for_a_shell_that_has_ended_is_no_success(shell: Shell, last: str) -> None:
    shell.run(last)
    if not last:
        shell.close()
    for late in (lambda: shell.run("true"), lambda: shell.sendline("true"), lambda: shell.expect("more")):
        with pytest.raises(EOF):
            late()


def test_terminal_has_the_size_that_was_asked_for(shell: Shell) -> None:
    assert shell.run("stty size") == ("24 80\n", 0)
    shell.setwinsize(30, 100)
    assert shell.run("until stty size | grep '30 100'; do sleep 0.1; done") == ("30 100\n", 0)
    assert shell.run("echo $TERM") == ("dumb\n", 0)


def test_output_of_a_background_job_is_expected_too(shell: Shell, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    shell.run(f"(read x <{tmp_path}/gate; echo from behind) &")
    (tmp_path / "gate").write_text("go\n")
    shell.expect_exact("from behind")


def test_bytes_are_given_when_no_encoding_is_named(shared_daemon: Daemon) -> None:
    with rsh.connect() as remote, Shell(remote, encoding=None) as shell:
        assert shell.run(b"printf '\\377'") == (b"\xff", 0)
    assert shell.closed


def test_close_ends_a_shell_that_floods() -> None:
    with rsh.connect() as remote:
        shell = Shell(remote)
        shell.sendline("yes")
        shell.expect_exact("y\r\ny\r\n")
        shell.close()
        assert remote.run("echo still there").returncode == 0


@pytest.mark.parametrize("last", ["true", "yes"])
def test_shell_ends_when_it_is_closed(shell: Shell, last: str) -> None:
    pid = int(shell.run("echo $$").output)
    shell.sendline(f"{last}; true")
    shell.expect([r"y\r\ny\r\n", TIMEOUT], timeout=SOON if last == "yes" else 0)
    shell.close()
    assert wait_until_gone(pid)
    shell.close()


def test_nobody_there_is_an_error() -> None:
    with pytest.raises(RshError):
        rsh.expect.connect("127.0.0.1:1")


def test_lines_that_are_sent_ahead_run_one_after_the_other(shell: Shell) -> None:
    shell.sendline("echo be'gun'; read x; echo got $x")
    shell.expect_exact("begun")
    shell.send("for the program\necho fi'rst'\necho sec")
    shell.expect_exact("first")
    shell.sendline("'ond'")
    shell.expect_exact("second")
