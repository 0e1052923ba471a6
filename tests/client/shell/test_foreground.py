from __future__ import annotations

import signal

import pytest

from rsh.client.shell.foreground import DISCONNECTED, KILLED, Foreground
from rsh.client.shell.handover import Handover
from rsh.client.shell.wishes import Wishes
from rsh.client.terminal.escapes import Action
from rsh.client.terminal.modes import Modes
from rsh.client.terminal.passthrough import Left
from tests.client.shell.test_keyboard import Program


class Told(Program):
    """A program that writes down what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def signal(self, name: str) -> None:
        self.heard.append(name)

    def resize(self, columns: int, rows: int) -> None:
        self.heard.append((columns, rows))


@pytest.fixture
def program() -> Told:
    return Told()


def foreground(program: Told, wishes: Wishes | None = None) -> tuple[Foreground, list[BaseException]]:
    wishes = wishes or Wishes()
    given_up: list[BaseException] = []
    found = Foreground(program, Handover(Modes()), wishes)
    found.give_up = given_up.append
    return found, given_up


def test_an_interrupt_is_the_programs(program: Told) -> None:
    found, given_up = foreground(program)
    found.act(signal.SIGINT)
    assert (program.heard, given_up) == (["INT"], [])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_what_ends_us_is_ours(program: Told, number: int) -> None:
    found, given_up = foreground(program)
    found.act(number)
    assert program.heard == []
    assert [error.code for error in given_up if isinstance(error, SystemExit)] == [128 + number]


def test_a_key_that_our_terminal_has_made_a_quit_of_is_the_programs(program: Told) -> None:
    found, given_up = foreground(program, Wishes(quits=False))
    found.act(signal.SIGQUIT)
    assert (program.heard, given_up) == (["QUIT"], [])


def test_a_size_is_told_once(program: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "99")
    monkeypatch.setenv("LINES", "33")
    found, _ = foreground(program)
    found.act(signal.SIGWINCH)
    found.act(signal.SIGWINCH)
    assert len(program.heard) == 1


@pytest.mark.parametrize(("action", "status"), [(Action.DISCONNECT, DISCONNECTED), (Action.KILL, KILLED)])
def test_leaving_has_its_status(program: Told, action: Action, status: int) -> None:
    found, given_up = foreground(program)
    found._escapes[action]()
    assert [error.exit_status for error in given_up if isinstance(error, Left)] == [status]


def test_detaching_is_left_to_who_can(program: Told) -> None:
    detached: list[str] = []
    found, given_up = foreground(program, Wishes(detach=lambda: detached.append("left")))
    found._escapes[Action.DETACH]()
    assert (detached, given_up) == (["left"], [])


@pytest.mark.parametrize("action", [each for each in Action if each is not Action.COMMAND_LINE])
def test_every_escape_is_known(program: Told, action: Action) -> None:
    found, _ = foreground(program)
    assert action in found._escapes
