"""Lines and what becomes of them: whom they reach, what is told when they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.client.editor.history import History
from rsh.client.prompt.dispatch import run_line
from rsh.client.shell.shell import Leave
from rsh.errors import LinkError
from tests.client.prompts import prompt


@pytest.mark.parametrize(
    ("line", "status", "out"),
    [
        ("echo there", 0, "there\n"),
        ("!echo here", 0, "here\n"),
        ("!exit 3", 3, ""),
        ("!kill -TERM $$", 143, ""),
        ("", 0, ""),
        ("# nothing", 0, ""),
        ("false", 1, ""),
        ("help exit", 0, None),
        ("put --help", 0, None),
    ],
)
def test_line_reaches_whom_it_is_for(
    line: str, status: int, out: str | None, capfd: pytest.CaptureFixture[str]
) -> None:
    with prompt() as context:
        assert run_line(context, line) == context.status == status
    printed = capfd.readouterr().out
    assert printed == out if out is not None else printed.startswith("usage: ")


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        (":ptu x", 2, "rsh: no command ':ptu'\nrsh: did you mean ':put'?\n"),
        ("put", 2, "rsh: put: missing PATH\nrsh: try 'help put'\n"),
        ("lcd /nowhere", 1, "rsh: lcd: /nowhere: No such file or directory\n"),
        ("put /nowhere .", 1, "rsh: put: /nowhere: No such file or directory\n"),
        ("put a | b", 127, "made this a line for the shell over there"),
        ("put a && b", 127, "rsh: put is a command of the prompt, not of the shell over there: give it a line"),
        ("cd / && put a b", 127, "rsh: put is a command of the prompt, not of the shell over there: give it a line"),
        ("for x in a b; do put $x; done", 127, "rsh: put is a command of the prompt"),
    ],
)
def test_failures_are_told_in_a_line_or_two(
    line: str, status: int, words: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with prompt() as context:
        assert run_line(context, line) == status
    assert words in capfd.readouterr().err


@pytest.mark.parametrize("line", ["put a; true", "put a || true", "put a\ntrue", "if put a; then true; fi"])
def test_command_of_ours_among_others_is_explained_where_nobody_knows_it(
    line: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with prompt() as context:
        for known, explained in ((None, False), (True, False), (False, True)):
            context.knows = {"put": known}.get
            assert run_line(context, line) == 0
            assert ("rsh: put is a command of the prompt" in capfd.readouterr().err) is explained


@pytest.mark.parametrize("line", ["nothing_here put", "cd / && nothing_here; nothing_here", "true && 'put' a"])
def test_nothing_is_explained_of_what_is_not_ours(line: str, capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        assert run_line(context, line) == 127
    assert "rsh:" not in capfd.readouterr().err


def test_file_commands_copy_from_where_both_sides_stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    (tmp_path / "here" / "it's [1]*").write_text("text")
    monkeypatch.chdir(tmp_path)
    with prompt() as context:
        lines = [
            "lcd here",
            f"cd {tmp_path}/there",
            'put "it\'s [1]*"',
            ":mv \"it's [1]*\" '*'",
            "get '*' .",
            ":rm '*'",
        ]
        assert [run_line(context, line) for line in lines] == [0] * 6
    assert sorted(path.name for path in (tmp_path / "here").iterdir()) == ["*", "it's [1]*"]
    assert list((tmp_path / "there").iterdir()) == []


def test_quoted_star_removes_nothing_but_a_file_of_that_name(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with prompt() as context:
        run_line(context, f"cd {tmp_path}")
        assert run_line(context, ":rm '*'") == 1
    assert (tmp_path / "file").exists()


@pytest.mark.parametrize(("line", "status"), [("exit", None), ("exit 7", 7), ("quit", None), (":bye", None)])
def test_exit_leaves(line: str, status: int | None) -> None:
    with prompt() as context, pytest.raises(Leave) as caught:
        run_line(context, line)
    assert caught.value.status == status


def test_bug_in_a_command_of_ours_costs_its_line_and_not_the_prompt(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with prompt() as context:
        context.history = History(f"{tmp_path}/\0")  # no name that a file can have: ValueError
        assert run_line(context, ":history") == 255
        assert run_line(context, "echo there") == 0
    out, err = capfd.readouterr()
    assert out == "there\n"
    assert err.startswith("rsh: history: internal error: ValueError(")
    assert len(err.splitlines()) == 2


def test_lost_connection_is_made_again_by_the_next_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        run_line(context, f"cd {tmp_path}")
        context.remote.session.close()
        assert run_line(context, "true") == LinkError.exit_status
        assert "the next line connects again" in capfd.readouterr().err
        assert context.connected is None
        assert run_line(context, "pwd") == 0
    assert capfd.readouterr().out == f"{tmp_path}\n"
