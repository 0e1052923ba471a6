"""The command line's part of copies; the copies themselves are in tests/files and tests/scenarios/test_files.py."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pexpect
import pytest

from tests.files.transfers import snapshot
from tests.machines import SOON, Home, program
from tests.terminals import end_of


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


@pytest.mark.parametrize("name", ["missing", "file"])
@pytest.mark.parametrize("verb", ["put", "get"])
def test_target_directory_has_to_be_one(
    verb: str, name: str, me: Home, host: str, source: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("kept")
    (tmp_path / "tree").mkdir()
    here, there = ("", f"{host}:") if verb == "put" else (f"{host}:", "")
    for path in (source, tmp_path / "tree"):
        done = me.rsh(verb, "-t", f"{there}{tmp_path}/{name}", f"{here}{path}")
        error = "No such file or directory" if name == "missing" else "Not a directory"
        assert (done.returncode, done.stderr) == (1, f"rsh: {verb}: {tmp_path}/{name}: {error}\n".encode())
    assert sorted(os.listdir(tmp_path)) == ["file", "source", "tree"]
    assert (tmp_path / "file").read_text() == "kept"


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


@pytest.mark.parametrize("option", ["-n", "--on-conflict=skip"])
def test_stdin_takes_no_option_that_it_could_not_keep(option: str, me: Home, host: str, tmp_path: Path) -> None:
    done = me.rsh("put", option, "-", f"{host}:{tmp_path}/new", input=b"x")
    assert (done.returncode, os.listdir(tmp_path)) == (2, [])


def test_stdin_and_stdout_keep_to_a_limit(me: Home, host: str, tmp_path: Path) -> None:
    data = os.urandom(300_000)
    begun = time.monotonic()
    assert me.rsh("put", "--limit=400K", "-", f"{host}:{tmp_path}/new", input=data).returncode == 0
    assert me.rsh("get", "--limit=400K", f"{host}:{tmp_path}/new", "-").stdout == data
    assert time.monotonic() - begun > 1.0, "at most so much a second"


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


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    top = tmp_path / "tree"
    (top / "build").mkdir(parents=True)
    for name in ("a.c", "a.o", "keep.o", "build/x"):
        (top / name).write_text(name)
    return top


@pytest.mark.parametrize("verb", ["put", "get"])
def test_what_patterns_name_is_left_out(verb: str, me: Home, host: str, tree: Path, tmp_path: Path) -> None:
    ends = [str(tree), f"{host}:{tmp_path}/copy"] if verb == "put" else [f"{host}:{tree}", str(tmp_path / "copy")]
    done = me.rsh(verb, "--exclude=*.o", "--include=keep.o", "--exclude", "build/", *ends)
    assert (done.returncode, done.stderr) == (0, b"")
    assert sorted(os.listdir(tmp_path / "copy")) == ["a.c", "keep.o"]


@pytest.mark.parametrize("verb", ["put", "get"])
def test_a_dry_run_tells_everything_and_does_nothing(
    verb: str, me: Home, host: str, tree: Path, tmp_path: Path
) -> None:
    (tmp_path / "copy").mkdir()
    target = f"{tmp_path}/copy"
    ends = [f"{tree}/a.c", f"{host}:{target}"] if verb == "put" else [f"{host}:{tree}/a.c", target]
    done = me.rsh(verb, "-n", *ends)
    assert (done.returncode, done.stdout) == (0, f"create  {tmp_path}/copy/a.c\n".encode())
    done = me.rsh(verb, "-n", "--json", *ends)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["would", "summary"]
    assert os.listdir(target) == []


@pytest.mark.parametrize("verb", ["put", "get"])
def test_a_conflict_is_named_and_gives_status_4(verb: str, me: Home, host: str, source: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("old")
    target = f"{tmp_path}/copy"
    ends = [str(source), f"{host}:{target}"] if verb == "put" else [f"{host}:{source}", target]
    done = me.rsh(verb, "--on-conflict=fail", *ends)
    assert (done.returncode, done.stderr) == (4, f"rsh: {verb}: {target}: Target exists\n".encode())
    assert me.rsh(verb, "--on-conflict=skip", *ends).returncode == 0
    assert (tmp_path / "copy").read_text() == "old"
    assert me.rsh(verb, "--on-conflict=backup", *ends).returncode == 0
    assert [(tmp_path / name).read_text() for name in ("copy", "copy~")] == ["content", "old"]


def test_ask_needs_somebody_to_ask(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    words = ("put", "--on-conflict=ask", str(source), f"{host}:{tmp_path}/copy")
    for done in (
        me.rsh(*words, input=b"a\n", start_new_session=True),  # stdin is nobody
        me.rsh("connect", host, "-c", f"put --on-conflict=ask {source} {tmp_path}/copy", start_new_session=True),
    ):
        assert done.returncode == 255
        problem, advice = done.stderr.decode().splitlines()
        assert problem.startswith("rsh: put: --on-conflict=ask has nobody to ask")
        assert "RSH_ASKPASS" in advice


def test_ask_lets_a_program_ask(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    asking, copy = tmp_path / "asking", tmp_path / "copy"
    for answer, content in (("n", "old"), ("what", "old"), ("y", source.read_text())):
        asking.write_text(f"#!/bin/sh\necho {answer}\n")
        asking.chmod(0o755)
        copy.write_text("old")
        environment = me.environment | {"RSH_ASKPASS": str(asking), "RSH_ASKPASS_REQUIRE": "force"}
        words = ("put", "--on-conflict=ask", str(source), f"{host}:{copy}")
        assert me.rsh(*words, env=environment, start_new_session=True).returncode == 0
        assert copy.read_text() == content


def test_each_answer_counts_for_its_file(me: Home, host: str, tree: Path, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    for name in ("a.c", "a.o", "keep.o"):
        (tmp_path / "copy" / name).write_text("old")
    command = [*program("rsh"), "put", "--on-conflict=ask", f"{tree}/a.c", f"{tree}/a.o", f"{tree}/keep.o"]
    child = pexpect.spawn(command[0], [*command[1:], f"{host}:{tmp_path}/copy/"], env=me.environment, timeout=SOON)
    child.expect_exact("copy/a.c? (y)es, (n)o, (a)ll 3, (s)kip all: ")
    child.sendline("n")
    child.expect_exact("copy/a.o? ")
    child.sendline("maybe")
    child.expect_exact("copy/a.o? ")
    child.sendline("a")
    assert end_of(child) == 0
    assert [(tmp_path / "copy" / name).read_text() for name in ("a.c", "a.o", "keep.o")] == ["old", "a.o", "keep.o"]


@pytest.mark.parametrize("rate", ["0", "x", "-1", "1e400G", ""])
def test_a_rate_that_is_none_is_refused(rate: str, me: Home, host: str, source: Path) -> None:
    done = me.rsh("put", f"--limit={rate}", str(source), f"{host}:/tmp/")
    assert done.returncode == 2
    assert b"is no rate" in done.stderr


def test_a_pattern_that_means_nothing_is_refused(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    for ends in ([str(source), f"{host}:{tmp_path}/copy"], [f"{host}:{source}", f"{tmp_path}/copy"]):
        done = me.rsh("put" if ends[0] == str(source) else "get", "--include=", *ends)
        assert done.returncode != 0
        assert b"not a gitignore pattern" in done.stderr


@pytest.mark.parametrize("option", ["--compress", "--no-compress"])
def test_what_is_compressed_arrives_as_it_was(option: str, me: Home, host: str, tree: Path, tmp_path: Path) -> None:
    (tree / "text").write_bytes(b"again and " * 100_000)
    (tree / "noise").write_bytes(os.urandom(300_000))
    assert me.rsh("put", option, str(tree), f"{host}:{tmp_path}/there").returncode == 0
    assert me.rsh("get", option, f"{host}:{tmp_path}/there", f"{tmp_path}/back").returncode == 0
    assert snapshot(bytes(tmp_path / "back")) == snapshot(bytes(tree))


def test_two_wishes_about_compression_contradict(me: Home, host: str, source: Path) -> None:
    assert me.rsh("put", "--compress", "--no-compress", str(source), f"{host}:/tmp/").returncode == 2
