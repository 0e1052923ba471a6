from __future__ import annotations

import pytest

from rsh.client.commands.jobs import job_fields, job_lines
from rsh.protocol.job_records import Job

NOW = 1_800_000_000


def job(state: str, *, status: int = 0, signal: int = 0, command: tuple[bytes, ...] = (b"make",)) -> Job:
    return Job("x2m4ekqu", state, status, signal, NOW * 10**9, 61.0, 8, command, len(command) == 1, b"/home", "ann")


@pytest.mark.parametrize(
    ("stands", "shown"),
    [
        (job("running"), "-"),
        (job("lost"), "-"),
        (job("finished", status=3), "3"),
        (job("cancelled", signal=15), "SIGTERM"),
    ],
)
def test_status_is_shown_when_there_is_one(stands: Job, shown: str) -> None:
    line = job_lines([stands], NOW)[1].split()
    assert line[:2] == ["x2m4ekqu", stands.state]
    assert line[-2:] == [shown, "make"]


def test_words_are_quoted_and_escaped() -> None:
    shown = job_lines([job("running", command=(b"echo", b"a b", b"\x1b[31m"))], NOW)[1]
    assert "echo 'a b'" in shown
    assert "\x1b" not in shown


def test_fields_tell_the_status_as_exec_does() -> None:
    assert job_fields(job("running"))["status"] is None
    assert job_fields(job("cancelled", signal=15))["status"] == 143
    assert job_fields(job("finished", status=3))["status"] == 3
