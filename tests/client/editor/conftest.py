"""What tests of the editor begin with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.editor.desk import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A prompt that nothing was typed at."""
    desk = Desk(tmp_path)
    yield desk
    desk.close()


@pytest.fixture
def vi(desk: Desk) -> Desk:
    """A prompt with the keys of vi."""
    desk.settings.set("keys", "vi")
    return desk
