from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import Daemon, Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An account with nothing in it."""
    return Home(tmp_path / "account")


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """A daemon of that account, on a free port."""
    with Daemon(home) as running:
        yield running


@pytest.fixture(scope="module")
def shared_daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon for the scenarios of one file that leave nothing behind."""
    with Daemon(Home(tmp_path_factory.mktemp("shared") / "account")) as running:
        yield running
