"""Batches (R33)."""

from __future__ import annotations

from pathlib import Path

import pytest

from rsh.client.prompt.batch import BatchLine, batch_lines, lines_of, run_batch
from rsh.errors import UsageError


class Runner:
    """Runs lines: `false` and what begins with `exit` fail."""

    def __init__(self) -> None:
        self.ran: list[str] = []

    def __call__(self, line: str) -> int:
        self.ran.append(line)
        return {"false": 1, "exit 7": 7}.get(line.strip(), 0)


@pytest.mark.parametrize(
    ("lines", "status", "ran"),
    [
        (["true", "true"], 0, ["true", "true"]),
        (["true", "exit 7", "true"], 7, ["true", "exit 7"]),
        (["-false", "true"], 0, ["false", "true"]),
        (["- false", "exit 7"], 7, [" false", "exit 7"]),
        (["@-false", "-@false", "@true"], 0, ["false", "false", "true"]),
        ([], 0, []),
    ],
)
def test_stops_at_the_first_failure_that_is_not_forgiven(lines: list[str], status: int, ran: list[str]) -> None:
    run = Runner()
    assert run_batch((line + "\n" for line in lines), run) == status
    assert run.ran == ran


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("for i in a b\ndo\n  echo $i\ndone\nx\n", ["for i in a b\ndo\n  echo $i\ndone", "x"]),
        ("cat <<E\n-a\nE\nx", ["cat <<E\n-a\nE", "x"]),
        ("echo 'a\nb'\n", ["echo 'a\nb'"]),
        ("echo 'a\nb\n", ["echo 'a\nb"]),
        ("a \\\nb\n", ["a \\\nb"]),
        ("\n\n", ["", ""]),
    ],
)
def test_lines_that_belong_together_are_joined(text: str, lines: list[str]) -> None:
    assert [line.text for line in batch_lines(text.splitlines(keepends=True))] == lines


def test_a_prefix_counts_for_the_whole_of_several_lines() -> None:
    assert list(batch_lines(["-if x\n", "then y; fi\n"])) == [BatchLine("if x\nthen y; fi", forgiven=True)]


def test_a_line_is_run_before_the_next_is_read() -> None:
    run = Runner()

    def source() -> list[str]:
        return ["second"] if run.ran == ["first"] else ["too early"]

    def lines() -> object:
        yield "first\n"
        yield from source()

    run_batch(lines(), run)  # type: ignore[arg-type]  # lines that fail half-way
    assert run.ran == ["first", "second"]


def test_lines_of_a_file_may_be_any_bytes(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"put \xff\nx")
    assert list(lines_of(str(tmp_path / "f"))) == ["put \udcff\n", "x"]


def test_a_file_that_cannot_be_read_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="No such file"):
        list(lines_of(str(tmp_path / "nothing")))


def test_a_long_here_document_is_read_quickly() -> None:
    text = "cat <<E; echo 'x'\n" + "it's a line\n" * 50_000 + "E\nnext\n"
    assert [line.text for line in batch_lines(text.splitlines(keepends=True))] == [
        text.removesuffix("\nnext\n"),
        "next",
    ]


def test_lines_are_told_where_that_is_wanted_but_for_the_silent_ones(capfd: pytest.CaptureFixture[str]) -> None:
    run_batch(["one\n", "@two\n", "-@three\n", "-four\n"], Runner(), echoes=lambda: True)
    assert capfd.readouterr().out == "rsh> one\nrsh> four\n"
