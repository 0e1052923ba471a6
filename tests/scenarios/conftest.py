"""What several scenarios begin with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.machines import Daemon
from tests.proxy import Proxy
from tests.scenarios.screens import SIGN, Terminal


@pytest.fixture
def network(shared_daemon: Daemon) -> Iterator[Proxy]:
    """The way to the daemon, which can be cut."""
    with Proxy(shared_daemon.host) as proxy:
        yield proxy


@pytest.fixture
def distant(shared_daemon: Daemon, network: Proxy) -> Iterator[Terminal]:
    """A prompt that has only this way to its daemon; x is 5 in its shell."""
    with Terminal(shared_daemon.home, "connect", "-q", "-X", network.host, columns=100) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("x=5\r")
        terminal.until(lambda: terminal.screen.cursor.y > 0 and terminal.cursor_line.endswith(f":~{SIGN}"))
        yield terminal
