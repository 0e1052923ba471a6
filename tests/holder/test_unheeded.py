"""A signal that a shell has not acted on is the next program's, which sees it once."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from rsh.holder.tree import children_of
from rsh.holder.unheeded import EVIDENT, Unheeded
from tests.machines import SOON


@pytest.fixture
def program() -> Iterator[int]:
    child = subprocess.Popen(["sleep", "300"], process_group=0)
    yield child.pid
    child.kill()
    child.wait()


@pytest.fixture
def shell() -> Iterator[int]:
    yield from started("read x; :")


@pytest.fixture
def shell_at_work() -> Iterator[int]:
    yield from started("while :; do :; done")


@pytest.fixture
def shell_of_another() -> Iterator[int]:
    yield from started("x=$(read y; :); :")


def started(line: str) -> Iterator[int]:
    child = subprocess.Popen([shutil.which("sh") or "", "-c", line], stdin=subprocess.PIPE)
    yield child.pid
    child.kill()
    child.communicate()


def test_signal_is_lost_when_a_program_comes_and_stays(shell: int, program: int) -> None:
    unheeded = Unheeded(shell, signal.SIGINT)
    begun = time.monotonic()
    while not unheeded.is_lost(program):
        assert not unheeded.is_over
        assert time.monotonic() < begun + SOON
    assert time.monotonic() >= begun + EVIDENT


def test_interrupt_is_lost_when_the_shell_itself_waits_and_goes_on_waiting(shell: int) -> None:
    unheeded = Unheeded(shell, signal.SIGINT)
    begun = time.monotonic()
    while not unheeded.is_lost(shell):
        assert time.monotonic() < begun + SOON
    assert time.monotonic() >= begun + EVIDENT


def test_signal_is_not_lost_while_the_shell_itself_has_the_terminal(
    shell: int, shell_at_work: int, shell_of_another: int
) -> None:
    begun = time.monotonic()
    while not children_of(shell_of_another):
        assert time.monotonic() < begun + SOON
    waiting, working = Unheeded(shell, signal.SIGQUIT), Unheeded(shell_at_work, signal.SIGINT)
    waiting_for_another = Unheeded(shell_of_another, signal.SIGINT)
    while not (waiting.is_over and working.is_over and waiting_for_another.is_over):
        assert not waiting.is_lost(shell)
        assert not working.is_lost(shell_at_work)
        assert not waiting_for_another.is_lost(shell_of_another)
        assert time.monotonic() < begun + SOON


def test_programs_that_come_and_go_are_left_alone(shell: int, program: int) -> None:
    unheeded = Unheeded(shell, signal.SIGINT)
    begun = time.monotonic()
    while time.monotonic() < begun + 2 * EVIDENT:
        assert not unheeded.is_lost(program)
        assert not unheeded.is_lost(shell)
