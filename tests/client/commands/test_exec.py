"""`rsh exec` where a terminal is involved; what needs none is in tests/scenarios/test_exec.py."""

from __future__ import annotations

import base64
import json
import os
import pty
import select
import signal
import subprocess
import termios
from collections.abc import Iterator
from contextlib import contextmanager

import pexpect
import pytest

from tests.machines import SOON, Home, program
from tests.terminals import hang_up


@contextmanager
def at_a_terminal(me: Home, *words: str) -> Iterator[pexpect.spawn[str]]:
    """Start `rsh exec` on a terminal of 30 rows and 100 columns."""
    command = [*program("rsh"), "exec", *words]
    child: pexpect.spawn[str] = pexpect.spawn(
        command[0], command[1:], env=me.environment, dimensions=(30, 100), timeout=SOON, encoding="utf-8"
    )
    try:
        yield child
    finally:
        hang_up(child)


def ended(child: pexpect.spawn[str]) -> int | None:
    child.expect(pexpect.EOF)
    child.wait()
    status: int | None = child.exitstatus
    return status


def test_the_terminal_there_has_our_size_and_follows_it(me: Home, host: str) -> None:
    line = "stty size; trap 'stty size; exit 5' WINCH; echo ready; while :; do sleep 0.05; done"
    with at_a_terminal(me, "-t", host, "--", line) as child:
        child.expect("30 100")
        child.expect("ready")
        child.setwinsize(41, 121)
        child.expect("41 121")
        assert ended(child) == 5


def test_keys_that_make_signals_make_them_over_there(me: Home, host: str) -> None:
    with at_a_terminal(me, "-t", host, "--", "trap 'echo interrupted; exit 6' INT; echo ready; sleep 100") as child:
        child.expect("ready")
        child.sendcontrol("c")
        child.expect("interrupted")
        assert ended(child) == 6


def test_ctrl_d_is_the_end_of_input_over_there(me: Home, host: str) -> None:
    with at_a_terminal(me, "-t", host, "--", "cat; echo over") as child:
        child.sendline("typed")
        child.expect("typed\r\n.*typed\r\n")
        child.sendcontrol("d")
        child.expect("over")
        assert ended(child) == 0


def test_without_t_ctrl_c_interrupts_the_command_too(me: Home, host: str) -> None:
    with at_a_terminal(me, host, "--", "echo ready; sleep 100") as child:
        child.expect("ready")
        child.sendcontrol("c")
        assert ended(child) == 130


@pytest.mark.parametrize(
    ("end", "number", "status"),
    [
        ("exit 3", None, 3),
        ("kill -9 $$", None, 137),
        ("sleep 100", signal.SIGTERM, 143),
        ("sleep 100", signal.SIGHUP, 129),
    ],
)
def test_our_terminal_is_put_back_however_it_ends(
    me: Home, host: str, end: str, number: signal.Signals | None, status: int
) -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    words = [*program("rsh"), "exec", "-t", host]
    client = subprocess.Popen([*words, "--", f"echo ready; {end}"], stdin=slave, stdout=slave, env=me.environment)
    assert b"ready" in os.read(master, 100)
    if number:
        client.send_signal(number)
    assert client.wait(SOON) == status
    assert termios.tcgetattr(slave) == before
    os.close(slave)
    os.close(master)


def test_our_terminal_is_put_back_when_time_runs_out(me: Home, host: str) -> None:
    master, slave = pty.openpty()
    before = termios.tcgetattr(slave)
    for seconds in ("1", "8", "64"):  # A busy machine may take longer to begin.
        done = me.rsh(
            "exec", "--timeout", seconds, "-t", host, "--", "echo ready; sleep 100", stdin=slave, stdout=slave
        )
        assert done.returncode == 124
        assert termios.tcgetattr(slave) == before
        if begun := bool(select.select([master], [], [], 0)[0]):
            break
    assert begun and b"ready" in os.read(master, 100)
    os.close(slave)
    os.close(master)


def test_our_terminal_is_raw_while_the_command_runs(me: Home, host: str) -> None:
    with at_a_terminal(me, "-t", host, "--", "echo ready; read x; exit 4") as child:
        child.expect("ready")
        assert not termios.tcgetattr(child.child_fd)[3] & (termios.ICANON | termios.ECHO | termios.ISIG)
        child.send("x\r")
        assert ended(child) == 4


def test_a_terminal_there_without_one_here_has_a_sensible_size(me: Home, host: str) -> None:
    done = me.rsh("exec", "-t", host, "--", "stty size")
    assert done.stdout == b"24 80\r\n"


def test_json_keeps_bytes_that_are_no_text(me: Home, host: str) -> None:
    told = json.loads(me.rsh("exec", "--json", host, "--", r"printf '\377\0'; kill -9 $$").stdout)
    assert base64.b64decode(told["stdout_base64"]) == b"\xff\0"
    assert (told["signal"], told["status"]) == (9, 137)


def test_json_tells_of_a_command_that_ran_out_of_time(me: Home, host: str) -> None:
    for seconds in ("1", "8", "64"):  # A busy machine may take longer to begin.
        done = me.rsh("exec", "--json", "--timeout", seconds, host, "--", "echo before; sleep 100")
        assert done.returncode == 124
        if done.stdout and (told := json.loads(done.stdout))["stdout"]:
            break
    assert (told["timed_out"], told["stdout"]) == (True, "before\n")


def test_a_command_not_found_there_is_127_with_one_line(me: Home, host: str) -> None:
    done = me.rsh("exec", host, "--", "no-such-command", "x")
    assert (done.returncode, done.stderr) == (127, b"rsh: exec: no-such-command: command not found\n")


def test_a_thing_ignored_by_nohup_stays_ignored(me: Home, host: str) -> None:
    words = ["nohup", *program("rsh"), "exec", host, "--", "echo ready; read x; echo $x"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(words, env=me.environment, **pipes) as client:  # type: ignore[call-overload]  # a dict of options
        assert client.stdout.readline() == b"ready\n"
        client.send_signal(signal.SIGHUP)
        assert client.communicate(b"still here\n", SOON)[0] == b"still here\n"
        assert client.returncode == 0


@pytest.mark.parametrize("verb", ["exec", "shell", "connect"])
@pytest.mark.parametrize(
    ("option", "told"), [("--escape=no", b"is no single character"), ("--encoding=", b"no encoding ''")]
)
def test_values_for_a_terminal_are_checked_without_one(
    me: Home, host: str, verb: str, option: str, told: bytes
) -> None:
    if (verb, option) == ("exec", "--encoding="):
        told = b"needs -t"
    rest = {"exec": ["--", "true"], "shell": [], "connect": ["-c", "true"]}[verb]
    done = me.rsh(verb, option, host, *rest)
    assert (done.returncode, told in done.stderr) == (2, True)
