from __future__ import annotations

import pytest

from rsh.client.api.remote import Remote
from rsh.client.cli.context import Context
from rsh.client.cli.options import parse
from rsh.client.cli.repeat import dial_again, is_repeatable, repeating
from rsh.client.cli.table import find
from rsh.client.dialling import reaching
from rsh.errors import Code, LinkError, Refused, RshError, SessionGone, TrustError

GONE = SessionGone(Code.NO_SESSION, "gone")


class Dialling(Context):
    """A context whose server answers with these, one after the other; None takes us."""

    def __init__(self, *answers: RshError | None) -> None:
        super().__init__("cli", self._never)
        self.answers = list(answers)
        self.patience = 30.0

    def _never(self) -> Remote:
        raise AssertionError("not to be used")

    def wait_connected(self) -> None:
        if answer := self.answers.pop(0):
            raise answer


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "PAUSES", (0.001, 0.001))


@pytest.mark.parametrize(
    ("words", "repeatable"),
    [
        (["put", "a", "h:b"], True),
        (["get", "h:a", "b"], True),
        (["put", "-", "h:b"], False),
        (["put", "--on-conflict=skip", "a", "h:b"], True),
        (["put", "--on-conflict=backup", "a", "h:b"], False),
        (["get", "--on-conflict=rename", "h:a", "b"], False),
        (["get", "h:a", "-"], False),
        (["ls", "h:"], True),
        (["ls", "-R", "h:"], False),
        (["rm", "h:a"], False),
        (["exec", "h", "--", "true"], False),
    ],
)
def test_only_what_does_no_harm_is_done_twice(words: list[str], repeatable: bool) -> None:
    command = find(words[0], "cli")
    assert command is not None
    assert is_repeatable(command, parse(command, words[1:], "cli")) is repeatable


def test_daemon_that_is_being_restarted_is_waited_for() -> None:
    context = Dialling(LinkError("refused"), Refused(Code.BUSY, "busy"), SessionGone(Code.SHUTDOWN, "going"), None)
    dial_again(context, GONE, context.patience)
    assert context.answers == []


def test_daemon_that_does_not_want_us_ends_the_waiting() -> None:
    with pytest.raises(TrustError):
        dial_again(Dialling(TrustError("another key")), GONE, None)
    with pytest.raises(Refused, match="not you"):
        dial_again(Dialling(Refused(Code.UNKNOWN_KEY, "not you")), GONE, None)


def test_what_is_gone_is_told_when_nobody_comes_in_time() -> None:
    context = Dialling(*[LinkError("refused")] * 1000)
    context.patience = 0.02
    with pytest.raises(SessionGone):
        dial_again(context, GONE, context.patience)


def test_operation_runs_again_until_it_has_an_end() -> None:
    outcomes: list[int | SessionGone] = [GONE, GONE, 3]

    def run() -> int:
        outcome = outcomes.pop(0)
        if isinstance(outcome, SessionGone):
            raise outcome
        return outcome

    assert repeating(Dialling(None, None), run) == 3
