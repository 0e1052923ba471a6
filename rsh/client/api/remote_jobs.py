"""The detached commands of the public API, as methods of Remote: they outlive session, client and daemon."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from rsh.client.api.process import explaining, named
from rsh.client.api.renewing import Renewing
from rsh.errors import ProtocolError, SessionGone
from rsh.protocol import requests
from rsh.protocol.frames import Buffer
from rsh.session.channel import Channel
from rsh.session.deadline import NEVER, Deadline
from rsh.session.session import Session

if TYPE_CHECKING:
    from rsh.protocol.job_records import Job, Output

# Letters of an id that we choose: 40 bits, and nothing that could be taken for something else.
ALPHABET: Final = "abcdefghijkmnpqrstuvwxyz23456789"
LENGTH: Final = 8

STDOUT: Final = 1
STDERR: Final = 2


class RemoteJobs(Renewing):
    """Commands over there that belong to no session. A restart of the daemon does nothing to them, nor to waiting.

    Attributes:
        directory: where relative paths start; b"" is the home.
    """

    directory = b""

    def detach(
        self,
        command: str | Sequence[str | bytes],
        *,
        id: str | None = None,
        cwd: str | bytes | os.PathLike[str] | None = None,
        env: Mapping[Any, Any] | None = None,
        timeout: float | None = None,
    ) -> Job:
        """Start a command that goes on without us; its stdin is empty, its output is kept over there.

        Args:
            command, cwd, env: as Remote.start.
            id: letters, digits, `.`, `_` and `-`; asked for again, by whomever, the command is started once and this
                gives how it stands. None for one that nobody has.
            timeout: seconds after which it is ended.

        Raises:
            CommandNotStarted. Refused: the id is another command's, or no job can be kept.
        """
        words = tuple(map(os.fsencode, (command,) if isinstance(command, str) else command))
        line = isinstance(command, str)
        where = os.path.join(self.directory, os.fsencode(cwd or b""))
        request = requests.Detach(
            id or new_id(),
            words,
            line,
            where,
            {os.fsencode(name): os.fsencode(value) for name, value in (env or {}).items()},
            float(timeout or 0.0),
        )
        with explaining(named(words, line=line), where):
            return self._one(request)

    def jobs(self, *ids: str) -> list[Job]:
        """Tell how detached commands stand, the oldest first; of no ids all."""
        return self.persist(lambda: [self.taken(job) for job in _records(self.open(requests.Jobs(ids)))])

    def wait_job(self, id: str, timeout: float | None = None) -> Job:
        """Wait until a detached command has ended; raises DeadlineExpired after `timeout` seconds."""
        return self._one(requests.Wait(id), Deadline(timeout))

    def cancel_job(self, id: str, grace: float = 5.0) -> Job:
        """End a detached command and all that it started: TERM, after `grace` seconds KILL; gives how it stands."""
        return self._one(requests.Cancel(id, grace))

    def job_log(self, id: str, *, follow: bool = False, position: int = 0) -> JobLog:
        """Give what a detached command has written, with `follow` also what it will write, to be iterated."""
        return JobLog(self, id, follow, position)

    def _one(self, request: requests.Request, deadline: Deadline = NEVER) -> Job:
        def ask() -> Job:
            for job in _records(self.open(request), deadline):
                return self.taken(job)
            raise ProtocolError("no answer about a job")

        return self.persist(ask)


class JobLog:
    """What a detached command has written; iterate once for pieces: STDOUT or STDERR, and bytes.

    Attributes:
        position: of the next byte, both streams counted together: where to go on after the link was lost.
        dropped: bytes just before the last piece that are no longer kept; at the end, bytes behind the last piece.
        job: how the command stands; known at the end.
    """

    def __init__(self, remote: Renewing, id: str, follow: bool, position: int) -> None:
        """Ask for what was written from a position on."""
        self.position = position
        self.dropped = 0
        self.job: Job | None = None
        self._remote = remote
        self._id = id
        self._follow = follow
        self._due = 0  # bytes of a piece that was announced

    def __iter__(self) -> Iterator[tuple[int, memoryview]]:
        """Wait for pieces; goes on by itself with the next daemon. Raises RshError when the link is lost."""
        while self.job is None:
            session = self._remote.session
            try:
                yield from self._read(session)
            except SessionGone as gone:
                self._remote.renew(session, gone)

    def _read(self, session: Session) -> Iterator[tuple[int, memoryview]]:
        from rsh.files.stream.stream import RecordReader
        from rsh.protocol import job_records

        channel = session.open(requests.Logs(self._id, self._follow, self.position), bulk=True)
        stream, self._due = STDOUT, 0
        try:
            channel.end()
            for element in RecordReader(channel, job_records.JOBS):
                if isinstance(element, memoryview):
                    yield stream, self._advanced(element)
                    self.dropped = 0
                elif self._due or self.job:
                    raise ProtocolError(f"{type(element).__name__} in the place of output")
                elif isinstance(element, job_records.Job):
                    self.job = self._remote.taken(element)
                    self.dropped = max(0, element.output - self.position)
                else:
                    stream = self._announced(element)
            if self.job is None:
                raise ProtocolError("a log without an end")
        finally:
            channel.leave()

    def _advanced(self, piece: memoryview) -> memoryview:
        if len(piece) > self._due:
            raise ProtocolError("output that was not announced")
        self._due -= len(piece)
        self.position += len(piece)
        return piece

    def _announced(self, output: Output) -> int:
        """Take note of where the next piece stands; give its stream."""
        if output.position < self.position:
            raise ProtocolError("output that was given before")
        self._due = output.size
        self.dropped = output.position - self.position
        self.position = output.position
        return output.stream


def new_id() -> str:
    """Choose an id that nobody has."""
    return "".join(ALPHABET[byte % len(ALPHABET)] for byte in os.urandom(LENGTH))


def _records(channel: Channel, deadline: Deadline = NEVER) -> Iterator[Job]:
    """Give the records of an answer."""
    from rsh.files.stream.stream import RecordReader
    from rsh.protocol import job_records

    try:
        channel.end()
        channel.wait_accepted(deadline)
        for record in RecordReader(_Pipe(channel, deadline), job_records.JOBS):
            if not isinstance(record, job_records.Job):
                raise ProtocolError("no record of a job")
            yield record
    finally:
        channel.leave()


class _Pipe:
    """A channel that is read by a deadline."""

    def __init__(self, channel: Channel, deadline: Deadline) -> None:
        self._deadline = deadline
        self._read = channel.read
        self.frame, self.write, self.end, self.close = channel.frame, channel.write, channel.end, channel.close

    def read(self, lane: int = 0) -> Buffer:
        """As Channel.read."""
        return self._read(lane, self._deadline)
