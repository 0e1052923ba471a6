"""Who is asked, and how (R35)."""

from __future__ import annotations

import sys
from pathlib import Path

import pexpect
import pytest

from rsh.client.terminal.asking import ask_secret, askpass, confirm
from tests.machines import SOON


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


def test_program_gives_the_secret_or_a_yes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "ask"
    program.write_text('#!/bin/sh\necho "$1 $SSH_ASKPASS_PROMPT"\nexit ${STATUS:-0}\n')
    program.chmod(0o755)
    monkeypatch.setenv("RSH_ASKPASS", str(program))
    monkeypatch.setenv("RSH_ASKPASS_REQUIRE", "force")
    assert ask_secret("code?") == "code? "
    assert confirm("sure?")
    monkeypatch.setenv("STATUS", "1")
    assert ask_secret("code?") is None
    assert not confirm("sure?")


def test_secret_is_read_from_the_terminal_and_not_shown() -> None:
    program = "from rsh.client.terminal.asking import *; print(repr(ask_secret('code? '))); print(confirm('sure?'))"
    child: pexpect.spawn[str] = pexpect.spawn(sys.executable, ["-c", program], encoding="utf-8", timeout=SOON)
    child.expect_exact("code? ")
    child.sendline("s3cret")
    child.expect_exact("'s3cret'")
    assert child.before == "\r\n"
    child.expect_exact("[y/N] ")
    child.sendline("yes")
    child.expect_exact("True")
    child.close()
