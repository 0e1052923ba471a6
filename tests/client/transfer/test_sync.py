"""The command line's part of syncs; the syncs themselves are in tests/files/test_sync.py."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pexpect
import pytest

import rsh
from rsh.client.cli.location import sides_at_the_prompt
from rsh.errors import UsageError
from rsh.files.sync.agreed import Agreed
from tests.files.transfers import snapshot
from tests.machines import SOON, Home, program
from tests.terminals import end_of


@pytest.fixture
def source(tmp_path: Path) -> Path:
    top = tmp_path / "source"
    (top / "deep").mkdir(parents=True)
    (top / "deep" / "file").write_text("content")
    (top / "text").write_bytes(b"again and " * 100_000)
    return top


def test_there_becomes_like_here_and_here_like_there(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    assert me.rsh("sync", str(source), f"{host}:{tmp_path}/there").returncode == 0
    assert me.rsh("sync", "--compress", f"{host}:{tmp_path}/there", str(tmp_path / "back")).returncode == 0
    assert snapshot(bytes(source)) == snapshot(bytes(tmp_path / "back"))
    done = me.rsh("sync", "-i", "--delete", str(source), f"{host}:{tmp_path}/there")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize("upward", [True, False])
def test_changes_are_printed_and_a_dry_run_makes_none(
    upward: bool, me: Home, host: str, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "extra\x1b").touch()
    os.utime(target, (1, 1))
    ends = [str(source), f"{host}:{target}"] if upward else [f"{host}:{source}", str(target)]
    sign = "<" if upward else ">"
    lines = ["cd+++++++++ deep/", f"{sign}f+++++++++ deep/file", f"{sign}f+++++++++ text", r"*deleting   extra\x1b"]
    assert me.rsh("sync", "-n", "--delete", *ends).stdout.decode().splitlines() == lines
    assert os.listdir(target) == ["extra\x1b"]
    done = me.rsh("sync", "-i", "--json", "--delete", *ends)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["change"] for event in events if event["event"] == "change"] == [
        line.partition(" ")[0] for line in lines
    ]
    assert (events[-1]["event"], events[-1]["files"], events[-1]["deleted"]) == ("summary", 2, 1)
    assert sorted(os.listdir(target)) == ["deep", "text"]


def test_a_user_at_a_terminal_is_asked_before_anything_is_deleted(
    me: Home, host: str, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / "extra").touch()
    command = [*program("rsh"), "sync", "--delete", str(source), f"{host}:{target}"]
    for answer, status, left in (("n", 1, ["extra"]), ("y", 0, ["deep", "text"])):
        child = pexpect.spawn(command[0], command[1:], env=me.environment, timeout=SOON)
        child.expect_exact("delete 1: extra?")
        child.sendline(answer)
        assert (end_of(child), sorted(os.listdir(target))) == (status, left)


def test_a_long_list_of_what_would_be_deleted_is_shown_on_demand(
    me: Home, host: str, source: Path, tmp_path: Path
) -> None:
    target = tmp_path / "target"
    target.mkdir()
    for number in range(8):
        (target / f"extra{number}").touch()
    command = [*program("rsh"), "sync", "--delete", f"{host}:{source}", str(target)]
    child = pexpect.spawn(command[0], command[1:], env=me.environment, timeout=SOON)
    child.expect_exact("and 3 more? [y/N, l lists them]")
    child.sendline("l")
    child.expect_exact("extra7\r\n")
    (target / "unseen").touch()
    child.expect_exact("l lists them]")
    child.sendline("y")
    child.expect_exact("unseen: Not deleted: nobody was asked about it")
    assert (end_of(child), sorted(os.listdir(target))) == (1, ["deep", "text", "unseen"])


@pytest.mark.parametrize("fetch", [True, False])
def test_what_nobody_has_agreed_to_lose_is_not_deleted(source: Path, tmp_path: Path, fetch: bool) -> None:
    target = tmp_path / "target"
    (target / "deep" / "more").mkdir(parents=True)
    (target / "extra").touch()
    agreed = Agreed()
    agreed.add(b"deep/more/")
    with rsh.connect() as remote:
        report = remote.sync(source, target, fetch=fetch, delete=True, agreed=agreed)
    assert ([(error.error, error.path) for error in report.failures], report.deleted) == ([("EUNASKED", b"extra")], 1)
    assert sorted(os.listdir(target)) == ["deep", "extra", "text"]


def test_an_empty_source_empties_the_target_only_by_force(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ends = ("--delete", str(tmp_path / "empty"), f"{host}:{source}")
    done = me.rsh("sync", *ends)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().splitlines() == [
        f"rsh: sync: {tmp_path}/empty: Nothing was deleted: the source is empty",
        "rsh: 'sync --delete --force' deletes all that is there",
    ]
    assert len(os.listdir(source)) == 2
    assert me.rsh("sync", "-f", *ends).returncode == 0
    assert os.listdir(source) == []


@pytest.mark.parametrize("command", ["put", "sync"])
def test_an_empty_name_is_not_the_working_directory(me: Home, host: str, tmp_path: Path, command: str) -> None:
    (tmp_path / "precious").touch()
    (tmp_path / "there").mkdir()
    done = me.rsh(command, "", f"{host}:{tmp_path}/there", cwd=tmp_path)
    assert done.returncode != 0 and b"Traceback" not in done.stderr
    done = me.rsh("sync", "--delete", f"{host}:{tmp_path}/there", "", cwd=tmp_path)
    assert done.returncode == 2
    assert sorted(os.listdir(tmp_path)) == ["precious", "there"] and os.listdir(tmp_path / "there") == []


@pytest.mark.parametrize("ends", [("a", "b"), ("x:a", "y:b"), ("a",)])
def test_one_side_has_to_be_here_and_one_there(ends: tuple[str, ...], me: Home) -> None:
    assert me.rsh("sync", *ends).returncode == 2


def test_at_the_prompt_a_colon_marks_what_is_there() -> None:
    assert sides_at_the_prompt("a", ":b") == ("a", "b", False)
    assert sides_at_the_prompt(":", "b") == (".", "b", True)
    with pytest.raises(UsageError):
        sides_at_the_prompt("a", "b")


def test_a_tree_replaces_no_file(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "target").write_text("precious")
    done = me.rsh("sync", "--delete", "-y", str(source), f"{host}:{tmp_path}/target")
    assert done.returncode == 1
    assert done.stderr == f"rsh: sync: {tmp_path}/target: Not a directory\n".encode()
    assert (tmp_path / "target").read_text() == "precious"


def test_python_programs_have_it_too(tmp_path: Path, source: Path) -> None:
    with rsh.connect() as remote:
        report = remote.sync(source, tmp_path / "there")
        assert (report.files, report.failed) == (2, 0)
        (source / "text").unlink()
        report = remote.sync(tmp_path / "there", tmp_path / "back", fetch=True)
        report = remote.sync(source, tmp_path / "there", delete=True)
        assert report.deleted == 1
    assert snapshot(bytes(source)) == snapshot(bytes(tmp_path / "there"))


def test_a_single_file_is_made_like_another_either_way(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    file = source / "text"
    assert me.rsh("sync", "-a", str(file), f"{host}:{tmp_path}/folder").returncode == 0
    assert me.rsh("sync", f"{host}:{tmp_path}/folder/text", str(tmp_path / "back")).returncode == 0
    assert (tmp_path / "back").read_bytes() == file.read_bytes()
    done = me.rsh("sync", "-i", str(tmp_path / "back"), f"{host}:{tmp_path}/folder/text")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
