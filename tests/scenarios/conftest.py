"""What several scenarios begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import Daemon, Home
from tests.proxy import Proxy
from tests.scenarios.screens import SIGN, Terminal, run


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
        run(terminal, "x=5", f":~{SIGN}")
        yield terminal


@pytest.fixture
def work(tmp_path: Path) -> Path:
    (tmp_path / "w").mkdir()
    return tmp_path / "w"


@pytest.fixture
def prompt(home: Home, work: Path) -> Iterator[Terminal]:
    """A prompt on this machine, standing in `work`; it was greeted before."""
    (home.folder / "state" / "rsh").mkdir(mode=0o700)
    (home.folder / "state" / "rsh" / "greeted").touch()
    with Terminal(home, "connect", columns=160) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"cd {work}\r")
        terminal.until_line(f"/w{SIGN}")
        yield terminal
