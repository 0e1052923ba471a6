"""The command line's part of copies; the copies themselves are in tests/files and tests/scenarios/test_files.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.machines import Daemon, Home


@pytest.fixture
def host(shared_daemon: Daemon) -> str:
    return shared_daemon.host


@pytest.fixture
def me(shared_daemon: Daemon) -> Home:
    return shared_daemon.home


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "source"
    path.write_text("content")
    return path


def test_target_directory_takes_all_sources(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("x")
    (tmp_path / "there").mkdir()
    assert me.rsh("put", "-t", f"{host}:{tmp_path}/there", str(source), str(tmp_path / "other")).returncode == 0
    assert sorted(os.listdir(tmp_path / "there")) == ["other", "source"]


def test_get_without_a_target_copies_here(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "cwd").mkdir()
    assert me.rsh("get", f"{host}:{source}", cwd=tmp_path / "cwd").returncode == 0
    assert (tmp_path / "cwd" / "source").read_text() == "content"


def test_options_that_cp_and_scp_need_are_accepted(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    assert me.rsh("put", "-rp", str(source), f"{host}:{tmp_path}/copy").returncode == 0
    assert (tmp_path / "copy").read_text() == "content"


def test_json_tells_what_was_copied_and_what_was_not(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    done = me.rsh("put", "--json", str(source), str(tmp_path / "missing"), f"{host}:{tmp_path}/there/")
    told = json.loads(done.stdout)
    assert done.returncode == 1
    assert (told["files"], told["bytes"], told["failed"]) == (1, 7, 1)
    assert told["failures"][0]["error"] == "ENOENT"
    assert done.stderr == f"rsh: put: {tmp_path}/missing: No such file or directory\n".encode()


def test_stdin_goes_to_one_named_file_only(me: Home, host: str, source: Path) -> None:
    for words in (("-", str(source), f"{host}:/tmp/"), ("-", f"{host}:")):
        done = me.rsh("put", *words, input=b"x")
        assert done.returncode == 2
        assert b"has to be named" in done.stderr


def test_stdin_to_a_directory_is_refused(me: Home, host: str, tmp_path: Path) -> None:
    done = me.rsh("put", "-", f"{host}:{tmp_path}", input=b"x")
    assert done.returncode == 1
    assert b"Is a directory" in done.stderr


def test_cat_names_every_file_that_fails_and_prints_the_rest(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    done = me.rsh("cat", *(f"{host}:{path}" for path in (tmp_path / "one", source, tmp_path, source)))
    assert done.stdout == b"contentcontent"
    assert done.returncode == 1
    lines = done.stderr.decode().splitlines()
    assert lines == [
        f"rsh: cat: {tmp_path}/one: No such file or directory",
        f"rsh: cat: {tmp_path}: Is a directory",
    ]


def test_a_local_name_with_a_colon_is_reached_by_a_dot(me: Home, host: str, tmp_path: Path) -> None:
    (tmp_path / "a:b").write_text("x")
    assert me.rsh("put", "./a:b", f"{host}:{tmp_path}/copy", cwd=tmp_path).returncode == 0
    assert (tmp_path / "copy").read_text() == "x"


def test_no_bar_is_drawn_where_stderr_is_no_terminal(me: Home, host: str, tmp_path: Path) -> None:
    with (tmp_path / "big").open("wb") as file:
        file.truncate(200_000_000)
    done = me.rsh("get", f"{host}:{tmp_path}/big", str(tmp_path / "copy"))
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
