from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from rsh.errors import UsageError
from rsh.files.disk.descent import Descent
from rsh.files.disk.filter import Filter, make_filter
from rsh.files.disk.tree import Step, walk

RULES = [b"*.o", b"!keep.o", b"/build/", b"cache", b"docs/**/secret", b"\\#odd"]
FILES = (
    "a.o", "keep.o", "src/a.o", "src/keep.o", "src/a.c", "build/x", "src/build/x", "cache/keep.o", "x/cache",
    "docs/secret", "docs/a/b/secret", "docs/a/b/open", "#odd", "new\nline.o", "new\nline/a.o", "-dash.o", "bad\udcff.o",
)  # fmt: skip


def kept(top: Path, rules: list[bytes]) -> set[bytes]:
    place = Descent(os.open(top, os.O_RDONLY | os.O_DIRECTORY))
    found = set()
    for step, name, _ in walk(place, make_filter(rules)):
        if step is Step.FILE:
            found.add(b"/".join((*place.names, name)))
    place.close()
    return found


def test_what_is_left_out_is_what_git_ignores(tmp_path: Path) -> None:
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    found = kept(tmp_path, RULES)
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".git/info/exclude").write_bytes(b"\n".join(RULES) + b"\n")
    command = ["git", "-C", str(tmp_path), "ls-files", "-z", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True).stdout
    assert found == set(listed.split(b"\0")) - {b""}


def test_no_rules_are_no_filter() -> None:
    assert make_filter([]) is None


def test_a_rule_that_means_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="gitignore"):
        Filter([b"!"])
