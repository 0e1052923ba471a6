"""The prompt while the network is away: it stays of use, and loses neither lines nor what is half typed (R38, R39)."""

from __future__ import annotations

import os
import re
import termios
from functools import partial
from pathlib import Path

from tests.machines import SOON, Daemon, Home
from tests.proxy import Direction, Proxy
from tests.scenarios.screens import SIGN, Terminal, modes, run

# What outlasts its session has a test, and a daemon, of its own.
DAEMON = ("--grace", str(SOON))

CTRL_C, CTRL_U = "\x03", "\x15"


def cut_off(network: Proxy) -> None:
    network.refuse()
    network.cut()


def test_line_is_refused_and_kept_and_the_half_typed_one_stays(distant: Terminal, network: Proxy) -> None:
    run(distant, ":set offline refuse", f":~{SIGN}")
    cut_off(network)
    distant.until_shown("(reconnecting ")
    distant.until_shown("no connection for ")
    distant.press("echo $x\r")
    distant.until_shown("no connection: not run")
    distant.until_line("echo $x")
    distant.press(CTRL_U, "!echo here\r")
    distant.until_shown("\nhere")
    distant.press("echo half")
    distant.until_line("echo half")
    distant.until(lambda: re.search(r"reconnecting [3-9]", distant.text) is not None)
    network.refuse(False)
    distant.until_shown("connected again after ")
    distant.until(lambda: distant.cursor_line.endswith(f":~{SIGN}echo half"))
    distant.press(" $x\r")
    distant.until_shown("\nhalf 5")


def test_lines_wait_in_order(distant: Terminal, network: Proxy) -> None:
    cut_off(network)
    distant.until_shown("(reconnecting ")
    for number, line in enumerate(("echo one $x", "x=6", "echo two $x"), 1):
        distant.press(line + "\r")
        distant.until_shown(f"{number} to run when it is back")
    distant.press("half")
    distant.until_line("half")
    network.refuse(False)
    distant.until_shown("\none 5")
    distant.until_shown("\ntwo 6")
    distant.until(lambda: distant.cursor_line.endswith(f":~{SIGN}half"))


def test_ctrl_c_between_attempts_asks_what_to_do(distant: Terminal, network: Proxy) -> None:
    cut_off(network)
    distant.until_shown("(reconnecting ")
    distant.press(CTRL_C)
    distant.until_line("go [o]n? ")
    distant.press(CTRL_C)  # nothing
    distant.until_line(f"s) 130{SIGN}")
    distant.press(CTRL_C)
    distant.until_line("go [o]n? ")
    network.refuse(False)
    distant.press("r")
    distant.until(lambda: f":~ 130{SIGN}" in distant.cursor_line)
    distant.press(CTRL_U)  # the key is the line's when the connection was faster
    cut_off(network)
    distant.until_line(f"s) 130{SIGN}")
    distant.press(CTRL_C)
    distant.until(lambda: distant.text.count("go [o]n?") == 3)
    distant.press("q")
    assert distant.end() == 255


def test_question_ends_with_the_outage(distant: Terminal, network: Proxy) -> None:
    cut_off(network)
    distant.until(lambda: re.search(r"reconnecting [3-9]", distant.text) is not None)
    distant.press(CTRL_C)
    distant.until_line("go [o]n? ")
    network.refuse(False)
    distant.until_shown("\nrsh: connected again after ")
    distant.until_line(f":~ 130{SIGN}")
    distant.press("echo $x$x\r")
    distant.until_shown("\n55\n")


def test_command_of_ours_that_waits_for_the_network_says_so(distant: Terminal, network: Proxy) -> None:
    network.hole()
    taken = network.taken[Direction.UP]
    path = "/usr" + "/." * 200  # so long that nothing else is taken for the request
    distant.press(f":stat {path}\r")
    distant.until(lambda: network.taken[Direction.UP] > taken + len(path))
    cut_off(network)
    distant.until_shown("\nrsh: no connection for ")
    network.mend()
    network.refuse(False)
    distant.until_shown("\nrsh: connected again after ")
    distant.until_shown("\n  File: /usr")
    distant.until_line(f":~{SIGN}")
    assert distant.text.count("connect") == 2
    assert "away" not in distant.text


def test_outage_that_ended_while_something_else_had_the_terminal_is_told_behind_it(
    distant: Terminal, network: Proxy, shared_daemon: Daemon
) -> None:
    resumed = shared_daemon.log.count("session resumed")
    cut_off(network)
    distant.until(lambda: re.search(r"reconnecting [3-9]", distant.text) is not None)
    distant.press("!read line; echo got $line\r")
    # The key at the end of a line is a newline only for a terminal that the prompt has let go.
    distant.until(lambda: "!read" in distant.lines[-1] and bool(modes(distant)[3] & termios.ICANON))
    network.refuse(False)
    distant.until(lambda: shared_daemon.log.count("session resumed") > resumed)
    distant.press("it\r")
    distant.until_shown("\ngot it\n")
    # The client may hear of it a moment later than the daemon.
    distant.until(lambda: "[the connection was away for " in distant.text or _told(distant, 1))
    distant.until_line(f":~{SIGN}")
    assert distant.text.count("was away") + distant.text.count("connected again") == 1


def test_outage_that_outlasts_the_session_is_told_once_and_the_next_one_is_seen(home: Home) -> None:
    with (
        Daemon(home, "--grace", "0") as daemon,
        Proxy(daemon.host) as network,
        Terminal(home, "connect", "-q", network.host, columns=100) as terminal,
    ):
        terminal.until_line(f":~{SIGN}")
        run(terminal, "x=5", f":~{SIGN}")  # a shell that has not begun is lost with its session
        for number, word in enumerate(("first", "second"), 1):
            cut_off(network)
            terminal.until(lambda: re.search(r"reconnecting [3-9]", terminal.text) is not None)
            network.refuse(False)
            terminal.until(partial(_told, terminal, number))
            terminal.until_line(f":~{SIGN}")
            terminal.press(f"echo {word}\r")
            terminal.until_shown(f"\n{word}\n")
        terminal.press("echo run'ning'; read word; echo got $word\r")
        terminal.until_shown("\nrunning")
        cut_off(network)
        terminal.until_shown("[rsh: no connection for ")
        network.refuse(False)
        terminal.until_shown("[rsh: connected again]")
        terminal.press("it\r")
        terminal.until_shown("\ngot it")
        terminal.until_line(f":~{SIGN}")
        assert terminal.text.count("connected again") == 3


def test_outage_that_outlasts_the_session_is_told_behind_the_bars_of_a_transfer(home: Home, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(os.urandom(20_000_000))
    with (
        Daemon(home, "--grace", "0") as daemon,
        Proxy(daemon.host, rate=4_000_000) as network,
        Terminal(home, "connect", "-X", network.host, columns=100) as terminal,
    ):
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"get {tmp_path}/big {tmp_path}/copy\r")
        terminal.until_shown("MiB/s")
        cut_off(network)
        terminal.until(lambda: re.search(r"no connection for [3-9] s", terminal.text) is not None)
        network.refuse(False)
        terminal.until_shown("[the connection was away for ")
        terminal.until_line(f":~{SIGN}")
        assert "\u2501" not in terminal.text
        assert terminal.sent.getvalue().count(b"again") == 0
    assert (tmp_path / "copy").read_bytes() == (tmp_path / "big").read_bytes()


def _told(terminal: Terminal, times: int) -> bool:
    return terminal.text.count("connected again after ") == times
