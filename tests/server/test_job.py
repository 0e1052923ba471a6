"""What a job's folder tells; starting one and the limits are in test_jobs.py."""

from __future__ import annotations

import os
import time
from pathlib import Path

from rsh.holder import job_folder
from rsh.protocol.requests import Detach
from rsh.server.job import Job
from rsh.server.jobs import Jobs
from rsh.server.options import Options


def start(*words: str) -> Job:
    arguments = tuple(map(os.fsencode, words))
    return Jobs(Options()).start(Detach("a", arguments, False), arguments, b"/tmp", os.environb, "ann")


def wait(job: Job) -> None:
    job.wait_for_holder()
    assert job.ended() is not None


def test_job_is_running_then_finished(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    job = start("cat", f"{tmp_path}/gate")
    assert job.record().state == "running"
    (tmp_path / "gate").write_text("")
    wait(job)
    assert (job.record().state, job.record().returncode) == ("finished", 0)


def test_job_without_an_end_is_lost_and_shows_no_status() -> None:
    job = start("true")
    wait(job)
    Path(job.folder, job_folder.END).write_text('{"status": "all is well"}')
    assert (job.record().state, job.record().returncode) == ("lost", None)


def test_list_shows_the_beginning_of_a_long_command() -> None:
    job = start("true", "x" * 100_000, "y")
    assert [len(word) for word in job.record().command] == [4, 4091]
    wait(job)


def test_job_is_private_whatever_the_umask() -> None:
    before = os.umask(0)
    try:
        job = start("true")
    finally:
        os.umask(before)
    wait(job)
    assert all(entry.stat().st_mode & 0o077 == 0 for entry in os.scandir(job.folder))
    assert time.time_ns() >= job.asked.begun_ns


def test_what_a_running_job_may_come_to_take_is_counted_in_advance() -> None:
    job = start("sleep", "100")
    assert job.size() == Options().job_output
    (process,) = job.leftover()
    os.kill(process.pid, 15)
    wait(job)
    assert 0 < job.size() < 10_000
