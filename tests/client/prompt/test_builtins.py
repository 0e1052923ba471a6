"""The prompt's own commands."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from rsh.client.editor.history import History
from rsh.client.prompt.dispatch import run_line
from tests.client.prompts import prompt


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory to stand in; where we stood and what the environment said comes back afterwards."""
    monkeypatch.setenv("PWD", str(tmp_path))
    monkeypatch.delenv("OLDPWD", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*lines: str) -> list[int]:
    with prompt() as context:
        return [run_line(context, line) for line in lines]


def test_lcd_goes_there_and_back(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "a b").mkdir()
    assert run("lcd 'a b'", "lpwd", "lcd -", "!echo $OLDPWD") == [0] * 4
    assert capfd.readouterr().out == f"{folder}/a b\n{folder}\n{folder}/a b\n"
    assert Path.cwd() == folder


def test_lcd_goes_home_without_a_name(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "home").mkdir()
    monkeypatch.setenv("HOME", str(folder / "home"))
    assert run("lcd") == [0]
    assert Path.cwd() == folder / "home"


def test_lcd_back_fails_when_there_was_nothing_before(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("lcd -") == [2]
    assert capfd.readouterr().err.startswith("rsh: lcd: there is no directory before this one\n")


def test_lpwd_shows_no_control_characters(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "\x1b[31m").mkdir()
    run("lcd $'\\x1b[31m'", "lpwd")
    assert capfd.readouterr().out == f"{folder}/\\x1b[31m\n"


def test_lls_is_for_the_shell_here(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for name in ("a.c", "b.c", "c.h"):
        (folder / name).touch()
    assert run("lls *.c | tr a-z A-Z", "lls") == [0, 0]
    assert capfd.readouterr().out == "A.C\nB.C\na.c\nb.c\nc.h\n"


def test_lmkdir_makes_directories(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("lmkdir a b", "lmkdir a", "lmkdir -p a c/d") == [0, 1, 0]
    assert (folder / "c" / "d").is_dir()
    assert capfd.readouterr().err == "rsh: lmkdir: a: File exists\n"


def test_help_lists_what_there_is_and_explains_one(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("help", "help :get", ":?", "help nonsense") == [0, 0, 0, 2]
    out = capfd.readouterr().out
    assert "put" in out
    assert "usage: get " in out


def test_status_tells_the_last_one_and_keeps_it(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert run("sh -c 'exit 5'", ":status", ":status", "true", ":status") == [5, 5, 5, 0, 0]
    assert capfd.readouterr().out == "5\n5\n0\n"


def test_history_shows_lines_by_text_and_number(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        context.history = History(str(folder / "h"))
        for line in ("make a", "ls", "make b\n\t\x1b[m", "make c"):
            context.history.end(context.history.begin(line, b"/src"), 2, 0.5)
        run_line(context, ":history -n 2 make")
        run_line(context, ":history --json -n 1")
        run_line(context, ":history -n 1 'm*e?a'")
    *lines, fitting = capfd.readouterr().out.splitlines()
    assert fitting.endswith("  make a")
    assert [line[22:] for line in lines[:3]] == ["make b", "        \\x1b[m", "make c"]
    assert [line[:22].partition(":")[2][2:] for line in lines[:3]] == ["   2  ", "", "   2  "]
    assert json.loads(lines[3]) | {"when": 0} == {
        "when": 0,
        "line": "make c",
        "directory": "/src",
        "status": 2,
        "duration": 0.5,
    }
    assert stat.S_IMODE(os.stat(folder / "h").st_mode) == 0o600
