"""The shell over there as the prompt sees it, with a real shell in the server inside this process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.client.shell.shell import Leave
from rsh.errors import FileError
from tests.client.prompts import prompt


@pytest.mark.parametrize(("line", "status"), [("true", 0), ("(exit 44)", 44), ("no-such-command", 127)])
def test_status_is_that_of_a_shell(line: str, status: int) -> None:
    with prompt() as context:
        assert context.shell.run(line) == status


@pytest.mark.parametrize(("line", "status"), [("exit 44", 44), ("kill -TERM $$", 143), ("set -e; false", 1)])
def test_end_of_the_shell_is_the_end_of_the_batch(line: str, status: int) -> None:
    with prompt() as context:
        with pytest.raises(Leave) as caught:
            context.shell.run(line)
        assert caught.value.status == status


def test_directory_is_kept_from_line_to_line(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"a \n\xff")
    odd.mkdir()
    with prompt() as context:
        context.shell.run(f"cd '{tmp_path}'")
        assert context.shell.run('cd a* && test "$(pwd)" != / && echo here > file') == 0
        assert context.shell.directory == os.fsencode(odd)
        assert context.shell.run("test -e file") == 0


def test_directory_is_kept_when_the_line_fails(tmp_path: Path) -> None:
    with prompt() as context:
        assert context.shell.run(f"cd {tmp_path}; (exit 3)") == 3
        assert context.shell.directory == os.fsencode(tmp_path)


def test_file_commands_start_where_the_shell_stands(tmp_path: Path) -> None:
    (tmp_path / "only").touch()
    with prompt() as context:
        context.shell.run(f"cd {tmp_path}")
        assert [entry.path for entry in context.remote.ls()] == [b"only"]


def test_output_is_ours(capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        context.shell.run("echo out; echo err >&2")
    assert capfd.readouterr() == ("out\n", "err\n")


@pytest.mark.parametrize(
    ("line", "fresh"), [("echo a", True), ("printf a", False), ("true", True), ("printf 'a\\nb'", False)]
)
def test_whether_a_prompt_may_follow_is_known(line: str, fresh: bool, capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        context.shell.run(line)
        assert context.shell.fresh_line == fresh


def test_line_does_not_run_elsewhere_when_its_directory_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with prompt() as context:
        context.shell.directory = os.fsencode(gone)  # where the last shell stood
        with pytest.raises(FileError) as caught:
            context.shell.run(f"touch {tmp_path}/ran")
        assert (caught.value.error, caught.value.path) == ("ENOENT", os.fsencode(gone))
        assert not (tmp_path / "ran").exists()
        assert context.shell.run("true") == 0
        assert context.shell.directory == context.remote.home


def test_state_lives_on_from_line_to_line(capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        for line in (
            "x=5; export y=6",
            "f() { echo f $1 $x; }",
            "set -- a b; umask 027",
            "f $2; sh -c 'echo $y'; umask",
        ):
            assert context.shell.run(line) == 0
        assert context.shell.run("(exit 9)") == 9
        assert context.shell.run("echo $?") == 0
    assert capfd.readouterr().out == "f b 5\n6\n0027\n9\n"


def test_line_that_is_wrong_fails_and_the_next_one_runs(capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        assert context.shell.run("if (") != 0
        assert context.shell.run("echo on") == 0
    assert capfd.readouterr().out == "on\n"


def test_stdin_of_a_batch_line_is_empty() -> None:
    with prompt() as context:
        assert context.shell.run('test -z "$(cat)"') == 0
