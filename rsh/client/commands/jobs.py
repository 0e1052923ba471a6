"""`rsh exec --detach`, `jobs`, `logs`, `wait` and `cancel`: commands that go on over there without us.

All of these may be asked again when a session is gone, and are: what they concern is kept over there.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines, writing
from rsh.client.cli.repeat import dial_again
from rsh.client.shell.wanted import asked_environment
from rsh.client.terminal.passthrough import to_stderr, to_stdout
from rsh.client.text.complaints import say
from rsh.errors import RshError, SessionGone, UsageError, exit_status
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.client.api.remote_jobs import JobLog
    from rsh.protocol.job_records import Job

Result = TypeVar("Result")

TIMED_OUT: Final = 124  # as `rsh exec --timeout`


class JobLost(RshError):
    """Nobody knows how a job ended."""

    def __init__(self, job: Job) -> None:
        super().__init__(
            f"job {job.id} is lost: its holder was killed, or the machine went down",
            advice="what it has left running ends with: rsh cancel",
        )


def run_detached(context: Context, options: Options) -> int:
    """Start a command that goes on without us, and print its id."""
    from rsh.client.api.remote_jobs import new_id

    if not options.detach:
        raise UsageError("--id belongs to --detach")
    if options.terminal:
        raise UsageError("--tty: a detached command has no terminal")
    name = _checked_id(options.id) if options.id is not None else new_id()
    words = [os.fsencode(word) for word in options.command]
    # The id makes it safe to ask twice.
    job = _persist(
        context,
        lambda: context.remote.detach(
            words if len(words) > 1 else options.command[0],
            id=name,
            cwd=os.fsencode(options.directory) if options.directory else None,
            env=asked_environment(options),
            timeout=options.timeout,
        ),
    )
    if options.json:
        _print_json([job])
    else:
        print_lines([printable(job.id)])
    return 0


def run_jobs(context: Context, options: Options) -> int:
    """Print how detached commands stand."""
    jobs = _persist(context, lambda: context.remote.jobs(*map(_checked_id, options.ids)))
    if options.json:
        _print_json(jobs)
    elif jobs:
        print_lines(job_lines(jobs, time.time()))
    return 0


def run_logs(context: Context, options: Options) -> int:
    """Print what a job has written; after the link was lost, go on where we stopped."""
    follower = _Follower(context, options)
    job = _persist(context, follower.run)
    if options.follow and job.state == "lost":
        raise JobLost(job)
    return 0


def run_wait(context: Context, options: Options) -> int:
    """Wait for the end of a job and exit as it did."""
    name = _checked_id(options.id)
    job = _persist(context, lambda: context.remote.wait_job(name))
    if options.json:
        _print_json([job])
    if job.returncode is None:
        raise JobLost(job)
    return TIMED_OUT if job.state == "timeout" else exit_status(job.returncode)


def run_cancel(context: Context, options: Options) -> int:
    """End a job; 0 once it has ended, in whichever way."""
    name = _checked_id(options.id)
    job = _persist(context, lambda: context.remote.cancel_job(name, options.grace))
    if options.json:
        _print_json([job])
    elif not context.quiet:
        print_lines(job_lines([job], time.time()))
    return 0


class _Follower:
    """Prints a log, however many connections that takes."""

    def __init__(self, context: Context, options: Options) -> None:
        self._context = context
        self._id = _checked_id(options.id)
        self._follow = options.follow
        self._json = options.json
        self._position = 0

    def run(self) -> Job:
        """Print from where we stopped to the end; give how the job stands."""
        log = self._context.remote.job_log(self._id, follow=self._follow, position=self._position)
        for stream, piece in log:
            self._tell_dropped(log)
            self._print(stream, log.position - len(piece), piece)
            self._position = log.position
        self._tell_dropped(log)
        assert log.job is not None
        return log.job

    def _tell_dropped(self, log: JobLog) -> None:
        if log.dropped:
            say(f"rsh: logs: {log.dropped} bytes are no longer kept\n")

    def _print(self, stream: int, position: int, piece: memoryview) -> None:
        from rsh.client.api.remote_jobs import STDERR

        if self._json:
            from rsh.client.cli.json_output import print_object, text_fields

            name = "stderr" if stream == STDERR else "stdout"
            print_object({"stream": name, "position": position, **text_fields("data", bytes(piece))})
        elif stream == STDERR:
            to_stderr(piece)
        else:
            with writing():
                to_stdout(piece)


def job_lines(jobs: list[Job], now: float) -> list[str]:
    """Give the table of jobs.

    Args:
        now: seconds since 1970, to choose how a moment is written.
    """
    from rsh.client.text.columns import align
    from rsh.client.text.units import duration, listing_time

    rows = [["ID", "STATE", "SINCE", "DURATION", "STATUS", "COMMAND"]]
    rows += [
        [
            printable(job.id),
            printable(job.state),
            listing_time(job.begun_ns, now),
            duration(job.duration),
            _status(job),
            _command(job),
        ]
        for job in jobs
    ]
    return align(rows, (False, False, False, True, False, False))


def _status(job: Job) -> str:
    from rsh.errors import describe_status

    if job.returncode is None:
        return "-"
    return describe_status(job.returncode).removeprefix("status ")


def _command(job: Job) -> str:
    if job.shell:
        return printable(job.command[0] if job.command else b"")
    import shlex

    return printable(shlex.join(os.fsdecode(word) for word in job.command))


def job_fields(job: Job) -> dict[str, Any]:
    """Give all about a job, times in seconds since 1970 and as durations."""
    returncode = job.returncode
    return {
        "id": job.id,
        "state": job.state,
        "status": None if returncode is None else exit_status(returncode),
        "signal": job.signal or None,
        "since": job.begun_ns / 1e9,
        "duration": round(job.duration, 6),
        "output": job.output,
        "command": [word.decode(errors="replace") for word in job.command],
        "shell": job.shell,
        "directory": job.directory.decode(errors="replace"),
        "by": job.by,
    }


def _print_json(jobs: list[Job]) -> None:
    from rsh.client.cli.json_output import print_object

    for job in jobs:
        print_object(job_fields(job))


def _checked_id(name: str) -> str:
    """Refuse what no job can be called, before the other side does."""
    import re

    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", name):
        raise UsageError(
            f"'{name}' is no id of a job", advice="letters, digits, '.', '_' and '-', 64 at most, no sign in front"
        )
    return name


def _persist(context: Context, work: Callable[[], Result]) -> Result:
    """Do something that may be done again, also when the daemon was replaced meanwhile and knows us no more."""
    while True:
        try:
            return work()
        except SessionGone as error:
            dial_again(context, error, context.patience)
