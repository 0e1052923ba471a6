from __future__ import annotations

import pytest

from rsh.files.sync import alike as sync_alike
from rsh.files.sync.alike import Alike


def test_everything_is_told_once_at_the_latest_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[int, int]] = []
    monkeypatch.setattr(sync_alike, "_EVERY", 0.0)
    alike = Alike(lambda items, size: told.append((items, size)))
    for size in range(1000):
        alike.add(size)
    alike.add(7, items=0)
    assert len(told) == 3
    alike.flush()
    alike.flush()
    assert len(told) == 4
    assert (sum(items for items, _ in told), sum(size for _, size in told)) == (1000, sum(range(1000)) + 7)
