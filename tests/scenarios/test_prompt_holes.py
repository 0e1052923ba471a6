"""Everything is swallowed for a while, and nobody is told: at an idle prompt, and while it completes."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.machines import SOON, Daemon
from tests.proxy import Proxy
from tests.scenarios.screens import Terminal
from tests.soak import sized

pytestmark = pytest.mark.soak

SIGN = "# " if os.geteuid() == 0 else "$ "
HOLES = pytest.mark.parametrize("seconds", sized([1.0], [1.0, 10.0, 60.0]))


@pytest.fixture
def network(shared_daemon: Daemon) -> Iterator[Proxy]:
    with Proxy(shared_daemon.host) as proxy:
        yield proxy


@pytest.fixture
def prompt(shared_daemon: Daemon, network: Proxy) -> Iterator[Terminal]:
    with Terminal(shared_daemon.home, "connect", "-q", "-X", network.host, columns=100) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("x=5\r")
        terminal.until(lambda: terminal.screen.cursor.y > 0 and terminal.cursor_line.endswith(f":~{SIGN}"))
        yield terminal


def watch(prompt: Terminal, seconds: float) -> None:
    """Let time pass, with the screen looked after."""
    while seconds > 0:
        step = min(seconds, SOON / 2)
        ends = time.monotonic() + step
        prompt.until(partial(_is_past, ends))
        seconds -= step


def _is_past(moment: float) -> bool:
    return time.monotonic() >= moment


@HOLES
def test_idle_prompt_is_there_after_a_hole(prompt: Terminal, network: Proxy, seconds: float) -> None:
    network.hole()
    watch(prompt, seconds)
    prompt.press("echo hal")  # the line is edited here
    prompt.until_line("echo hal")
    network.mend()
    prompt.press("f $x\r")
    prompt.until_shown("\nhalf 5")
    prompt.until_line(SIGN)


@HOLES
def test_completion_in_a_hole_does_not_stop_the_prompt(prompt: Terminal, network: Proxy, seconds: float) -> None:
    network.hole()
    prompt.press("ls -d /usr/shar\t")
    watch(prompt, seconds)
    prompt.press("X\x7f")  # what is typed meanwhile is shown
    prompt.until(lambda: "ls -d /usr/shar" in prompt.cursor_line)
    network.mend()
    prompt.until(lambda: completed(prompt))
    prompt.press("\r")
    prompt.until_shown("\n/usr/share")


def completed(prompt: Terminal) -> bool:
    """Press Tab until it has done its work; what was asked for in the hole may have been given up."""
    if "/usr/share/" not in prompt.cursor_line:
        prompt.press("\t")
    return "/usr/share/" in prompt.cursor_line
