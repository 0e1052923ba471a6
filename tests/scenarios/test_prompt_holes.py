"""Everything is swallowed for a while, and nobody is told: at an idle prompt, and while it completes."""

from __future__ import annotations

import time
from functools import partial

import pytest

from tests.machines import SOON
from tests.proxy import Proxy
from tests.scenarios.screens import SIGN, Terminal
from tests.soak import sized

pytestmark = pytest.mark.soak

HOLES = pytest.mark.parametrize("seconds", sized([1.0], [1.0, 10.0, 60.0]))


def watch(distant: Terminal, seconds: float) -> None:
    """Let time pass, with the screen looked after."""
    while seconds > 0:
        step = min(seconds, SOON / 2)
        ends = time.monotonic() + step
        distant.until(partial(_is_past, ends))
        seconds -= step


def _is_past(moment: float) -> bool:
    return time.monotonic() >= moment


@HOLES
def test_idle_prompt_is_there_after_a_hole(distant: Terminal, network: Proxy, seconds: float) -> None:
    network.hole()
    watch(distant, seconds)
    distant.press("echo hal")  # the line is edited here
    distant.until_line("echo hal")
    network.mend()
    distant.press("f $x\r")
    distant.until_shown("\nhalf 5")
    distant.until_line(SIGN)


@HOLES
def test_completion_in_a_hole_does_not_stop_the_prompt(distant: Terminal, network: Proxy, seconds: float) -> None:
    network.hole()
    distant.press("ls -d /usr/shar\t")
    watch(distant, seconds)
    distant.press("X\x7f")  # what is typed meanwhile is shown
    distant.until(lambda: "ls -d /usr/shar" in distant.cursor_line)
    network.mend()
    distant.until(lambda: "reconnecting" not in distant.cursor_line)  # else Ctrl-C offers to quit
    distant.press("\x03")  # what was asked for in the hole may have been given up
    distant.press("echo back-$((1 + 1))\r")
    distant.until_shown("\nback-2\n")
    distant.press("ls -d /usr/shar\t")
    distant.until(lambda: "/usr/share/" in distant.cursor_line)
    distant.press("\r")
    distant.until_shown("\n/usr/share")
