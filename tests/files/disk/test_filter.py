from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from pathspec import GitIgnoreSpec

from rsh.errors import UsageError
from rsh.files.disk.descent import Descent
from rsh.files.disk.filter import Filter, make_filter, swift
from rsh.files.disk.tree import Step, walk

RULES = [b"*.o", b"!keep.o", b"/build/", b"cache", b"docs/**/secret", b"\\#odd", b"k*[!a]z"]
FILES = (
    "a.o", "keep.o", "src/a.o", "src/keep.o", "src/a.c", "build/x", "src/build/x", "cache/keep.o", "x/cache",
    "docs/secret", "docs/a/b/secret", "docs/a/b/open", "#odd", "new\nline.o", "new\nline/a.o", "-dash.o", "bad\udcff.o",
    "k/z", "kbz", "kaz", "k/kkz",
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


@pytest.mark.parametrize("rule", [b"!", b"[z-a]"])
def test_a_rule_that_means_nothing_is_refused(rule: bytes) -> None:
    with pytest.raises(UsageError, match="gitignore"):
        Filter([rule])


def test_a_bracket_in_brackets_is_one_and_no_warning() -> None:
    assert not Filter([b"*[[]*b"]).keeps(b"a[b")  # A warning would be an error here.


NAMES = some.lists(some.text("ab]-", min_size=1, max_size=5), min_size=1, max_size=6).map("/".join)
SEGMENTS = some.one_of(
    some.just("**"),
    some.text("ab*", max_size=6),
    some.text("ab*?]-", max_size=6),
    some.sampled_from(["*[ab]*[]-]*", "[]]*b", "\\a*b*\\]"]),
)
RULES_OF_STARS = some.lists(SEGMENTS, min_size=1, max_size=6).map("/".join)


@given(some.lists(RULES_OF_STARS, min_size=1, max_size=2), NAMES)
def test_rules_mean_what_pathspec_makes_of_them(rules: list[str], name: str) -> None:
    try:
        theirs = GitIgnoreSpec.from_lines(rules)
    except ValueError:
        return
    ours = Filter([os.fsencode(rule) for rule in rules])
    for path in (name, name + "/"):
        assert ours.keeps(path.rstrip("/").encode(), directory=path != name) is not theirs.match_file(path)


@pytest.mark.parametrize(
    ("rule", "path"),
    [
        (b"*a" * 30 + b"*b", b"a" * 250),
        (b"*" * 40 + b"b", b"a" * 250),
        (b"*?[a]" * 20 + b"*b", b"a" * 250),
        (b"x/**" + b"/a/**" * 12 + b"/b", b"x/" + b"a/" * 500 + b"c"),
        (b"**" + b"/*a*a*a/**" * 12 + b"/b", b"aaaaa/" * 300 + b"c"),
    ],
)
def test_no_name_keeps_us_at_a_rule(rule: bytes, path: bytes) -> None:
    assert Filter([rule]).keeps(path)  # or all threads stand still for hours


def test_what_has_no_second_star_stays_as_it_is() -> None:
    for expression in ("^(?:.+/)?[^/]*\\.o(?:(?P<ps_d>/)|$)", "^a/[^/]+/b(?:(?P<ps_d>/)|$)", "^docs(?:/.+)?/secret"):
        assert swift(expression) == expression
