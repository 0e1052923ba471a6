"""What is said at the end; who leaves stopped jobs is in tests/scenarios/test_prompt_screen.py."""

from __future__ import annotations

from pathlib import Path

from rsh.client.prompt.dispatch import run_line
from rsh.client.prompt.leaving import farewell
from tests.client.prompts import prompt


def test_farewell_tells_what_was_moved_and_nothing_when_nothing_was(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(bytes(2048))
    with prompt() as context:
        context.shell.directory = bytes(tmp_path)
        run_line(context, "put /nowhere/at-all b")
        assert farewell(context) == ""
        run_line(context, f"put {tmp_path}/a b")
        run_line(context, f"put {tmp_path}/a c &")
        context.transfers.finish()
        run_line(context, f"get b {tmp_path}/d")
        assert farewell(context) == "rsh: sent 2 files, 4.0 KiB; fetched 1 file, 2.0 KiB"
