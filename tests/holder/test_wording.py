"""What a line tells of what it will do."""

from __future__ import annotations

import subprocess

import pytest

from rsh.holder.wording import (
    KEYS,
    LAST_WORD,
    OF_JOBS,
    TRACE,
    TRAPS,
    WANTS_JOB,
    commands_of,
    count_jobs,
    is_closed,
    is_pipeline,
    quoted,
)


@pytest.mark.parametrize("text", [b"", b"a b", b"it's", b"'''", b'$x `y` \\ "z" !', b"two\nlines\n", b"\xff\x01"])
def test_quoted_word_stands_for_itself(text: bytes) -> None:
    done = subprocess.run([b"/bin/sh", b"-c", b"printf %s. " + quoted(text)], capture_output=True, check=True)
    assert done.stdout == text + b"."


@pytest.mark.parametrize(
    "text", [b"", b"echo a", b"echo a # b", b"cat <<E\nx\nE", b"cat <<-'E'\n\tx\n\tE", b"cat <<<x", b"sleep 1; true"]
)
def test_text_is_closed_where_a_command_may_follow(text: bytes) -> None:
    assert is_closed(text)


@pytest.mark.parametrize(
    "text",
    [b"true &&", b"a |\n", b"echo \\", b"f()", b"function f ", b"cat <<E\nx", b"cat << $(x)", b"set -v"],
)
def test_text_is_open_where_a_command_would_be_a_part_of_it(text: bytes) -> None:
    assert not is_closed(text)


@pytest.mark.parametrize(
    ("line", "jobs"),
    [
        (b"sleep 1", 0),
        (b"sleep 1 &", 1),
        (b"sleep 1 & sleep 2 &\ntrue", 2),
        (b"(sleep 1 &)", 1),
        (b"a && b || c", 0),
        (b"ls 2>&1 >&2 &>x", 0),
        (b"echo 'a & b' \"c & d\" \\& e", 0),
        (b"sleep 1 & echo $!", 1),
        (b"echo $!; sleep 1 &", 0),
    ],
)
def test_jobs_that_a_line_begins_are_counted(line: bytes, jobs: int) -> None:
    assert count_jobs(line) == jobs


def test_line_tells_what_it_does() -> None:
    assert LAST_WORD.search(b"echo $_")
    assert not LAST_WORD.search(b"echo $_x")
    assert TRACE.search(b"set -eux")
    assert not TRACE.search(b"set -e; ls -x")
    assert KEYS.search(b"set -o vi")
    assert not KEYS.search(b"set -o noclobber")
    assert TRAPS.search(b"trap 'echo' INT")
    assert TRAPS.search(b"TRAPINT() { return 1 }")
    assert not TRAPS.search(b"bootstrap")
    assert OF_JOBS.fullmatch(b"fg %1")
    assert not OF_JOBS.fullmatch(b"fg; ls")
    assert WANTS_JOB.search(b"kill -9 %1")
    assert not WANTS_JOB.search(b"echo %1")


@pytest.mark.parametrize(
    ("line", "names"),
    [
        (b" ls", [b"ls"]),
        (b"ls -l /*/x 'it; is' \"a $x b\"", [b"ls"]),
        (b"make 2>&1 | tee -a log >>out&&echo", [b"make", b"tee", b"echo"]),
        (b"./a < in || b.sh ; c", [b"./a", b"b.sh", b"c"]),
    ],
)
def test_names_of_commands_are_those_of_a_line_that_is_whole(line: bytes, names: list[bytes]) -> None:
    assert commands_of(line) == names


@pytest.mark.parametrize(
    "line",
    [
        *(b"", b"a &", b"a |", b"a ; ; b", b"a >", b"a 'b", b'a "b', b"a b\\", b"a\nb", b"a <<E"),
        *(b"(a)", b"{ a", b"! a", b"if a", b"a; done", b"x=1 a", b"export x=$y", b"2>x", b"a 2>x)"),
        *(b"a $(b", b"a `b", b'a "$(b"', b"a ${x", b"a #"),
    ],
)
def test_line_that_may_not_be_whole_or_is_none_of_plain_commands_has_no_names(line: bytes) -> None:
    assert commands_of(line) == []


def test_text_with_many_a_set_in_it_is_looked_through_once() -> None:
    text = b"echo '" + b"set " * 100_000 + b"'"
    assert is_closed(text)  # or after an hour
    assert not KEYS.search(text)
    assert not is_closed(b"set -e; set -ev") and KEYS.search(b"set +x -o vi")


@pytest.mark.parametrize("line", [b"git log | less -R", b" make 2>&1|tee -a log | tail -1 ", b"sort <in | uniq >out"])
def test_plain_pipeline_is_one(line: bytes) -> None:
    assert is_pipeline(line)


@pytest.mark.parametrize(
    "line",
    [
        *(b"a", b"a || b", b"a | b; c", b"a | b &", b"a | (b)", b"a | { b }", b"a |& b", b"a | while b"),
        *(b"noglob a | b", b"a | exec b", b"echo $? | b", b"echo $pipestatus | b", b"echo $_ | b", b"echo $status | b"),
    ],
)
def test_line_that_is_more_or_asks_for_the_one_before_is_no_plain_pipeline(line: bytes) -> None:
    assert not is_pipeline(line)
