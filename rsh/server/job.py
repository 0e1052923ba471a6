"""One detached command of this account: the folder from which everything about it is read.

No daemon owns a job. Whoever looks at its folder knows how it stands: it runs as long as its holder has the lock, it
has ended when it says so, and otherwise it is lost.
"""

from __future__ import annotations

import fcntl
import os
import socket
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import msgspec
from msgspec import Struct

from rsh.holder import job_folder, tree
from rsh.protocol import job_records

# What a list shows of a command line, in bytes.
SHOWN: Final = 4096

BACKLOG: Final = 64  # watchers that wait to be let in


class Asked(Struct, frozen=True):
    """What was asked for: the file job.json."""

    id: str
    arguments: tuple[bytes, ...]
    shell: bool
    directory: bytes
    digest: str  # of all that makes it this command and no other
    by: str
    begun_ns: int
    boot: str
    output: int  # bytes that it may keep


class Ended(Struct, frozen=True):
    """How it ended: the file end.json."""

    status: int
    signal: int
    why: str
    ended_ns: int
    output: int


class Job:
    """One job's folder.

    Attributes:
        folder: its path.
        asked: what was asked for.
    """

    def __init__(self, folder: str) -> None:
        """Read what was asked for. Raises OSError, or msgspec's errors for a damaged file."""
        self.folder = folder
        self.asked = msgspec.json.decode(_read(folder, job_folder.JOB), type=Asked)

    def ended(self) -> Ended | None:
        """Give how it ended; None when it runs or is lost."""
        try:
            return msgspec.json.decode(_read(self.folder, job_folder.END), type=Ended)
        except (OSError, msgspec.MsgspecError):
            return None

    @property
    def runs(self) -> bool:
        """Whether its holder lives."""
        if self.asked.boot != job_folder.boot_id():
            return False
        try:
            with open(self._path(job_folder.LOCK), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            pass
        return False

    def wait_for_holder(self) -> None:
        """Wait until a holder that has said its last word is gone."""
        try:
            with open(self._path(job_folder.LOCK), "rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH)
        except OSError:
            pass

    @property
    def begun(self) -> bool:
        """Whether its command may have been started."""
        return os.path.exists(self._path(job_folder.BEGUN))

    @property
    def changed_ns(self) -> int:
        """When something of it changed last: of a lost job, when it was there for the last time."""
        with suppress(OSError), os.scandir(self.folder) as entries:
            return max((entry.stat().st_mtime_ns for entry in entries), default=self.asked.begun_ns)
        return self.asked.begun_ns

    def size(self) -> int:
        """Give the bytes that it takes on the disk, or may come to take."""
        if self.runs:
            return self.asked.output
        with suppress(OSError), os.scandir(self.folder) as entries:
            return sum(entry.stat().st_size for entry in entries)
        return 0

    def leftover(self) -> set[tree.Process]:
        """Give what a dead holder has left running of the command, as far as it can be told."""
        try:
            pid, started, boot = msgspec.json.decode(_read(self.folder, job_folder.PROCESS), type=tuple[int, int, str])
        except (OSError, msgspec.MsgspecError):
            return set()
        if boot != job_folder.boot_id():
            return set()
        first = tree.look_up(pid)
        if first is not None and first.started != started:
            return set()
        return tree.members(pid, set())

    def record(self) -> job_records.Job:
        """Give how it stands."""
        runs = self.runs  # Before the end is looked for: a job that ends meanwhile has it.
        ended = self.ended()
        last = ended.ended_ns if ended else time.time_ns() if runs else self.changed_ns
        if ended:
            state = {"cancelled": "cancelled", "timeout": "timeout"}.get(ended.why, "finished")
        else:
            state = "running" if runs else "lost"
        return job_records.Job(
            id=self.asked.id,
            state=state,
            status=ended.status & 0xFF if ended else 0,
            signal=ended.signal & 0x7F if ended else 0,
            begun_ns=self.asked.begun_ns,
            duration=max(0, last - self.asked.begun_ns) / 1e9,
            output=ended.output if ended else 0,
            command=_shown(self.asked.arguments),
            shell=self.asked.shell,
            directory=self.asked.directory,
            by=self.asked.by,
        )

    def _path(self, name: str) -> str:
        return os.path.join(self.folder, name)


class Ends:
    """What a job's holder has from its first moment on, so that at no moment it is not known to live.

    Attributes:
        lock: a descriptor; locked as long as anybody has it.
        listener: the socket for those who watch.
    """

    def __init__(self, folder: str) -> None:
        """Make both in a job's folder, whose path may be longer than that of a socket."""
        self.lock = os.open(os.path.join(folder, job_folder.LOCK), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(self.lock, fcntl.LOCK_EX)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listen(folder)
        except OSError:
            self.close()
            raise

    def _listen(self, folder: str) -> None:
        place = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fchmod(self.listener.fileno(), 0o600)
            with suppress(FileNotFoundError):
                os.unlink(job_folder.SOCKET, dir_fd=place)
            self.listener.bind(f"/proc/self/fd/{place}/{job_folder.SOCKET}")
        finally:
            os.close(place)
        self.listener.listen(BACKLOG)

    def close(self) -> None:
        """Leave them to the holder."""
        os.close(self.lock)
        self.listener.close()


def _read(folder: str, name: str) -> bytes:
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def _shown(arguments: Sequence[bytes]) -> tuple[bytes, ...]:
    """Cut a command line to a length that a list can take."""
    shown: list[bytes] = []
    left = SHOWN
    for argument in arguments:
        shown.append(argument[:left])
        left -= len(argument) + 1
        if left <= 0:
            break
    return tuple(shown)
