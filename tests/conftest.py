from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.machines import Daemon, Home, end_shells

# What guards a change must not depend on luck or on a busy machine; new examples are looked for at the desk.
# A busy machine is slow, and no test is wrong for that.
SLOW = (HealthCheck.too_slow,)
settings.register_profile("desk", deadline=None, suppress_health_check=SLOW)
settings.register_profile("ci", deadline=None, derandomize=True, suppress_health_check=SLOW)
settings.load_profile("desk")
if os.environ.get("CI"):
    settings.load_profile("ci")


# A script that runs the tests in its background has these ignored, and so would have what they start.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def own_folders(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Keep the folders of whoever runs the tests out of them."""
    folder = tmp_path_factory.mktemp("xdg")
    for name in ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
        (folder / name).mkdir(mode=0o700)
        monkeypatch.setenv(name, str(folder / name))
    yield
    end_shells(folder / "XDG_RUNTIME_DIR")


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """An account with nothing in it."""
    account = Home(tmp_path / "account")
    yield account
    end_shells(account.folder / "run")


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """A daemon of that account, on a free port."""
    with Daemon(home) as running:
        yield running


@pytest.fixture(scope="module")
def shared_daemon(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """A daemon for the scenarios of one file that leave nothing behind, with the options that the file has for it."""
    account = Home(tmp_path_factory.mktemp("shared") / "account")
    with Daemon(account, *getattr(request.module, "DAEMON", ())) as running:
        yield running
    end_shells(account.folder / "run")


@pytest.fixture(scope="module")
def me(shared_daemon: Daemon) -> Home:
    """The account of that daemon."""
    return shared_daemon.home


@pytest.fixture(scope="module")
def host(shared_daemon: Daemon) -> str:
    """Where that daemon is reached."""
    return shared_daemon.host
