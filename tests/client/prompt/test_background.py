"""Transfers in threads of their own; what their user sees is in tests/scenarios/test_background.py."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.client.prompt.dispatch import run_line
from rsh.client.prompt.leaving import unfinished
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.transfer.transfer import Transfer, in_a_line
from rsh.errors import UsageError
from tests.client.prompts import prompt
from tests.machines import SOON


@pytest.fixture
def context(tmp_path: Path) -> Iterator[PromptContext]:
    with prompt() as context:
        context.shell.directory = bytes(tmp_path)
        yield context


def begin(context: PromptContext, source: Path, *more: str) -> Transfer:
    """Put a file in the background, slowly."""
    run_line(context, " ".join(("put", "--limit", "50K", *more, str(source), "copy", "&")))
    (transfer,) = context.transfers.running()
    return transfer


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * 4000)
    return path


def test_one_that_is_stopped_says_so_and_leaves_no_file(
    context: PromptContext, large: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    transfer = begin(context, large)
    assert (context.jobs(), unfinished(context)) == (1, "1 running transfer")
    assert in_a_line(transfer, transfer.tally.state()).startswith(f"[1] put {large} copy (")
    assert run_line(context, ":kill 1") == 0
    assert transfer.done.wait(SOON)
    assert transfer.outcome() == f"[1] stopped: put {large} copy\n"
    assert (context.jobs(), unfinished(context)) == (0, "")
    assert not (tmp_path / "copy").exists()


def test_what_ended_is_told_before_the_next_prompt(
    context: PromptContext, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run_line(context, "put /nowhere/at-all copy &")
    assert context.status == 0
    context.transfers.finish()
    assert "rsh: put: /nowhere/at-all: No such file or directory" in capfd.readouterr().err


def test_what_ends_while_the_prompt_is_shown_is_told_above_it(context: PromptContext, tmp_path: Path) -> None:
    shown: list[bytes] = []
    told = threading.Event()

    def above(text: bytes) -> None:
        shown.append(text)
        told.set()

    context.transfers.above = above
    (tmp_path / "small").write_text("small")
    with context.transfers.prompting():
        run_line(context, f"put {tmp_path}/small copy &")
        assert told.wait(SOON)
    assert shown[0].startswith(f"[1] done: put {tmp_path}/small copy (1 file, 5 B in ".encode())


def test_wait_gives_the_status_of_what_it_waited_for(context: PromptContext, tmp_path: Path) -> None:
    (tmp_path / "small").write_text("small")
    assert run_line(context, ":wait") == 0
    run_line(context, f"put --limit 10 {tmp_path}/small /nowhere/at-all &")
    transfers = context.transfers.running()
    status = run_line(context, ":wait")
    assert status == (1 if transfers else 0)


def test_a_number_that_nobody_has_is_refused(context: PromptContext) -> None:
    with pytest.raises(UsageError, match="no transfer 3"):
        context.transfers.find(3)
    assert run_line(context, ":kill 3") == 2


def test_the_end_of_the_prompt_ends_all(large: Path, tmp_path: Path) -> None:
    with prompt() as context:
        context.shell.directory = bytes(tmp_path)
        transfer = begin(context, large)
    assert transfer.done.wait(SOON)
    assert not (tmp_path / "copy").exists()
