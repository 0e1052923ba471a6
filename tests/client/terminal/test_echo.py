"""The echo of a terminal, turned off for a while."""

from __future__ import annotations

import os
import termios

from rsh.client.terminal.echo import EchoOff


def test_keys_are_kept_and_not_shown_while_it_is_entered() -> None:
    user, ours = os.openpty()
    before = termios.tcgetattr(ours)
    with EchoOff(ours):
        os.write(user, b"kept\n")
        assert os.read(ours, 100) == b"kept\n"
        os.write(ours, b"shown")
        assert os.read(user, 100) == b"shown"
    assert termios.tcgetattr(ours) == before
    os.close(user)
    os.close(ours)


def test_what_is_no_terminal_or_has_gone_does_no_harm() -> None:
    here, there = os.pipe()
    with EchoOff(here):
        os.close(there)
    os.close(here)
    user, ours = os.openpty()
    with EchoOff(ours):
        os.close(user)
    os.close(ours)
