"""What becomes of the program when one of its threads fails."""

from __future__ import annotations

import signal
import threading

import pytest

from rsh.client.terminal.crashes import Crashes


@pytest.mark.parametrize(("name", "ends"), [("completion", False), ("keyboard send", True)])
def test_thread_that_fails_says_nothing_and_a_vital_one_ends_the_program(
    name: str, ends: bool, capfd: pytest.CaptureFixture[str]
) -> None:
    received: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: received.append(number))
    try:
        with Crashes() as crashes:
            thread = threading.Thread(target=int, args=("no number",), name=name)
            thread.start()
            thread.join()
    finally:
        signal.signal(signal.SIGTERM, before)
    assert isinstance(crashes.first, ValueError)
    assert received == [signal.SIGTERM] * ends
    assert capfd.readouterr().err == ""


def test_trace_is_printed_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    with Crashes(debug=True):
        thread = threading.Thread(target=int, args=("no number",), name="completion")
        thread.start()
        thread.join()
    assert [type(crash.exc_value) for crash in seen] == [ValueError]
