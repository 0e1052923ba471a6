"""The detached commands of this account, and the limits to them.

Each is a folder, and no daemon owns it (job_folder.py): daemons come and go, and several may care for the same jobs.

The client chooses a job's id. A folder of that name is made whole, under a lock, and never twice: asking again, because
an answer was lost on the way or because several ask at once, finds the job that is there.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from rsh import places
from rsh.errors import Code, Refused, UsageError, error_name
from rsh.holder import job as holder
from rsh.holder import job_folder
from rsh.holder.starting import FOLDER
from rsh.protocol.requests import Detach
from rsh.server.job import Asked, Ends, Job
from rsh.server.options import Options

# Variables that say something of whoever asks, and not of what is asked for.
OF_THE_CLIENT: Final = (b"LANG", b"LC_", b"TERM", b"COLORTERM")

# Starts the holder, as starting.START does that of a shell.
BOOT: Final = "import sys; sys.path.append(sys.argv.pop(1)); from rsh.holder.job import main; main()"

NEW: Final = ".new-"  # in front of a folder that is not whole yet


class Jobs:
    """All jobs of the account, and the limits to them."""

    def __init__(self, options: Options) -> None:
        self._options = options
        # Machines may share a home, and none can tell how the jobs of another stand.
        self._folder = os.path.join(places.state_dir(), "jobs", os.uname().nodename)

    def find(self, name: str) -> Job:
        """Give the job of an id. Raises Refused when there is none."""
        try:
            return Job(os.path.join(self._folder, name))
        except (OSError, msgspec.MsgspecError):
            raise Refused(Code.COMMAND, f"no job {name}") from None

    def all(self) -> list[Job]:
        """Give all jobs, the oldest first; those that are over for long enough are forgotten."""
        self._sweep()
        return sorted(self._jobs(), key=lambda job: (job.asked.begun_ns, job.asked.id))

    def start(
        self, request: Detach, arguments: Sequence[bytes], directory: bytes, environment: Mapping[bytes, bytes], by: str
    ) -> Job:
        """Start a job, or find the one that has been started for this very request before.

        Args:
            arguments: what is executed for it.
            by: who asks.

        Raises:
            Refused: the id is that of another command, a limit is reached, or it cannot be started.
        """
        digest = _digest(request, directory)
        try:
            places.ensure_dir(os.path.dirname(self._folder))
            places.ensure_dir(self._folder)
            with places.FolderLock(self._folder):
                job, ends = self._claim(request, digest, directory, by)
                if ends is None:
                    return job
        except UsageError as error:
            raise Refused(Code.COMMAND, f"jobs cannot be kept: {error}") from error
        except OSError as error:
            raise Refused(Code.COMMAND, f"jobs cannot be kept: {error.strerror}") from error
        try:
            self._hold(job, ends, request.timeout, arguments, directory, environment)
        finally:
            ends.close()
        return job

    def _claim(self, request: Detach, digest: str, directory: bytes, by: str) -> tuple[Job, Ends | None]:
        """Find the job or make its folder, and give what its holder is to have, None when it is not ours to start."""
        path = os.path.join(self._folder, request.id)
        if os.path.isdir(path):
            job = Job(path)
            if job.asked.digest != digest:
                raise Refused(Code.COMMAND, f"job {request.id} is another command")
            # It may have been claimed by a daemon that was killed before it could start anything.
            return job, None if job.begun or job.runs else Ends(path)
        self._make_room()
        asked = Asked(
            request.id,
            request.arguments,
            request.shell,
            directory,
            digest,
            by,
            time.time_ns(),
            job_folder.boot_id(),
            self._options.job_output,
        )
        self._remove_unfinished()
        new = os.path.join(self._folder, NEW + request.id)
        os.mkdir(new, 0o700)
        places.write_private(os.path.join(new, job_folder.JOB), msgspec.json.encode(asked))
        ends = Ends(new)
        try:
            os.rename(new, path)
        except OSError:
            ends.close()
            raise
        return Job(path), ends

    def _remove_unfinished(self) -> None:
        """Remove what daemons that were killed have left; the folder is locked, so nobody else is at it."""
        for name in os.listdir(self._folder):
            if name.startswith(NEW):
                shutil.rmtree(os.path.join(self._folder, name), ignore_errors=True)

    def _hold(
        self,
        job: Job,
        ends: Ends,
        timeout: float,
        arguments: Sequence[bytes],
        directory: bytes,
        environment: Mapping[bytes, bytes],
    ) -> None:
        """Start the holder, and wait until it has started the command."""
        words: list[str | bytes] = [
            FOLDER,
            job.folder,
            str(ends.listener.fileno()),
            str(job.asked.output),
            str(timeout),
            *arguments,
        ]
        try:
            process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", BOOT, *words],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                cwd=directory,
                env=dict(environment),
                start_new_session=True,
                pass_fds=(ends.lock, ends.listener.fileno()),
            )
        except (OSError, ValueError) as error:
            self._remove(job)
            name = error_name(error) if isinstance(error, OSError) else "EINVAL"
            raise Refused(Code.COMMAND, name) from error
        answer, _ = process.communicate()
        if answer.decode() != holder.STARTED:
            self._remove(job)
            raise Refused(Code.COMMAND, answer.decode() or "the job's holder has died")

    def _remove(self, job: Job) -> None:
        with places.FolderLock(self._folder):
            shutil.rmtree(job.folder, ignore_errors=True)

    def _jobs(self) -> list[Job]:
        found = []
        try:
            names = [name for name in os.listdir(self._folder) if not name.startswith(NEW)]
        except OSError:
            return []
        for name in names:
            try:
                found.append(Job(os.path.join(self._folder, name)))
            except (OSError, msgspec.MsgspecError):
                continue  # Somebody removes it right now; or it is not ours.
        return found

    def _sweep(self) -> None:
        """Forget the jobs that have been over for longer than they are kept."""
        oldest = time.time_ns() - int(self._options.job_ttl * 1e9)
        for job in self._jobs():
            if not job.runs and job.changed_ns < oldest:
                shutil.rmtree(job.folder, ignore_errors=True)

    def _make_room(self) -> None:
        """Keep to the limits with one more job: forget the oldest that are over.

        Raises:
            Refused: too many run.
        """
        self._sweep()
        jobs = self._jobs()
        over = sorted((job for job in jobs if not job.runs), key=lambda job: job.changed_ns)
        sizes = {job.folder: job.size() for job in jobs}
        while (
            len(sizes) >= self._options.max_jobs
            or sum(sizes.values()) + self._options.job_output > self._options.job_disk
        ):
            if not over:
                raise Refused(Code.BUSY, f"{len(sizes)} jobs run already; the limit is reached")
            job = over.pop(0)
            shutil.rmtree(job.folder, ignore_errors=True)
            del sizes[job.folder]


def _digest(request: Detach, directory: bytes) -> str:
    """Tell one command from another; not by the language of whoever asks."""
    own = sorted((name, value) for name, value in request.environment.items() if not name.startswith(OF_THE_CLIENT))
    return hashlib.sha256(msgspec.msgpack.encode((request.arguments, request.shell, directory, own))).hexdigest()
