"""Who is asked, and how (R35)."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import pexpect
import pytest

from rsh.client.terminal.asking import ask_choice, askpass, confirm
from tests.machines import SOON
from tests.terminals import end_of


@pytest.mark.parametrize(
    ("environment", "terminal", "asks"),
    [
        ({}, False, False),
        ({"SSH_ASKPASS": "p"}, False, False),
        ({"SSH_ASKPASS": "p", "DISPLAY": ":0"}, False, True),
        ({"SSH_ASKPASS": "p", "DISPLAY": ":0"}, True, False),
        ({"RSH_ASKPASS": "p", "RSH_ASKPASS_REQUIRE": "force"}, True, True),
        ({"RSH_ASKPASS": "p", "SSH_ASKPASS_REQUIRE": "never", "DISPLAY": ":0"}, False, False),
    ],
)
def test_askpass_is_used_as_ssh_does(environment: dict[str, str], terminal: bool, asks: bool) -> None:
    assert bool(askpass(environment, terminal=terminal)) == asks


def test_program_gives_the_letter_or_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ask"
    program.write_text('#!/bin/sh\necho "$1 $SSH_ASKPASS_PROMPT"\nexit ${STATUS:-0}\n')
    program.chmod(0o755)
    monkeypatch.setenv("RSH_ASKPASS", str(program))
    monkeypatch.setenv("RSH_ASKPASS_REQUIRE", "force")
    assert ask_choice("which?", "wx", default="x") == "w"
    assert confirm("sure?")
    monkeypatch.setenv("STATUS", "1")
    assert ask_choice("which?", "wx", default="x", nobody="n") == "n"
    assert not confirm("sure?")


def test_program_that_cannot_be_run_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RSH_ASKPASS", f"{tmp_path}/none")
    monkeypatch.setenv("RSH_ASKPASS_REQUIRE", "force")
    assert not confirm("sure?")
    assert capfd.readouterr().err == f"rsh: {tmp_path}/none: No such file or directory\n"


def test_yes_is_read_from_the_terminal_itself() -> None:
    program = "from rsh.client.terminal.asking import *; print(confirm('sure?'))"
    child: pexpect.spawn[str] = pexpect.spawn(sys.executable, ["-c", program], encoding="utf-8", timeout=SOON)
    child.expect_exact("[y/N] ")
    child.sendline("yes")
    child.expect_exact("True")
    assert end_of(child) == 0


@pytest.mark.parametrize(
    ("keys", "answer"), [("r", "r"), ("xR", "r"), ("\r", "o"), ("\x03", "o"), ("\x04", "o"), ("\x1b", "o")]
)
def test_key_counts_without_enter(keys: str, answer: str) -> None:
    child = _ask_key()
    child.expect_exact("or [o]n? ")
    child.send(keys)
    child.expect_exact(f"got {answer}, sane True")
    assert child.before == ("r\r\n" if answer == "r" else "\r\n")
    assert end_of(child) == 0


def test_question_ends_when_nobody_wants_to_know_any_more() -> None:
    child = _ask_key()
    child.expect_exact("or [o]n? ")
    child.kill(signal.SIGUSR1)
    child.expect_exact("got o, sane True")
    assert end_of(child) == 0


def _ask_key() -> pexpect.spawn[str]:
    """Ask in a process whose terminal is ours; SIGUSR1 has it want to know no more."""
    code = """if True:
        import os, signal, termios
        from rsh.client.terminal.asking import ask_key
        reading, writing = os.pipe()
        signal.signal(signal.SIGUSR1, lambda *_: os.write(writing, b"."))
        before = termios.tcgetattr(0)
        answer = ask_key("[r]etry or [o]n?", "ro", default="o", until=reading)
        print(f"got {answer}, sane {termios.tcgetattr(0) == before}")
    """
    child: pexpect.spawn[str] = pexpect.spawn(sys.executable, ["-c", code], encoding="utf-8", timeout=SOON)
    child.delaybeforesend = None
    return child
