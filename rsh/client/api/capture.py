"""Running a command to its end with its output kept, for Remote.run."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rsh.client.api.process import RemoteProcess, own_bytes
from rsh.errors import RshError
from rsh.protocol.frames import Buffer
from rsh.session.deadline import Deadline


def capture(
    process: RemoteProcess, input: bytes | None, stdout: bytearray, stderr: bytearray, deadline: Deadline
) -> int:
    """Feed `input`, collect both outputs, and wait.

    Returns:
        The returncode.

    Raises:
        RshError: as RemoteProcess.wait; what had arrived stands in stdout and stderr.
    """
    threads = [threading.Thread(target=_collect, args=(process.read_stderr, stderr), daemon=True)]
    if input is not None:
        threads.append(threading.Thread(target=_feed, args=(process, own_bytes(input)), daemon=True))
    for thread in threads:
        thread.start()
    try:
        while piece := process.read_stdout(deadline):
            stdout += piece
        returncode = process.wait(deadline)
    finally:
        process.close()
        for thread in threads:
            thread.join()
    return returncode


def _collect(read: Callable[[], Buffer], into: bytearray) -> None:
    try:
        while piece := read():
            into += piece
    except RshError:
        pass  # wait() raises the same, in the thread that asked


def _feed(process: RemoteProcess, data: bytes) -> None:
    try:
        process.write(data)
        process.close_stdin()
    except RshError:
        pass  # It ended without reading all: as with a local pipe, nobody minds.
