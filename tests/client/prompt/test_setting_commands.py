"""`:set`, `:source` and `:version`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rsh import __version__
from rsh.client.cli.settings import SETTINGS
from rsh.client.prompt.dispatch import run_line
from tests.client.prompts import prompt


def test_set_sets_and_tells(capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        for line in (":set keys vi", ":set keys", ":set prompt '%h %d> '", ":set prompt", ":set dur=2.5", ":set dur"):
            assert run_line(context, line) == 0
        assert run_line(context, ":set nothing on") == 2
        assert run_line(context, ":set") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[:3] == ["vi", "'%h %d> '", "2.5"]
    assert [line.split()[0] for line in lines[3:]] == [setting.name for setting in SETTINGS]


def test_progress_switches_what_transfers_show(capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        context.quiet = False
        for shows in (False, True):
            assert run_line(context, ":progress") == 0
            assert context.shows_progress is shows
    assert capfd.readouterr().out == "progress off\nprogress on\n"


def test_source_runs_lines_and_stops_as_a_batch(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text("echo a\n-false\n!echo b\nfalse\necho c\n")
    with prompt() as context:
        assert run_line(context, f":source {tmp_path}/lines") == 1
        assert run_line(context, ":set stop off") == 0
        assert run_line(context, f":source {tmp_path}/lines") == 1
        assert run_line(context, f":source {tmp_path}/none") == 2
    assert capfd.readouterr().out.split() == ["a", "b", "a", "b", "c"]


def test_source_of_itself_ends(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "lines").write_text(f":source {tmp_path}/lines\n")
    with prompt() as context:
        assert run_line(context, f":source {tmp_path}/lines") == 2
    assert "deep" in capfd.readouterr().err


def test_version_tells_both(capfd: pytest.CaptureFixture[str]) -> None:
    with prompt() as context:
        assert run_line(context, ":version") == run_line(context, ":version --json") == 0
    lines = capfd.readouterr().out.splitlines()
    assert lines[0] == f"here:  rsh {__version__}"
    assert json.loads(lines[2])["here"] == __version__
