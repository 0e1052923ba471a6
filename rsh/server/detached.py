"""The services of detached commands: start one, list them, read what they write, wait for their end, end them."""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import Final

from rsh.errors import Code, Refused
from rsh.files.stream.stream import RecordWriter, write_records
from rsh.holder import job as holder
from rsh.holder import job_folder, tree, watchers
from rsh.holder.joblog import LogReader
from rsh.places import socket_path
from rsh.protocol import requests
from rsh.protocol.job_records import Output
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.server.account import Account, Grant, command_environment
from rsh.server.execution import arguments_of
from rsh.server.job import Job
from rsh.server.jobs import Jobs
from rsh.server.standing import starting_directory
from rsh.session.channel import Channel

log = logging.getLogger("rsh.server")

REQUESTS: Final = requests.Detach | requests.Jobs | requests.Logs | requests.Wait | requests.Cancel


def serve(
    channel: Channel,
    request: requests.Request,
    account: Account,
    grant: Grant,
    own: Mapping[bytes, bytes],
    jobs: Jobs,
    *,
    everything: bool,
) -> None:
    """Serve one request that concerns detached commands.

    Raises:
        Refused: the key may not, or there is no such job.
    """
    grant.require_shell()
    if isinstance(request, requests.Detach):
        environment = command_environment(account, own, request.environment, everything=everything)
        _answer(channel, [_start(request, account, grant, environment, jobs)])
    elif isinstance(request, requests.Jobs):
        _answer(channel, [jobs.find(name) for name in request.ids] if request.ids else jobs.all())
    elif isinstance(request, requests.Logs):
        _send_log(channel, jobs.find(request.id), request)
    elif isinstance(request, requests.Wait):
        _wait(channel, jobs.find(request.id))
    elif isinstance(request, requests.Cancel):
        _cancel(channel, jobs.find(request.id), request.grace)


def _start(
    request: requests.Detach, account: Account, grant: Grant, environment: Mapping[bytes, bytes], jobs: Jobs
) -> Job:
    if not 0 <= request.timeout < watchers.LONGEST:
        raise Refused(Code.COMMAND, "EINVAL")
    directory = starting_directory(account, request.directory)
    arguments = arguments_of(request.arguments, account, shell=request.shell)
    job = jobs.start(request, arguments, directory, environment, grant.label)
    log.info("= job %s: %s", job.asked.id, grant.label)
    return job


def _answer(channel: Channel, found: list[Job]) -> None:
    channel.accept()
    write_records(channel, [job.record() for job in found])
    channel.close()


def _send_log(channel: Channel, job: Job, request: requests.Logs) -> None:
    """Send what the job has written, with `follow` also what it writes until it ends; then how it stands."""
    channel.accept(bulk=True)
    writer = RecordWriter(channel)
    reader = LogReader(job.folder, request.position)
    standing = job.record()  # If it has ended, all of its output is there to be read, or no longer kept.
    try:
        with _Watch(channel, job) as watch:
            while True:
                live = watch.live  # Before the log is read: what the job wrote last is read after its end.
                while chunk := reader.read():
                    writer.record(Output(chunk.stream, chunk.position, len(chunk.data)))
                    writer.content(chunk.data)
                writer.flush()
                if not request.follow or not live:
                    break
                if not watch.wait():
                    return
            if request.follow:
                job.wait_for_holder()
                standing = job.record()
    finally:
        reader.close()
    writer.record(standing)
    writer.end()
    channel.close()


def _wait(channel: Channel, job: Job) -> None:
    """Answer when the job has ended."""
    channel.accept()
    if _wait_ended(channel, job):
        write_records(channel, [job.record()])
        channel.close()


def _wait_ended(channel: Channel, job: Job, order: bytes = b"") -> bool:
    """Give an order to the holder and wait until the job has ended; False when nobody wants to know any more."""
    with _Watch(channel, job) as watch:
        watch.send(order)
        while watch.live:
            if not watch.wait():
                return False
    job.wait_for_holder()
    return True


def _cancel(channel: Channel, job: Job, grace: float) -> None:
    """End the job, and what a dead holder has left of one, and answer."""
    if not 0 <= grace < watchers.LONGEST:
        raise Refused(Code.COMMAND, "EINVAL")
    channel.accept()
    if not _wait_ended(channel, job, watchers.CANCEL.pack(watchers.CANCEL_BYTE, grace)):
        return
    if job.ended() is None:
        _end_leftover(job, grace)
    write_records(channel, [job.record()])
    channel.close()


def _end_leftover(job: Job, grace: float) -> None:
    left = job.leftover()
    for number, patience in ((signal.SIGTERM, grace), (signal.SIGKILL, holder.KILL_PATIENCE)):
        tree.signal_all(left, number)
        tree.signal_all(left, signal.SIGCONT)
        tree.wait_gone(left, patience)
        left = {process for process in left if tree.look_up(process.pid) == process} | job.leftover()
        if not left:
            return


class _Watch:
    """Wakes when a job has written something or ended, and when nobody wants to know it any more.

    Attributes:
        live: whether the job's holder was there when we looked last.
    """

    def __init__(self, channel: Channel, job: Job) -> None:
        self._lock = threading.Lock()  # guards _left: the session's reader may come after we have closed it
        self._left = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._sock = _connect(job)
        self.live = self._sock is not None
        channel.listen(self._on_message)

    def wait(self) -> bool:
        """Wait for something; False when the client has left."""
        assert self._sock is not None
        poll = select.poll()
        poll.register(self._left, select.POLLIN)
        poll.register(self._sock, select.POLLIN)
        if self._left in (descriptor for descriptor, _ in poll.poll()):
            return False
        try:
            self.live = bool(self._sock.recv(4096))
        except OSError:
            self.live = False
        return True

    def send(self, order: bytes) -> None:
        """Give the holder an order."""
        try:
            if self._sock is not None:
                self._sock.send(order)
        except OSError:
            pass  # It has ended meanwhile, which is read.

    def __enter__(self) -> _Watch:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            os.close(self._left)
            self._left = -1
        if self._sock is not None:
            self._sock.close()

    def _on_message(self, message: Signal | Resize | Exit | None) -> None:
        with self._lock:
            if message is None and self._left >= 0:
                os.eventfd_write(self._left, 1)


def _connect(job: Job) -> socket.socket | None:
    """Connect to a job's holder, None when there is none."""
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket_path(job.folder, job_folder.SOCKET) as path:
            sock.connect(path)
    except OSError:
        sock.close()
        return None
    return sock
