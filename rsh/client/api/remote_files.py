"""The file side of the public API: everything that concerns files over there, as methods of Remote.

Modules of the file engine are imported by the method that needs them: a command that copies nothing does not pay
for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, TypeVar

from rsh.client.api.remote_copies import Path, RemoteCopies, encoded
from rsh.errors import FileError, ProtocolError, SessionGone, file_error
from rsh.protocol import requests
from rsh.protocol.frames import Buffer

if TYPE_CHECKING:
    from rsh.files.stream.stream import Pipe
    from rsh.protocol.answer_records import AnswerRecord, Candidate, Digest, Entry, Heading, Machine, Space, Total
    from rsh.protocol.record_stream import Failure

Record = TypeVar("Record")
Item = TypeVar("Item")


class RemoteFiles(RemoteCopies):
    """Files over there.

    When the daemon is restarted meanwhile, looks at something are repeated, unless part of the answer was given; what
    changes something is repeated only if it had not begun.
    """

    def survey(self, *paths: Path, exclude: Iterable[str | bytes] = (), follow: bool = False) -> Iterator[Total]:
        """Count what `get` of these paths would bring: totals so far, and the complete one last."""
        from rsh.protocol.answer_records import Total

        return self._ask(requests.Survey(encoded(paths), self.directory, encoded(exclude), follow), (Total,))

    def scan(
        self, *paths: Path, recursive: bool = False, itself: bool = False, follow: bool = False
    ) -> Iterator[Entry | Heading | Failure]:
        """List paths as records come: Heading before what is in a directory, Entry, and Failure for what failed."""
        from rsh.protocol.answer_records import Entry, Heading
        from rsh.protocol.record_stream import Failure

        request = requests.List(encoded(paths) or (b"",), self.directory, recursive, itself, follow)
        return self._ask(request, (Heading, Entry, Failure))

    def ls(self, path: Path = b"", *, recursive: bool = False) -> list[Entry]:
        """List a directory, or name a file; raises FileError when that fails."""
        from rsh.protocol.answer_records import Entry

        def look() -> list[Entry]:
            return [record for record in self._sure(self.scan(path, recursive=recursive)) if isinstance(record, Entry)]

        return self.persist(look)

    def stat(self, *paths: Path, follow: bool = False) -> list[Entry]:
        """Describe files themselves; raises FileError for the first that cannot be."""
        from rsh.protocol.answer_records import Entry

        def look() -> list[Entry]:
            found = self._sure(self.scan(*paths, itself=True, follow=follow))
            return [record for record in found if isinstance(record, Entry)]

        return self.persist(look)

    def read(self, *paths: Path, limit: int = 0) -> Iterator[Buffer]:
        """Give the content of files, one after the other, as it arrives, `limit` bytes a second if that is not 0.

        Raises:
            FileError: for the first that cannot be read, after those before it. DigestMismatch.
        """
        from rsh.client.api.content import read_content

        request = requests.Read(encoded(paths), self.directory, limit)
        yield from self._again_till_begun(lambda: read_content(self.open(request, bulk=True), self.here))

    def write(self, path: Path, content: Iterable[Buffer], *, expected: bytes | None = None, limit: int = 0) -> int:
        """Make `content` the content of a file, whole or not at all.

        Args:
            expected: the XXH3-128 that the file must still have, b"" if it must not be there; else Conflict is raised.
            limit: bytes a second; 0 is no limit.

        Returns:
            Its length in bytes.

        Raises:
            FileError: it could not be written; what was there before is untouched.
        """
        from rsh.client.api.content import write_content
        from rsh.files.stream.pace import paced

        request = requests.Write(os.fsencode(path), self.directory, expected)

        def begin() -> Pipe:
            return paced(self.open(request, bulk=True), limit)

        if iter(content) is content:  # It can be given once only.
            return write_content(self.persist(begin, once=True), content, os.fsencode(path), self.here)
        once = expected is not None
        return self.persist(lambda: write_content(begin(), content, os.fsencode(path), self.here), once=once)

    def rm(self, *paths: Path, recursive: bool = False, force: bool = False) -> list[FileError]:
        """Remove files, with `recursive` whole trees; give what could not be removed."""
        return self._failures(requests.Remove(encoded(paths), self.directory, recursive, force))

    def mkdir(self, *paths: Path, parents: bool = False) -> list[FileError]:
        """Make directories, with `parents` those above as well; give what could not be made."""
        return self._failures(requests.MakeDirectory(encoded(paths), self.directory, parents))

    def mv(self, *sources: Path, to: Path) -> list[FileError]:
        """Rename, or move into a directory; give what could not be moved."""
        return self._failures(requests.Move(encoded(sources), os.fsencode(to), self.directory))

    def sum(self, *paths: Path, algorithm: str = "xxh128") -> Iterator[Digest | Failure]:
        """Give the digests of files, computed over there."""
        from rsh.protocol.answer_records import Digest
        from rsh.protocol.record_stream import Failure

        return self._ask(requests.Sum(encoded(paths), self.directory, algorithm), (Digest, Failure))

    def df(self, *paths: Path) -> Iterator[Space | Failure]:
        """Give how full the file systems of some paths are; with none, all of them."""
        from rsh.protocol.answer_records import Space
        from rsh.protocol.record_stream import Failure

        return self._ask(requests.Usage(encoded(paths), self.directory), (Space, Failure))

    def info(self) -> tuple[Machine, list[Space]]:
        """Describe the machine and its file systems."""
        from rsh.protocol.answer_records import Machine, Space

        found = self.persist(lambda: list(self._ask(requests.About(), (Machine, Space))))
        machines = [record for record in found if isinstance(record, Machine)]
        if len(machines) != 1:
            raise ProtocolError("no description in the answer")
        return machines[0], [record for record in found if isinstance(record, Space)]

    def complete(self, kind: str, word: bytes, directory: bytes | None = None, shell: str = "") -> list[Candidate]:
        """Give how a word could go on over there.

        Args:
            kind: "command", "variable", "path" or "directory"; or "argument", and `word` is a command up to the cursor.
            shell: id of the living shell that is to answer.
        """
        from rsh.protocol.answer_records import Candidate

        where = self.directory if directory is None else directory
        return self.persist(lambda: list(self._ask(requests.Complete(kind, word, where, shell), (Candidate,))))

    # --- inside ---

    def _ask(self, request: requests.Request, expected: tuple[type[Record], ...]) -> Iterator[Record]:
        """Give the records of the answer to a request that changes nothing."""
        return self._again_till_begun(lambda: self._answer(request, expected))

    def _again_till_begun(self, ask: Callable[[], Iterator[Item]]) -> Iterator[Item]:
        """Give what comes, from the start if the daemon was restarted before anything came."""
        while True:
            session, begun = self.session, False
            try:
                for item in ask():
                    begun = True
                    yield item
                return
            except SessionGone as gone:
                if begun:
                    raise
                self.renew(session, gone)

    def _answer(self, request: requests.Request, expected: tuple[type[Record], ...]) -> Iterator[Record]:
        """Open a channel and give the records of its answer; whoever stops early closes it."""
        from rsh.files.stream.stream import read_records

        channel = self.open(request)
        channel.end()
        try:
            for record in read_records(channel):
                if not isinstance(record, expected):
                    raise ProtocolError(f"{type(record).__name__} in an answer that has no such thing")
                yield self.taken(record)
        finally:
            channel.leave()

    def _failures(self, request: requests.Request) -> list[FileError]:
        from rsh.protocol.record_stream import Failure
        from rsh.protocol.transfer_records import Summary

        def change() -> list[FileError]:
            found = self._answer(request, (Failure, Summary))
            return [file_error(record.error, record.path) for record in found if isinstance(record, Failure)]

        return self.persist(change, once=True)

    def _sure(self, records: Iterable[AnswerRecord]) -> Iterator[AnswerRecord]:
        """Pass records on and raise the first Failure among them."""
        from rsh.protocol.record_stream import Failure

        for record in records:
            if isinstance(record, Failure):
                raise file_error(record.error, record.path)
            yield record
