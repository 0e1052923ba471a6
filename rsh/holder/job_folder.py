"""The folder of a detached command: what is known of it, and stays when its processes and the daemons have gone.

job.json    written by the daemon, before the holder exists: what was asked for
lock        locked (flock(2)) as long as the holder lives, from before its start; no dead one passes for alive
begun       made before the command is started: from now on it may have run, and is never started again
process     pid, start time and boot of the command, for whoever has to end what a dead holder has left
output.*    the log (joblog.py)
socket      listens from before the holder's start, too, for whoever watches (watchers.py)
end.json    how it ended; without it and without the lock the job is lost
"""

from __future__ import annotations

import os
from typing import Final

from rsh.holder.joblog import segments

JOB: Final = "job.json"
LOCK: Final = "lock"
BEGUN: Final = "begun"
PROCESS: Final = "process"
SOCKET: Final = "socket"
END: Final = "end.json"
RESERVED: Final = "end.json.room"
RESERVE: Final = 4096  # bytes, one block; what is said of an end is shorter


def write(folder: str, name: str, content: bytes) -> None:
    """Put a file into it, whole and to stay. Raises OSError."""
    path = os.path.join(folder, name)
    part = os.open(path + ".part", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(part, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(part)
    os.rename(path + ".part", path)


def reserve_end(folder: str) -> None:
    """Take room on the disk for how it will end, so that this needs none which output has taken."""
    try:
        with open(os.path.join(folder, RESERVED), "wb", opener=_private) as file:
            file.write(b" " * RESERVE)
    except OSError:
        pass  # The disk is full already; then it is written in the place of output.


def write_end(folder: str, content: bytes) -> None:
    """Write how it ended, if need be in the place of output: that matters more than its beginning. Raises OSError."""
    try:
        _write_reserved(folder, content)
        return
    except OSError:
        pass  # There is no room that was kept for it.
    for name in [*segments(folder), ""]:
        try:
            write(folder, END, content)
            return
        except OSError:
            if not name:
                raise
            os.unlink(os.path.join(folder, name))


def _write_reserved(folder: str, content: bytes) -> None:
    path = os.path.join(folder, RESERVED)
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.ftruncate(descriptor, len(content))
        os.fsync(descriptor)
    os.rename(path, os.path.join(folder, END))


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CLOEXEC, 0o600)


def boot_id() -> str:
    """Name the boot of this machine: a job of another one cannot be running."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()
