"""The prompt while the network is away: it stays of use, and loses neither lines nor what is half typed (R38, R39)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.machines import Daemon
from tests.proxy import Proxy
from tests.scenarios.screens import Terminal

SIGN = "# " if os.geteuid() == 0 else "$ "
CTRL_C, CTRL_U = "\x03", "\x15"


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


def cut_off(network: Proxy) -> None:
    network.refuse()
    network.cut()


def set_to(prompt: Terminal, choice: str) -> None:
    prompt.press(f":set offline {choice}\r")
    prompt.until(lambda: prompt.cursor_line.endswith(f":~{SIGN}") and ":set" in prompt.lines[-2])


def test_line_is_refused_and_kept_and_the_half_typed_one_stays(prompt: Terminal, network: Proxy) -> None:
    set_to(prompt, "refuse")
    cut_off(network)
    prompt.until_shown("(reconnecting ")
    prompt.until_shown("no connection for ")
    prompt.press("echo $x\r")
    prompt.until_shown("no connection: not run")
    prompt.until_line("echo $x")
    prompt.press(CTRL_U, "!echo here\r")
    prompt.until_shown("\nhere")
    prompt.press("echo half")
    prompt.until_line("echo half")
    prompt.until(lambda: re.search(r"reconnecting [3-9]", prompt.text) is not None)
    network.refuse(False)
    prompt.until_shown("connected again after ")
    prompt.until(lambda: prompt.cursor_line.endswith(f":~{SIGN}echo half"))
    prompt.press(" $x\r")
    prompt.until_shown("\nhalf 5")


def test_lines_wait_in_order(prompt: Terminal, network: Proxy) -> None:
    cut_off(network)
    prompt.until_shown("(reconnecting ")
    for number, line in enumerate(("echo one $x", "x=6", "echo two $x"), 1):
        prompt.press(line + "\r")
        prompt.until_shown(f"{number} to run when it is back")
    prompt.press("half")
    prompt.until_line("half")
    network.refuse(False)
    prompt.until_shown("\none 5")
    prompt.until_shown("\ntwo 6")
    prompt.until(lambda: prompt.cursor_line.endswith(f":~{SIGN}half"))


def test_ctrl_c_between_attempts_asks_what_to_do(prompt: Terminal, network: Proxy) -> None:
    cut_off(network)
    prompt.until_shown("(reconnecting ")
    prompt.press(CTRL_C)
    prompt.until_shown("[r]etry now")
    network.refuse(False)
    prompt.press("r\r")
    prompt.until(lambda: prompt.cursor_line.endswith(f":~ 130{SIGN}"))
    cut_off(network)
    prompt.until_line(f"s) 130{SIGN}")
    prompt.press(CTRL_C)
    prompt.until(lambda: prompt.text.count("[r]etry now") == 2)
    prompt.press("q\r")
    assert prompt.end() == 255
