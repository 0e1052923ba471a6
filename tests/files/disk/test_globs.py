from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.files.disk.globs import expand


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    for name in ("a.txt", "b.txt", ".hidden.txt", "[x]", "d/c.txt", "d/e/f.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return os.fsencode(tmp_path)


@pytest.mark.parametrize(
    ("pattern", "paths"),
    [
        (b"*.txt", [b"a.txt", b"b.txt"]),
        (b"?.txt", [b"a.txt", b"b.txt"]),
        (b"[b-z].txt", [b"b.txt"]),
        (b".*.txt", [b".hidden.txt"]),
        (b"**/*.txt", [b"a.txt", b"b.txt", b"d/c.txt", b"d/e/f.txt"]),
        (b"d/*/", [b"d/e/"]),
        (b"[x]", [b"[x]"]),
        (b"nothing*", [b"nothing*"]),
        (b"no[*]thing[?]", [b"no*thing?"]),
        (b"no[*]thing*", [b"no[*]thing*"]),
        (b"plain", [b"plain"]),
    ],
)
def test_pattern_expands_as_in_a_shell(top: bytes, pattern: bytes, paths: list[bytes]) -> None:
    assert expand([pattern], directory=top) == paths


def test_absolute_pattern_gives_absolute_paths(top: bytes) -> None:
    assert expand([top + b"/a*"]) == [top + b"/a.txt"]


def test_name_that_is_no_utf8_is_matched(top: bytes) -> None:
    with open(top + b"/\xff", "wb"):
        pass
    assert expand([b"\xff*", b"\xff"], directory=top) == [b"\xff", b"\xff"]


def test_home_is_expanded_and_an_unknown_user_is_not(top: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", os.fsdecode(top))
    assert expand([b"~", b"~/a*", b"~no such user/x", b"x~"]) == [top, top + b"/a.txt", b"~no such user/x", b"x~"]
