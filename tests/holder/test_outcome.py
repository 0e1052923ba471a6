"""Reports of shells, as they come out of a pipe that others can write to as well."""

from __future__ import annotations

import pytest

from rsh.holder.outcome import REPORT, Outcome, read_report


def outcome_of(data: bytes) -> Outcome:
    found = REPORT.search(data)
    assert found
    return read_report(found)


def test_report_tells_all_that_the_next_line_has_to_know() -> None:
    outcome = outcome_of(b"trap -- 'echo \\n' DEBUG\n12\x003\x0011\x00ehimBs|\x00/a b\nc\x000\x003\x00.\x00")
    assert (outcome.line, outcome.status, outcome.directory) == (12, 3, b"/a b\nc")
    assert (outcome.restored, outcome.hooked, outcome.pipefail) == (True, True, True)
    assert outcome.options == b"ehimBs"
    assert (outcome.statuses, outcome.trap) == ((0, 3), b"trap -- 'echo \\n' DEBUG\n")
    assert outcome.switched_off == b"e"


@pytest.mark.parametrize("noise", [b"", b"said by somebody else\x00", b"7\x00half a report\x00"])
def test_report_is_found_behind_what_somebody_else_has_written(noise: bytes) -> None:
    outcome = outcome_of(noise + b"1\x000\x0000\x00hB\x00/\x00.\x00")
    assert (outcome.line, outcome.directory, outcome.statuses) == (1, b"/", ())


@pytest.mark.parametrize(
    ("trap", "heeds"),
    [
        (b"", False),
        (b"trap -- 'echo INT' USR1\n", False),
        (b"trap -- ':' DEBUG\ntrap -- 'echo a\nb' SIGINT\ntrap -- '' SIGTSTP\n", True),
        (b"trap -- '' QUIT\n", True),
        (b"trap -- ':' DEBUG\ntrap -- ':' INT\ntrap -- - TSTP\n", True),
        (b"trap -- ':' DEBUG\ntrap -- - INT\ntrap -- - TSTP\n", False),
        (b"TRAPTSTP () {\n\t:\n}\n", True),
    ],
)
def test_report_tells_of_traps_for_signals_that_keys_make(trap: bytes, heeds: bool) -> None:
    outcome = outcome_of(trap + b"1\x000\x0000\x00hB\x00/\x00.\x00")
    assert outcome.heeds == heeds
    assert outcome.trap == (b"trap -- ':' DEBUG\n" if b"DEBUG" in trap else b"")


def test_trap_that_a_command_of_the_prompt_has_set_takes_the_place_of_the_one_before() -> None:
    traps = b"trap -- 'echo a\nb' DEBUG\ntrap -- 'echo c' DEBUG\n"
    assert outcome_of(traps + b"1\x000\x0000\x00hB\x00/\x00.\x00").trap == b"trap -- 'echo c' DEBUG\n"


@pytest.mark.parametrize(
    ("status", "pipefail", "statuses", "pipeline"),
    [
        (3, False, (3,), b""),
        (0, False, (), b""),
        (0, False, (3, 0), b"(exit 3) | (exit 0)"),
        (3, True, (3, 0), b"(exit 3) | (exit 0)"),
        (0, False, (0, 3), b"! (exit 0) | (exit 3)"),
        (1, False, (1, 0), b"! (exit 1) | (exit 0)"),
        (0, True, (1, 0), b"! (exit 1) | (exit 0)"),
        (1, False, (0,), b"! (exit 0)"),
        (7, False, (3, 0), b""),
    ],
)
def test_pipeline_ends_as_that_of_the_line_has_ended(
    status: int, pipefail: bool, statuses: tuple[int, ...], pipeline: bytes
) -> None:
    outcome = Outcome(1, status)
    outcome.statuses, outcome.pipefail = statuses, pipefail
    assert outcome.pipeline == pipeline


def test_report_that_has_not_come_whole_is_none() -> None:
    assert REPORT.search(b"1\x000\x0000\x00hB\x00/\x000\x00") is None
