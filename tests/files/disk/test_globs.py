from __future__ import annotations

import fnmatch
import glob
import os
from pathlib import Path

import pytest

from rsh.files.disk.globs import MAX_PATTERN, expand, matcher


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
        (b"**", [b"[x]", b"a.txt", b"b.txt", b"d", b"d/c.txt", b"d/e", b"d/e/f.txt"]),
        (b"**/", [b"d/", b"d/e/"]),
        (b"d/**", [b"d/", b"d/c.txt", b"d/e", b"d/e/f.txt"]),
        (b"d/**/**/f.txt", [b"d/e/f.txt"]),
        (b"**/.*", [b".hidden.txt"]),
        (b"**/e/*", [b"d/e/f.txt"]),
        (b"**/none", [b"**/none"]),
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


@pytest.mark.parametrize(
    "pattern",
    [
        "*",
        ".*",
        "*/*",
        "d/*/",
        "[!a]*",
        "./?.*",
        "d/e/*",
        "**/*.txt",
        "d/**",
        "**",
        "**/",
        "*/**/f*",
        "./**/c.txt",
        "**/e",
        "**/e/",
        "d/**/e/**",
    ],
)
def test_two_stars_find_what_they_find_elsewhere(top: bytes, pattern: str) -> None:
    for start, inside in (("", top), (os.fsdecode(top) + "/", b"")):
        found = glob.glob(start + pattern, root_dir=os.fsdecode(top), recursive=True)
        assert expand([os.fsencode(start + pattern)], directory=inside) == sorted(map(os.fsencode, set(found)))


def test_two_stars_lead_through_no_symlink_and_look_into_nothing_twice(top: bytes) -> None:
    for name in (b"/loop", b"/d/again", b"/d/e/up"):
        os.symlink(b"..", top + name)
    for name in (b"/here", b"/d/here"):
        os.symlink(b".", top + name)
    deep = top + b"/d" + b"/a" * 200
    os.makedirs(deep)
    assert expand([b"**/again/b.txt"], directory=top) == [b"d/again/b.txt"]
    assert [path for path in expand([b"**"], directory=top) if path.count(b"here")] == [b"d/here", b"here"]
    assert expand([b"**/a" * 40 + b"/none"], directory=top) == [b"**/a" * 40 + b"/none"]


def test_pattern_is_not_remembered_when_its_work_is_done() -> None:
    before = fnmatch._compile_pattern.cache_info()  # type: ignore[attr-defined]  # nothing else tells
    assert matcher(b"*.[a-c]")(b"x.b") and not matcher(b"*.[a-c]")(b"x.d")
    assert matcher(b"?\xff*")(b"x\xff\n") and not matcher(b"?")(b"ab")
    assert not matcher(b"*" * (MAX_PATTERN + 1))(b"x")
    assert fnmatch._compile_pattern.cache_info() == before  # type: ignore[attr-defined]  # as above
