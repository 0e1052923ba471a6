"""The words in which a plain sh is told to run a line and to report, given to a real one, with no terminal."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.holder.dialect import Dialect
from rsh.holder.outcome import REPORT, Outcome, read_report
from tests.machines import SOON


class Fed:
    """A shell that reads what a dialect says, with its report at descriptor 9, and nothing to read at 8."""

    def __init__(self, folder: Path) -> None:
        self.dialect = Dialect("/bin/sh")
        self.before = Outcome(0, 0)
        self._number = 0
        os.mkfifo(folder / "report")
        self._report = os.open(folder / "report", os.O_RDWR)  # Its end is no matter of ours.
        words = ["/bin/sh", "-c", 'exec "$@" 8</dev/null 9>"$0"', str(folder / "report"), *self.dialect.batch]
        self._shell = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=folder
        )
        self.say(self.dialect.functions + b"\n")

    def say(self, text: bytes) -> None:
        assert self._shell.stdin is not None
        self._shell.stdin.write(text)
        self._shell.stdin.flush()

    def run(self, line: bytes) -> Outcome:
        """Have it run a line; give what it reports."""
        self._number += 1
        self.say(self.dialect.run(line, self._number, self.before))
        self.before = self.hear()
        assert self.before.line == self._number
        return self.before

    def hear(self) -> Outcome:
        heard = b""
        while not (found := REPORT.search(heard)):
            heard += os.read(self._report, 4096)
        return read_report(found)

    def end(self) -> bytes:
        """End it; give all that it has printed."""
        output, _ = self._shell.communicate(timeout=SOON)
        return output

    def close(self) -> None:
        self._shell.kill()
        self._shell.communicate()
        os.close(self._report)


@pytest.fixture
def fed(tmp_path: Path) -> Iterator[Fed]:
    shell = Fed(tmp_path)
    yield shell
    shell.close()


def test_status_and_directory_are_reported_and_the_next_line_finds_them(fed: Fed) -> None:
    assert fed.run(b"cd /; (exit 42)").directory == b"/"
    assert fed.before.status == 42
    assert fed.run(b"echo $? $PWD").status == 0
    assert fed.end() == b"42 /\n"


@pytest.mark.parametrize("line", [b"fi", b"echo 'open", b"cd /none; (", b"readonly x=1; x=2", b"echo ${x?none}"])
def test_line_that_is_wrong_ends_no_shell_without_a_terminal(fed: Fed, line: bytes) -> None:
    assert fed.run(line).status != 0
    assert fed.run(b"echo on").status == 0
    assert fed.end().endswith(b"on\n")


def test_line_is_given_whole_whatever_is_in_it(fed: Fed) -> None:
    for line in (
        b"printf '%s.' 'it'\\''s' \"$(echo a)\" \\\\",
        b"cat <<E\nhere $((1 + 1))\nE",
        b"echo a\0b # c",
        b"",
        b"  ",
    ):
        assert fed.run(line).status == 0
    assert fed.end() == b"it's.a.\\.here 2\nab\n"


def test_nothing_of_ours_is_seen_by_what_watches_a_line(fed: Fed) -> None:
    assert fed.run(b"set -x").switched_off == b"x"
    assert fed.run(b"echo a").switched_off == b"x"
    assert fed.run(b"set +x").switched_off == b""
    shown = fed.end()
    assert shown.splitlines() == [b"+ echo a", b"a", b"+ set +x"]


def test_errexit_ends_the_shell_by_a_line_of_the_user_only(fed: Fed) -> None:
    assert fed.run(b"set -e").switched_off == b"e"
    assert fed.run(b"false || echo on").status == 0
    fed.say(fed.dialect.run(b"false; echo not reached", 3, fed.before))
    assert fed.end() == b"on\n"


def test_line_reads_what_is_at_the_terminal_and_none_of_ours(fed: Fed) -> None:
    assert fed.run(b"cat; read x; echo $?").status == 0
    assert fed.run(b"(echo x >&9) 2>/dev/null || echo shut").status == 0
    assert fed.end() == b"1\nshut\n"


def test_report_that_is_asked_for_twice_does_no_harm(fed: Fed) -> None:
    assert fed.run(b"(exit 3)").status == 3
    fed.say(fed.dialect.ask_again(1))
    assert fed.hear().status == 3
    assert fed.run(b"echo $?").status == 0
    assert fed.end() == b"3\n"


def test_answer_to_a_question_comes_in_a_file_and_changes_nothing(fed: Fed, tmp_path: Path) -> None:
    fed.run(b"(exit 5)")
    fed.say(fed.dialect.ask(b"command", b"ech", os.fsencode(tmp_path / "answer")))
    assert fed.run(b"echo $?").status == 0
    assert b"becho\0" in (tmp_path / "answer").read_bytes()
    assert fed.end() == b"5\n"
