"""When a key that makes a signal may be pressed: real shells on a terminal of their own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.holder import settling
from rsh.holder.settling import APART, ASLEEP, Settling, is_on_its_way, is_shell
from rsh.holder.tree import children_of
from tests.holder.held import Held
from tests.machines import SOON

SHELLS = ("bash", "zsh", "sh")


class Shell:
    """A held shell and its number.

    Attributes:
        held: the shell. pid: its number.
    """

    def __init__(self, name: str, home: Path) -> None:
        self.held = Held(shutil.which(name) or "", home)
        self.held.end()
        self.pid = int(self.held.run("echo $$")[1])

    def begin(self, line: str) -> None:
        """Run a line, and wait until it says `on`."""
        self.held.begin(line)
        self.held.until("on")


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(str(request.param), tmp_path)
    yield shell
    shell.held.close()


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a key wait as long as a shell needs that hardly gets the processor."""
    monkeypatch.setattr(settling, "LIMIT", SOON)


def settled(shell: Shell, number: int = signal.SIGINT, size: int = 0) -> Settling:
    """Look at a shell until a signal would be heeded."""
    looks = Settling(shell.pid, number, size)
    until = time.monotonic() + SOON
    while not looks.is_over():
        assert time.monotonic() < until
        time.sleep(0.001)
    return looks


@pytest.mark.parametrize(
    "line",
    ["sh -c 'echo on; exec sleep 300'", "echo on; read x", "(echo on; sleep 300; :)", "(trap '' INT; echo on; read x)"],
)
def test_shell_that_waits_is_settled(shell: Shell, line: str) -> None:
    shell.begin(line)
    assert settled(shell).sleeps


def test_shell_that_works_is_settled_once_it_could_have_parsed_its_line(shell: Shell) -> None:
    shell.begin("echo on; while :; do :; done")
    before = used(shell.pid)
    assert not settled(shell, size=100_000).sleeps
    assert used(shell.pid) - before >= 0.12
    shell.held.type(b"\x03")
    assert shell.held.end()[0] != 0


def used(pid: int) -> float:
    """Give the seconds for which a process has had the processor."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def test_child_is_on_its_way_until_it_is_its_program_or_sleeps(shell: Shell) -> None:
    shell.begin("(echo on; while :; do :; done)")
    (child,) = children_of(shell.pid)
    assert is_shell(child, shell.pid)
    until = time.monotonic() + SOON
    while is_on_its_way(child, shell.pid):
        assert time.monotonic() < until
    assert used(child) >= 0.02
    shell.held.type(b"\x03")
    shell.held.end()
    shell.begin("(echo on; read x)")
    (child,) = children_of(shell.pid)
    while is_on_its_way(child, shell.pid):
        assert time.monotonic() < until
    shell.held.type(b"\x03")
    shell.held.end()
    shell.begin("sh -c 'echo on; exec sleep 300'")
    assert not any(is_shell(child, shell.pid) for child in children_of(shell.pid))


def test_job_in_the_background_keeps_no_key_waiting(shell: Shell) -> None:
    shell.held.run("(while :; do sleep 60; done) &")
    shell.begin("sh -c 'echo on; exec sleep 300'")
    assert settled(shell).sleeps
    shell.held.type(b"\x03")
    shell.held.end()
    shell.held.run("kill -KILL %%; wait")


def test_looks_that_follow_at_once_count_as_one(shell: Shell) -> None:
    shell.begin("sh -c 'echo on; exec sleep 300'")
    looks = Settling(shell.pid, signal.SIGINT, 0)
    begun = time.monotonic()
    while not looks.is_over():
        assert time.monotonic() < begun + SOON
    assert time.monotonic() - begun >= (ASLEEP - 1) * APART


def test_process_that_has_gone_keeps_nothing_waiting() -> None:
    pid = subprocess.Popen(["true"])
    pid.wait()
    assert Settling(pid.pid, signal.SIGINT, 0).is_over() is False
    assert not is_on_its_way(pid.pid, os.getpid())
