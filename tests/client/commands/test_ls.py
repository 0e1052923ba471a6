from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from rsh.client.commands.ls import Block, Listing
from rsh.client.text.listing import Order
from rsh.files.disk.listing import entries
from tests.machines import Daemon


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "inner").touch()
    (tmp_path / ".secret" / "deep").mkdir(parents=True)
    (tmp_path / ".secret" / "file").touch()
    (tmp_path / "top").touch()
    return tmp_path


def blocks(paths: Sequence[str], order: Order, *, recursive: bool = False) -> list[tuple[str | None, list[str]]]:
    listing = Listing("ls", order)
    names = [os.fsencode(path) for path in paths]
    if order.all:
        listing.know_dots(entries([name + dot for name in names for dot in (b"/.", b"/..")], itself=True))
    return [shown(block) for block in listing.blocks(entries(names, recursive=recursive))]


def shown(block: Block) -> tuple[str | None, list[str]]:
    directory, inside = block
    return None if directory is None else os.fsdecode(directory), [os.fsdecode(entry.name) for entry in inside]


def test_hidden_directories_are_not_entered_unless_asked_for(tree: Path) -> None:
    assert blocks(["."], Order(), recursive=True) == [(".", ["a", "top"]), ("./a", ["inner"])]


def test_all_shows_dots_in_every_directory(tree: Path) -> None:
    assert dict(blocks(["."], Order(all=True), recursive=True)) == {
        ".": [".", "..", ".secret", "a", "top"],
        "./.secret": [".", "..", "deep", "file"],
        "./.secret/deep": [".", ".."],
        "./a": [".", "..", "inner"],
    }


def test_almost_all_shows_no_dots(tree: Path) -> None:
    assert blocks(["."], Order(almost_all=True)) == [(".", [".secret", "a", "top"])]


def test_what_was_named_itself_comes_first_and_is_never_hidden(tree: Path) -> None:
    assert blocks(["a", ".secret/file", "top"], Order()) == [(None, [".secret/file", "top"]), ("a", ["inner"])]


def test_an_empty_directory_has_a_block(tree: Path) -> None:
    assert blocks([".secret/deep"], Order()) == [(".secret/deep", [])]


def test_a_missing_path_is_named_and_the_rest_is_listed(tree: Path, capfd: pytest.CaptureFixture[str]) -> None:
    listing = Listing("ls", Order())
    assert len(list(listing.blocks(entries([b"nowhere", b"a"])))) == 1
    assert listing.status == 1
    assert capfd.readouterr().err == "rsh: ls: nowhere: No such file or directory\n"


def test_a_symlink_that_is_named_is_itself_with_l_only(shared_daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "inner").touch()
    (tmp_path / "link").symlink_to("dir")
    for options in ("-1", "-l", "-F", "-lR"):
        for path in (f"{tmp_path}/link", f"{tmp_path}/link/", f"{tmp_path}"):
            expected = subprocess.run(["ls", options, path], capture_output=True, check=True)
            done = shared_daemon.home.rsh("ls", options, f"{shared_daemon.host}:{path}")
            assert done.stdout == expected.stdout
