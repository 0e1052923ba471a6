from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from rsh.client.api.renewing import Renewing
from rsh.client.dialling import reaching
from rsh.errors import Code, LinkError, SessionGone
from rsh.session.session import Session
from tests.session.pairs import echo, sessions

HEARD = SessionGone(Code.NO_SESSION, "gone")
UNHEARD = SessionGone(Code.SHUTDOWN, "going", unheard=True)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reaching, "PAUSES", (0.001, 0.001))


def failing(*errors: Exception) -> Callable[[], str]:
    """Give work that fails with these, one after the other, and is done then."""
    left = list(errors)

    def work() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return work


@pytest.mark.parametrize(
    ("errors", "once"), [((HEARD, UNHEARD, HEARD), False), ((UNHEARD, UNHEARD), True), ((), True), ((), False)]
)
def test_work_is_done_again_where_it_does_no_harm(errors: tuple[Exception, ...], once: bool) -> None:
    with sessions(echo) as (session, _):
        made, told = [], []

        def again() -> Session:
            made.append(session)
            return session

        machine = Renewing(session, again)
        assert machine.persist(failing(*errors), once=once, restarted=lambda: told.append(True)) == "done"
    assert len(made) == len(told) == len(errors)


@pytest.mark.parametrize(
    ("error", "once", "renewable"),
    [(HEARD, True, True), (UNHEARD, True, False), (HEARD, False, False), (LinkError("no way"), False, True)],
)
def test_work_that_may_have_begun_or_cannot_go_on_fails(error: Exception, once: bool, renewable: bool) -> None:
    with sessions(echo) as (session, _):
        machine = Renewing(session, (lambda: session) if renewable else None)
        with pytest.raises(type(error)) as raised:
            machine.persist(failing(error), once=once)
    assert raised.value is error


def test_daemon_is_waited_for_until_patience_ends() -> None:
    with sessions(echo) as (session, _):
        machine = Renewing(session, failing(*[LinkError("refused")] * 1000), patience=0.02)  # type: ignore[arg-type]  # gives no session
        with pytest.raises(SessionGone):
            machine.persist(failing(HEARD))


def test_many_threads_share_one_new_session() -> None:
    with sessions(echo) as (old, _), sessions(echo) as (new, _):
        made = []
        barrier = threading.Barrier(8)

        def again() -> Session:
            made.append(new)
            return new

        machine = Renewing(old, again)

        def renew() -> None:
            barrier.wait()
            machine.renew(old, HEARD)

        threads = [threading.Thread(target=renew) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (machine.session, made) == (new, [new])


def test_closing_ends_the_waiting_for_a_daemon() -> None:
    waiting = threading.Event()

    def again() -> Session:
        waiting.set()
        raise LinkError("refused")

    with sessions(echo) as (session, _):
        machine = Renewing(session, again)

        def close() -> None:
            waiting.wait()
            machine.close()

        closer = threading.Thread(target=close)
        closer.start()
        with pytest.raises(SessionGone):
            machine.persist(failing(HEARD))
        closer.join()


def test_session_that_is_made_when_nobody_wants_it_any_more_is_closed() -> None:
    with sessions(echo) as (old, _), sessions(echo) as (new, _):
        machine: Renewing

        def again() -> Session:
            machine.close()
            return new

        machine = Renewing(old, again)
        with pytest.raises(LinkError, match="closed"):
            machine.persist(failing(HEARD))
        assert new.error is not None
