"""Programs that drive the prompt: pexpect, expect(1), plain pipes. What they see is a contract, byte for byte."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pexpect.replwrap
import pytest

from tests.machines import SOON, Daemon, program


def start(daemon: Daemon, encoding: str | None = None) -> Any:
    """Start the plain prompt under pexpect."""
    words = [*program("rsh"), "connect", "--plain", daemon.host]
    return pexpect.spawn(words[0], words[1:], env=daemon.home.environment, timeout=SOON, echo=False, encoding=encoding)


@pytest.fixture
def prompt(shared_daemon: Daemon) -> Iterator[Any]:
    """The plain prompt under pexpect."""
    child = start(shared_daemon)
    yield child
    child.close(force=True)


def test_pexpect_sees_prompts_and_output_and_nothing_else(prompt: Any) -> None:
    seen = b""
    for line, answer in (("echo one", b"one\r\n"), ("cd /tmp; x=5", b""), ("pwd; echo $x", b"/tmp\r\n5\r\n")):
        prompt.expect_exact("rsh> ")
        seen += prompt.before + prompt.after
        prompt.sendline(line)
        prompt.expect_exact(answer) if answer else None
        seen += (prompt.before + answer) if answer else b""
    prompt.expect_exact("rsh> ")
    seen += prompt.before + prompt.after
    assert seen == b"rsh> one\r\nrsh> rsh> /tmp\r\n5\r\nrsh> "
    prompt.sendline("exit 3")
    prompt.expect(pexpect.EOF)
    assert b"\x1b" not in prompt.before
    prompt.wait()
    assert prompt.exitstatus == 3


def test_repl_wrapper_of_pexpect_drives_it(shared_daemon: Daemon) -> None:
    child = start(shared_daemon, encoding="utf-8")
    wrapper = pexpect.replwrap.REPLWrapper(child, "rsh> ", None, continuation_prompt="... ")
    assert wrapper.run_command("echo hello") == "hello\r\n"
    assert wrapper.run_command("for i in 1 2; do\necho $i\ndone") == "1\r\n2\r\n"
    assert wrapper.run_command("(exit 9)") == ""
    assert wrapper.run_command(":status") == "9\r\n"
    child.close(force=True)


def test_ctrl_c_reaches_the_command_and_leaves_the_prompt(prompt: Any) -> None:
    prompt.expect_exact("rsh> ")
    prompt.sendline("sh -c 'echo on; exec sleep 60'")
    prompt.expect_exact("on\r\n")
    prompt.sendintr()
    prompt.expect_exact("rsh> ")
    prompt.sendline(":status")
    prompt.expect_exact("130\r\n")


def test_password_prompt_is_answered_without_echo(prompt: Any) -> None:
    prompt.expect_exact("rsh> ")
    prompt.sendline("read -s -p 'Password: ' p; echo; echo ${#p}")
    prompt.expect_exact("Password: ")
    prompt.sendline("secret")
    prompt.expect_exact("rsh> ")
    assert prompt.before == b"\r\n6\r\n"


def test_expect_drives_it(shared_daemon: Daemon, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(
        """
        set timeout 30
        spawn -noecho {*}$argv
        expect "rsh> "
        send "cd /tmp\\r"
        expect "rsh> "
        send "pwd\\r"
        expect -re "\\n/tmp\\r\\n"
        expect "rsh> "
        send "exit 4\\r"
        expect eof
        lassign [wait] pid spawn os status
        exit $status
        """
    )
    command = [*program("rsh"), "connect", "--plain", shared_daemon.host]
    done = subprocess.run(
        ["expect", str(script), *command], env=shared_daemon.home.environment, capture_output=True, timeout=60
    )
    assert done.returncode == 4, done.stdout
    assert b"\x1b" not in done.stdout


@pytest.mark.parametrize("variable", [{"RSH_PLAIN": "1"}, {"TERM": "dumb"}])
def test_plain_mode_is_chosen_by_the_environment(shared_daemon: Daemon, variable: dict[str, str]) -> None:
    words = [*program("rsh"), "connect", "--prompt", "ready$ ", shared_daemon.host]
    child: Any = pexpect.spawn(
        words[0], words[1:], env={**shared_daemon.home.environment, **variable}, timeout=SOON, echo=False
    )
    child.expect_exact("ready$ ")
    assert child.before == b""
    child.sendeof()
    child.expect(pexpect.EOF)
    assert b"\x1b" not in child.before
    child.close()


def batch(daemon: Daemon, lines: bytes, *options: str) -> subprocess.CompletedProcess[bytes]:
    """Run lines from a pipe."""
    return daemon.home.rsh("connect", *options, daemon.host, input=lines)


def test_batch_prints_what_its_lines_print(shared_daemon: Daemon) -> None:
    done = batch(shared_daemon, b"cd /tmp\npwd\necho err >&2\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"/tmp\n", b"err\n")


def test_batch_stops_at_the_first_failure_with_its_status(shared_daemon: Daemon) -> None:
    done = batch(shared_daemon, b"echo one\n(exit 7)\necho two\n")
    assert (done.returncode, done.stdout) == (7, b"one\n")


def test_batch_forgives_a_line_with_a_dash(shared_daemon: Daemon) -> None:
    done = batch(shared_daemon, b"-false\n-get /nonexistent /tmp\necho on\n")
    assert (done.returncode, done.stdout) == (0, b"on\n")
    assert done.stderr == b"rsh: get: /nonexistent: No such file or directory\n"


def test_batch_moves_files(shared_daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("content")
    done = batch(shared_daemon, f"lcd {tmp_path}\ncd {tmp_path}\nput a b\nget b c\nls\n".encode())
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"a\nb\nc\n"
    assert (tmp_path / "c").read_text() == "content"
