"""`-n` of the commands that change files over there: what would be done is told, and nothing is (R30)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.files.transfers import snapshot
from tests.machines import Home


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "tree" / "dir").mkdir(parents=True)
    for name in ("a b", "c", "dir/c"):
        (tmp_path / "tree" / name).write_text("text")
    return tmp_path / "tree"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("mv", "{}/a b", "{}/new"), ["would move '{}/a b' to {}/new"]),
        (("mv", "{}/a b", "{}/c"), ["would move '{}/a b' to {}/c, which is there"]),
        (("cp", "{}/*", "{}/dir"), ["'{}/a b' to '{}/dir/a b'", "{}/c to {}/dir/c, which is there", "{}/dir to"]),
        (("cp", "-t", "{}/dir", "{}/c"), ["would copy {}/c to {}/dir/c, which is there"]),
        (("ln", "{}/c", "{}/d"), ["would link {}/c to {}/d"]),
        (("ln", "-s", "nowhere", "{}/d"), ["would link nowhere to {}/d"]),
        (("chmod", "-R", "go=", "{}"), ["would set mode go= of {} (5 files, "]),
        (("chown", ":0", "{}/c"), ["would set owner :0 of {}/c"]),
        (("mkdir", "{}/new"), ["would make {}/new"]),
        (("mkdir", "-p", "{}/new/deep", "{}/dir"), ["would make {}/new/deep"]),
    ],
)
def test_what_would_be_done_is_told(me: Home, host: str, tree: Path, words: tuple[str, ...], told: list[str]) -> None:
    before = snapshot(bytes(tree))
    done = me.rsh(words[0], "-n", *(_there(host, word, tree) for word in words[1:]))
    assert (done.returncode, done.stderr) == (0, b"")
    lines = done.stdout.decode().splitlines()
    assert len(lines) == len(told)
    for line, expected in zip(lines, told, strict=True):
        assert expected.replace("{}", str(tree)) in line
    assert snapshot(bytes(tree)) == before


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("mv", "{}/none", "{}/new"), "{}/none: No such file"),
        (("cp", "{}/c", "{}/a b", "{}/new"), "{}/new: Not a directory"),
        (("mv", "-t", "{}/c", "{}/a b"), "{}/c/: Not a directory"),
        (("ln", "{}/none", "{}/new"), "{}/none: No such file"),
        (("chmod", "600", "{}/none"), "{}/none: No such file"),
        (("mkdir", "{}/dir"), "{}/dir: File exists"),
        (("mkdir", "{}/new/deep"), "{}/new/deep: No such file"),
    ],
)
def test_what_could_not_be_done_is_an_error(
    me: Home, host: str, tree: Path, words: tuple[str, ...], error: str
) -> None:
    done = me.rsh(words[0], "-n", *(_there(host, word, tree) for word in words[1:]))
    assert (done.returncode, done.stdout) == (1, b"")
    assert error.replace("{}", str(tree)) in done.stderr.decode()


def _there(host: str, word: str, tree: Path) -> str:
    """Give an argument: a path over there if it is to be one."""
    return f"{host}:{word}".replace("{}", str(tree)) if "{}" in word or word == "nowhere" else word
