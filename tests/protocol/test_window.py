from __future__ import annotations

import pytest

from rsh.errors import ProtocolError
from rsh.protocol.window import INITIAL_WINDOW, MAX_WINDOW, Budget, ReceiveWindow, SendWindow


def test_credit_comes_back_when_a_quarter_was_read() -> None:
    window = ReceiveWindow(Budget())
    window.receive(INITIAL_WINDOW // 2, starved=False)
    assert window.consume(INITIAL_WINDOW // 4 - 1) == 0
    assert window.consume(1) == INITIAL_WINDOW // 4


def test_sender_is_named_when_it_exceeds_the_window() -> None:
    window = ReceiveWindow(Budget())
    window.receive(INITIAL_WINDOW, starved=False)
    with pytest.raises(ProtocolError, match="window exceeded"):
        window.receive(1, starved=False)


def test_window_doubles_when_the_sender_starved_and_the_reader_kept_up() -> None:
    window = ReceiveWindow(Budget())
    window.receive(INITIAL_WINDOW, starved=True)
    assert window.consume(INITIAL_WINDOW) == 2 * INITIAL_WINDOW


def test_window_stays_when_the_reader_is_slow() -> None:
    window = ReceiveWindow(Budget())
    window.receive(INITIAL_WINDOW, starved=True)
    assert window.consume(INITIAL_WINDOW // 4) == INITIAL_WINDOW // 4


def test_window_stays_when_the_budget_is_spent_and_grows_after_it_is_given_back() -> None:
    budget = Budget(INITIAL_WINDOW)
    first, second = ReceiveWindow(budget), ReceiveWindow(budget)
    for window in (first, second):
        window.receive(INITIAL_WINDOW, starved=True)
    assert first.consume(INITIAL_WINDOW) == 2 * INITIAL_WINDOW
    assert second.consume(INITIAL_WINDOW) == INITIAL_WINDOW
    first.release()
    second.receive(INITIAL_WINDOW, starved=True)
    assert second.consume(INITIAL_WINDOW) == 2 * INITIAL_WINDOW


def test_window_stops_growing_at_its_maximum() -> None:
    window = ReceiveWindow(Budget(1 << 40))
    size = INITIAL_WINDOW
    for _ in range(10):
        window.receive(size, starved=True)
        size = window.consume(size)
    assert size == MAX_WINDOW


def test_credit_is_refused_when_no_receiver_can_have_promised_it() -> None:
    with pytest.raises(ProtocolError):
        SendWindow().add(MAX_WINDOW)
