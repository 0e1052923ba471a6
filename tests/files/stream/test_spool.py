from __future__ import annotations

import pytest

from rsh.files.stream import spool as module
from rsh.files.stream.spool import Spool


@pytest.mark.parametrize("room", [10, 2**20])
def test_what_was_appended_is_given_as_often_as_wanted(room: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_IN_MEMORY", room)
    spool = Spool()
    items = [b"", b"a\0b", b"x" * 1000]
    for item in items:
        spool.append(item)
    assert [list(spool), list(spool)] == [items, items]
    spool.append(b"last")
    assert list(spool)[-1] == b"last"
    assert spool.count == 4
    spool.close()
