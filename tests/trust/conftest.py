"""An account with a home of its own for each test, and some certificates that are made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.trust import certificate


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the account's configuration at an empty place; give the folder, which does not exist yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "config" / "rsh"


@pytest.fixture(scope="session")
def alice() -> bytes:
    return certificate.to_der(certificate.make("alice"))


@pytest.fixture(scope="session")
def bob() -> bytes:
    return certificate.to_der(certificate.make("bob"))
