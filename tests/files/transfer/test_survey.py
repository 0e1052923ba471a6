from __future__ import annotations

from pathlib import Path

import pytest

from rsh.files.transfer import survey as module
from rsh.files.transfer.survey import survey
from rsh.protocol.answer_records import Total


def test_items_and_content_are_counted_as_a_transfer_counts_them(tmp_path: Path) -> None:
    (tmp_path / "tree" / "empty").mkdir(parents=True)
    (tmp_path / "tree" / "a").write_bytes(b"x" * 10)
    (tmp_path / "tree" / "link").symlink_to("a" * 100)
    (tmp_path / "single").write_bytes(b"y" * 5)
    found = list(survey([b"tree", b"single", b"missing"], directory=bytes(tmp_path)))
    assert found == [Total(5, 15, True)]


def test_how_far_it_is_is_told_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TELL_EVERY", 0.0)
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "b").write_bytes(b"x")
    found = list(survey([bytes(tmp_path)]))
    assert found == [Total(2, 1, False), Total(3, 2, False), Total(3, 2, True)]
