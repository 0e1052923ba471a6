from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from rsh.errors import Refused
from rsh.holder import job_folder
from rsh.protocol.requests import Detach
from rsh.server.job import Job
from rsh.server.jobs import Jobs
from rsh.server.options import Options
from tests.machines import SOON, descriptors


def start(jobs: Jobs, name: str, *words: str) -> Job:
    arguments = tuple(map(os.fsencode, words))
    return jobs.start(Detach(name, arguments, False), arguments, b"/tmp", os.environb, "ann")


def wait(job: Job) -> None:
    job.wait_for_holder()
    assert job.ended() is not None


def test_many_threads_start_one(tmp_path: Path) -> None:
    jobs, together = Jobs(Options()), threading.Barrier(20)

    def ask(_: int) -> str:
        together.wait(SOON)
        return start(jobs, "once", "sh", "-c", f"echo x >> {tmp_path}/count").asked.id

    with ThreadPoolExecutor(20) as pool:
        assert set(pool.map(ask, range(20))) == {"once"}
    wait(jobs.find("once"))
    assert (tmp_path / "count").read_text() == "x\n"


def test_variables_of_the_client_do_not_make_another_command() -> None:
    jobs = Jobs(Options())
    for language in (b"C", b"de_DE.UTF-8"):
        request = Detach("a", (b"true",), False, b"", {b"LANG": language, b"LC_TIME": language})
        jobs.start(request, request.arguments, b"/tmp", os.environb, "ann")
    with pytest.raises(Refused, match="another command"):
        jobs.start(Detach("a", (b"true",), False, b"", {b"X": b"1"}), (b"true",), b"/tmp", os.environb, "ann")


def test_what_cannot_be_started_leaves_nothing() -> None:
    jobs = Jobs(Options())
    for words in (("/nonexistent",), ("/etc/passwd",), ("x" * 3_000_000,)):
        with pytest.raises(Refused, match=r"^E[A-Z0-9]+$"):
            start(jobs, "a", *words)
        assert jobs.all() == []


def test_damaged_folder_is_no_job_and_harms_no_other() -> None:
    jobs = Jobs(Options())
    job = start(jobs, "a", "true")
    wait(job)
    for content in ("", "{", '{"id": 3}'):
        broken = Path(job.folder).parent / "broken"
        broken.mkdir(exist_ok=True)
        (broken / job_folder.JOB).write_text(content)
        assert [each.asked.id for each in jobs.all()] == ["a"]
        with pytest.raises(Refused, match="no job"):
            jobs.find("broken")


def test_those_that_run_are_never_forgotten_for_new_ones() -> None:
    jobs = Jobs(Options(max_jobs=1))
    job = start(jobs, "a", "sleep", "100")
    try:
        with pytest.raises(Refused, match="limit"):
            start(jobs, "b", "true")
    finally:
        for process in job.leftover():
            os.kill(process.pid, 15)
    wait(job)
    wait(start(jobs, "b", "true"))
    assert [each.asked.id for each in jobs.all()] == ["b"]


def test_what_a_killed_daemon_left_unfinished_is_no_job() -> None:
    jobs = Jobs(Options())
    wait(start(jobs, "a", "true"))
    folder = Path(jobs.find("a").folder)
    left = folder.with_name(".new-b")
    left.mkdir()
    (left / job_folder.JOB).write_bytes((folder / job_folder.JOB).read_bytes())
    assert [job.asked.id for job in jobs.all()] == ["a"]
    wait(start(jobs, "c", "true"))
    assert not left.exists()


def test_job_whose_place_is_taken_leaves_nothing_open() -> None:
    jobs = Jobs(Options())
    wait(start(jobs, "a", "true"))
    Path(jobs.find("a").folder).with_name("b").write_text("no folder")
    before = descriptors(os.getpid())
    with pytest.raises(Refused, match="cannot be kept"):
        start(jobs, "b", "true")
    assert descriptors(os.getpid()) <= before
