"""What tests of the client have in common."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def home_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No rc file of whoever runs the tests has a say."""
    monkeypatch.setattr(
        "rsh.server.account.Account.current", classmethod(lambda cls: cls("ann", bytes(tmp_path), b"/bin/bash", "box"))
    )
