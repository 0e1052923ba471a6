"""A key that makes a signal, pressed at any moment behind Enter, is for the line: it neither gets lost nor ends us."""

from __future__ import annotations

import random
import signal
import time

import pytest

from tests.machines import Home
from tests.scenarios.screens import SIGN, Terminal, run, until_ran
from tests.soak import sized

LONGEST = 0.03  # seconds; by then the line runs


@pytest.mark.parametrize(
    ("key", "line"),
    [
        ("\x03", "sleep 300"),
        ("\x03", "read x"),
        ("\x03", "while :; do :; done"),
        ("\x1c", "ulimit -c 0; sleep 300"),
        ("\x1a", "sleep 300"),
    ],
)
def test_key_behind_enter_ends_the_line(prompt: Terminal, key: str, line: str) -> None:
    chance = random.Random(11)
    for number in range(sized(8, 150)):
        first = prompt.row
        prompt.press(line + "\r")
        time.sleep(chance.choice((0.0, chance.random() * LONGEST)))
        prompt.press(key)
        until_ran(prompt, line, first, SIGN)
        assert f"{number}-2" in run(prompt, f"kill -KILL %% 2>/dev/null; wait; echo {number}-$((1 + 1))", SIGN)


@pytest.mark.parametrize("key", ["\x03", "\x1c"])
def test_key_at_the_end_of_a_line_does_not_end_the_prompt(prompt: Terminal, key: str) -> None:
    chance = random.Random(13)
    for number in range(sized(15, 300)):
        first = prompt.row
        prompt.press("true\r")
        time.sleep(chance.random() * LONGEST)
        prompt.press(key)
        prompt.press("\x03")
        prompt.until_shown("true", first)
        prompt.press(f"echo {number}-$((1 + 1))\r")
        prompt.until_shown(f"\n{number}-2\n")


def test_key_behind_enter_ends_the_line_of_a_plain_prompt(home: Home) -> None:
    with Terminal(home, "connect", "--plain") as prompt:
        prompt.until_line("rsh> ")
        chance = random.Random(17)
        for number in range(sized(10, 150)):
            first = prompt.row
            prompt.press("sleep 300\r")
            # Where the terminal meets both keys at once, Ctrl-C takes away what it had to show (isig(), n_tty.c).
            prompt.until_shown("sleep 300", first)
            time.sleep(chance.random() * LONGEST)
            prompt.press("\x03")
            until_ran(prompt, "sleep 300", first, "rsh> ")
            prompt.press(f"echo {number}-$((1 + 1))\r")
            prompt.until_shown(f"\n{number}-2\nrsh>")


def test_quit_means_nothing_to_a_prompt(prompt: Terminal) -> None:
    for number in range(3):
        prompt.child.kill(signal.SIGQUIT)
        assert run(prompt, f"echo {number}-$((1 + 1))") == [f"{number}-2"]
