from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.machines import Home
from tests.scenarios.screens import Terminal


@pytest.mark.parametrize("path", [".", "..", "/", "x/..", "", "x/./", "//"])
def test_rm_refuses_what_rm_refuses(me: Home, host: str, path: str) -> None:
    done = me.rsh("rm", "-rf", f"{host}:{path}")
    assert done.returncode == 1
    assert b"refusing to remove" in done.stderr


def test_rm_removes_the_rest_when_one_is_missing(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "there").touch()
    done = me.rsh("rm", f"{host}:{tmp_path}/missing", f"{host}:{tmp_path}/there")
    assert done.returncode == 1
    assert done.stderr == f"rsh: rm: {tmp_path}/missing: No such file or directory\n".encode()
    assert os.listdir(tmp_path) == []


def test_rm_forces(me: Home, host: str, tmp_path: Path) -> None:
    assert me.rsh("rm", "-f", f"{host}:{tmp_path}/missing").returncode == 0


def test_mkdir_of_what_exists_fails_without_p(me: Home, host: str, tmp_path: Path) -> None:
    assert b"File exists" in me.rsh("mkdir", f"{host}:{tmp_path}").stderr
    assert me.rsh("mkdir", "-p", f"{host}:{tmp_path}").returncode == 0


def test_mv_renames_and_moves_into_directories(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "dir").mkdir()
    assert me.rsh("mv", f"{host}:{tmp_path}/a", f"{host}:{tmp_path}/b").returncode == 0
    assert me.rsh("mv", "-t", f"{host}:{tmp_path}/dir", f"{host}:{tmp_path}/b").returncode == 0
    assert (tmp_path / "dir" / "b").read_text() == "a"


def test_mv_into_a_directory_that_is_none_keeps_both(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("a")
    (tmp_path / "b").write_text("b")
    assert me.rsh("mv", "-t", f"{host}:{tmp_path}/b", f"{host}:{tmp_path}/a").returncode == 1
    assert ((tmp_path / "a").read_text(), (tmp_path / "b").read_text()) == ("a", "b")


def test_mv_needs_a_destination(me: Home, host: str) -> None:
    assert b"missing destination" in me.rsh("mv", f"{host}:a").stderr


def test_rm_of_a_tree_asks_on_a_terminal(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    for answer, stays in (("\r", True), ("n\r", True), ("y\r", False)):
        with Terminal(me, "rm", "-r", f"{host}:{tmp_path}/tree", columns=200) as terminal:
            terminal.until_shown("tree (2 files, ")
            terminal.press(answer)
            assert terminal.end() == (1 if stays else 0)
        assert (tmp_path / "tree").exists() == stays


def test_rm_asks_nobody_who_has_said_yes(me: Home, host: str, tmp_path: Path) -> None:
    for option in ("-y", "-f"):
        (tmp_path / "tree").mkdir()
        with Terminal(me, "rm", "-r", option, f"{host}:{tmp_path}/tree") as terminal:
            assert terminal.end() == 0
        assert not (tmp_path / "tree").exists()


def test_rm_says_what_it_would_do(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    (tmp_path / "tree" / "leaf").touch()
    done = me.rsh("rm", "-rn", f"{host}:{tmp_path}/tree")
    assert done.returncode == 0
    assert done.stdout.startswith(f"would remove {tmp_path}/tree (2 files, ".encode())
    assert (tmp_path / "tree" / "leaf").exists()
