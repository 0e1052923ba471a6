from __future__ import annotations

import os
import queue
import signal

from rsh.client.terminal.signals import SignalRelay, name_of
from tests.machines import SOON


def test_a_signal_is_handed_over_in_a_thread_of_its_own() -> None:
    heard: queue.SimpleQueue[int] = queue.SimpleQueue()
    with SignalRelay([signal.SIGINT, signal.SIGTERM], heard.put):
        os.kill(os.getpid(), signal.SIGTERM)
        assert heard.get(timeout=SOON) == signal.SIGTERM
        os.kill(os.getpid(), signal.SIGINT)
        assert heard.get(timeout=SOON) == signal.SIGINT


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with SignalRelay([signal.SIGINT], lambda number: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    assert signal.set_wakeup_fd(-1) == -1


def test_what_was_ignored_stays_ignored() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with SignalRelay([signal.SIGHUP], heard.append):
            os.kill(os.getpid(), signal.SIGHUP)
        assert heard == []
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_signals_are_named_as_they_travel() -> None:
    assert name_of(signal.SIGTERM) == "TERM"
