from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from rsh.client.dialling import reaching
from rsh.client.dialling.reaching import reach_again
from rsh.errors import Code, LinkError, Refused, RshError, SessionGone, TrustError

GONE = SessionGone(Code.NO_SESSION, "gone")
RESTARTING = (
    LinkError("refused"),
    Refused(Code.BUSY, "busy"),
    SessionGone(Code.SHUTDOWN, "going"),
    SessionGone(Code.NO_SESSION, "gone"),
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "PAUSES", (0.001, 0.002))


def answering(*answers: RshError) -> Callable[[], str]:
    """Give a daemon that answers with these, one after the other, and takes us then."""
    left = list(answers)

    def reach() -> str:
        if left:
            raise left.pop(0)
        return "here"

    return reach


def test_daemon_that_is_being_restarted_is_waited_for() -> None:
    assert reach_again(answering(*RESTARTING), None, GONE, threading.Event()) == "here"


@pytest.mark.parametrize("error", [TrustError("another key"), Refused(Code.UNKNOWN_KEY, "not you")])
def test_daemon_that_does_not_want_us_ends_the_waiting(error: RshError) -> None:
    with pytest.raises(type(error)) as raised:
        reach_again(answering(LinkError("refused"), error), None, GONE, threading.Event())
    assert raised.value is error


def test_what_is_gone_is_told_when_nobody_comes_in_time() -> None:
    with pytest.raises(SessionGone) as raised:
        reach_again(answering(*[LinkError("refused")] * 1000), 0.02, GONE, threading.Event())
    assert raised.value is GONE


def test_nobody_is_dialled_once_the_waiting_was_stopped() -> None:
    stopped = threading.Event()
    asked = []

    def reach() -> str:
        asked.append(True)
        stopped.set()
        raise LinkError("refused")

    with pytest.raises(SessionGone):
        reach_again(reach, None, GONE, stopped)
    assert len(asked) == 1
