"""Transfers at the prompt that go on while the next lines are typed."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import Home
from tests.scenarios.screens import SIGN, Terminal, run

CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"
READY = re.compile(r"/there( \d+)?( \{\d\})?[#$] \Z")  # with the last status and the number of transfers
SIZE = 3_000_000
SLOW = "--limit 100K"  # half a minute for it all: nobody gets there by waiting


@pytest.fixture
def prompt(home: Home, tmp_path: Path) -> Iterator[Terminal]:
    """A prompt on this machine, standing in the folder `there`; a large file is in `here`."""
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    (tmp_path / "here" / "big").write_bytes(os.urandom(SIZE))
    (home.folder / "state" / "rsh").mkdir(mode=0o700)
    (home.folder / "state" / "rsh" / "greeted").touch()
    with Terminal(home, "connect", columns=160) as terminal:
        terminal.until_line(f":~{SIGN}")
        run(terminal, f"lcd {tmp_path}/here", f":~{SIGN}")
        line(terminal, f"cd {tmp_path}/there")
        yield terminal


def line(prompt: Terminal, text: str) -> str:
    """Type a line; give what stands between it and the next prompt."""
    return "\n".join(run(prompt, text, READY))


def test_the_shell_stays_usable_and_the_end_is_told_above_the_prompt(prompt: Terminal, tmp_path: Path) -> None:
    assert "[1] put big there.1" in line(prompt, "put --limit 1M big there.1 &")
    assert line(prompt, "echo $((6*7))").splitlines().count("42") == 1
    line(prompt, "lcd /")  # the file is found all the same
    prompt.until_shown("[1] done: put big there.1 (1 file, 2.9 MiB")
    prompt.until_line(f"/there{SIGN}")  # Nothing works any more, says the prompt that was there.
    assert (tmp_path / "there" / "there.1").stat().st_size == SIZE
    prompt.until_line(SIGN)


def test_ctrl_z_sends_to_the_background_and_kill_stops(prompt: Terminal, tmp_path: Path) -> None:
    prompt.press(f"put {SLOW} big copy\r")
    prompt.until_shown("total")
    prompt.press(CTRL_Z)
    prompt.until_line(f"/there {{1}}{SIGN}")
    assert "[1] put big copy &" in prompt.text
    assert "total" not in prompt.text
    assert "[1] put big copy (" in line(prompt, ":jobs")
    assert "no transfer 7" in line(prompt, ":kill 7")
    line(prompt, ":kill 1")
    prompt.until_shown("[1] stopped: put big copy")
    assert "copy" not in line(prompt, ":jobs").replace("stopped: put big copy", "")
    assert not (tmp_path / "there" / "copy").exists()


def test_what_is_typed_meanwhile_tears_no_bar_and_is_in_the_next_lines(prompt: Terminal) -> None:
    first = prompt.row
    prompt.press("put --limit 1M big copy\r")
    prompt.until_shown("total")
    prompt.press("echo ty''ped\r", "half")
    prompt.until(lambda: prompt.cursor_line.endswith(f"{SIGN}half"))
    shown = [line.rpartition(SIGN)[2] for line in prompt.lines_from(first)]
    assert shown == ["put --limit 1M big copy", "echo ty''ped", "typed", "half"]


def test_ctrl_c_stops_and_says_how_to_go_on(prompt: Terminal, tmp_path: Path) -> None:
    prompt.press(f"put {SLOW} big copy\r")
    prompt.until_shown("total")
    prompt.press(CTRL_C)
    prompt.until_shown("rsh: put: stopped; run the same command again to resume it")
    prompt.until_line(f"/there 130{SIGN}")
    assert not (tmp_path / "there" / "copy").exists()
    line(prompt, "put big copy")
    assert (tmp_path / "there" / "copy").read_bytes() == (tmp_path / "here" / "big").read_bytes()


def test_wait_waits_and_tells(prompt: Terminal, tmp_path: Path) -> None:
    line(prompt, "put --limit 1M big one &")
    line(prompt, "put missing two &")
    prompt.until_shown("rsh: put: missing: No such file or directory")
    line(prompt, ":wait")
    assert "done: put big one" in prompt.text
    assert line(prompt, ":status") in ("0", "1")


def test_who_leaves_is_warned_once(prompt: Terminal) -> None:
    line(prompt, f"put {SLOW} big copy &")
    prompt.press(CTRL_D)
    prompt.until_shown("this would end 1 running transfer; leave again to do so")
    prompt.until_line(f"/there {{1}}{SIGN}")
    assert line(prompt, "echo $((6*7))") == "42"
    line(prompt, "exit")
    prompt.press("exit\r")
    assert prompt.end() == 0


def test_an_ampersand_within_a_line_is_for_the_shell_there(prompt: Terminal) -> None:
    prompt.press("put a & sleep 0\r")
    prompt.until_shown("not found")


def test_a_batch_waits_for_what_it_has_begun(home: Home, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x" * 200_000)
    done = home.rsh("connect", "-c", f"put --limit 1M {tmp_path}/file {tmp_path}/copy &", "-c", "echo on")
    assert (done.returncode, done.stdout) == (0, b"on\n")
    assert (tmp_path / "copy").stat().st_size == 200_000
