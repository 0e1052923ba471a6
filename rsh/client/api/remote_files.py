"""The file side of the public API: everything that concerns files over there, as methods of Remote.

Modules of the file engine are imported by the method that needs them: a command that copies nothing does not pay
for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from rsh.client.api.renewing import Renewing
from rsh.errors import FileError, ProtocolError, SessionGone, file_error
from rsh.protocol import requests
from rsh.protocol.frames import Buffer

if TYPE_CHECKING:
    from rsh.files.stream.stream import Pipe
    from rsh.files.transfer.report import Progress, Report
    from rsh.protocol.answer_records import AnswerRecord, Candidate, Digest, Entry, Heading, Machine, Space, Total
    from rsh.protocol.record_stream import Failure
    from rsh.session.channel import Channel

Path: TypeAlias = "str | bytes | os.PathLike[str]"
Record = TypeVar("Record")
Item = TypeVar("Item")

# Policies under which a second run would take what the first has brought for something else that is in the way.
ONCE: Final = ("rename", "backup", "fail")


class RemoteFiles(Renewing):
    """Files over there.

    When the daemon is restarted meanwhile, transfers go on with the next one by what has arrived, and looks at
    something are repeated, unless part of the answer was given; what changes something is repeated only if it had not
    begun.

    Attributes:
        directory: where relative paths start; b"" is the home.
    """

    directory = b""

    def put(
        self,
        *sources: Path,
        to: Path = b"",
        progress: Progress | None = None,
        exclude: Iterable[str | bytes] = (),
        on_conflict: str = "overwrite",
        agreed: Iterable[bytes] = (),
        dry_run: bool = False,
        limit: int = 0,
        compress: bool | None = None,
        archive: bool = False,
        follow: bool = False,
        durability: str = "auto",
        here: bytes = b"",
    ) -> Report:
        """Copy files and trees there, by the rules of cp.

        Args:
            sources: paths here; directories are copied whole, symlinks as symlinks.
            to: a directory there to copy into, or the name that a single source gets.
            progress: hears of what happens.
            exclude: what is left out, as lines of a .gitignore in each source; `!` in front takes in again.
            on_conflict: what happens to files that are there already: "overwrite", "skip", "newer", "rename",
                "backup", "fail", or "ask", which replaces those in `agreed` and skips the rest.
            dry_run: do nothing; `progress.planned` hears what would be done.
            limit: bytes a second; 0 is no limit.
            compress: whether to; None leaves it to what the link and the processors are measured to do.
            archive: keep owner, group and extended attributes (ACLs are such) as well, as far as that is allowed.
            follow: copy what symlinks point to.
            durability: "auto", or "file": each file is on the disk before it has its name, or "none": when the
                kernel sees fit.
            here: where relative sources start; b"" is the process's working directory.

        Returns:
            The report; `Report.failures` names what did not arrive. The rest did.
        """
        from rsh.files.disk.filter import make_filter
        from rsh.files.stream.compression import squeezed
        from rsh.files.stream.pace import paced
        from rsh.files.transfer.sender import send

        rules = encoded(exclude)
        make_filter(rules)
        mode = self._compression(compress)
        request = requests.Put(
            os.fsencode(to),
            self.directory,
            durability=durability,
            policy=on_conflict,
            agreed=tuple(agreed),
            rehearsal=dry_run,
            compression=mode,
            archive=archive,
        )
        paths = encoded(sources)

        def move(channel: Channel) -> Report:
            return send(
                squeezed(paced(channel, limit), mode, lambda: channel.direct),
                paths,
                directory=here,
                progress=progress,
                rules=rules,
                rehearsal=dry_run,
                follow=follow,
                archive=archive,
            )

        return self._carry(request, move, progress, on_conflict)

    def get(
        self,
        *sources: Path,
        to: Path = b".",
        progress: Progress | None = None,
        exclude: Iterable[str | bytes] = (),
        on_conflict: str = "overwrite",
        agreed: Iterable[bytes] = (),
        dry_run: bool = False,
        limit: int = 0,
        compress: bool | None = None,
        archive: bool = False,
        follow: bool = False,
        durability: str = "auto",
    ) -> Report:
        """Copy files and trees here; patterns in `sources` are expanded there. Otherwise as `put`."""
        from rsh.files.disk.names import Asked
        from rsh.files.stream.compression import expanded
        from rsh.files.transfer.conflicts import Conflicts
        from rsh.files.transfer.receiver import receive
        from rsh.files.transfer.rehearsal import rehearse

        paths, conflicts, rules = encoded(sources), Conflicts(on_conflict, tuple(agreed)), encoded(exclude)
        mode = self._compression(compress)
        request = requests.Get(paths, self.directory, rules, dry_run, limit, mode, archive, follow)
        run = rehearse if dry_run else partial(receive, durability=durability, archive=archive, rules=rules)

        def move(channel: Channel) -> Report:
            pipe = expanded(channel, mode)
            return run(pipe, os.fsencode(to), asked=Asked(paths), progress=progress, conflicts=conflicts)

        return self._carry(request, move, progress, on_conflict)

    def sync(
        self,
        source: Path,
        to: Path,
        *,
        fetch: bool = False,
        delete: bool = False,
        delete_all: bool = False,
        agreed: Container[bytes] | None = None,
        checksum: bool = False,
        exclude: Iterable[str | bytes] = (),
        dry_run: bool = False,
        itemize: bool = False,
        archive: bool = False,
        limit: int = 0,
        compress: bool | None = None,
        progress: Progress | None = None,
    ) -> Report:
        """Make a directory like another: what differs is sent, of large files the blocks that changed.

        Args:
            source: a directory or a regular file here, with `fetch` over there.
            to: one over there, with `fetch` here; made if it is not there. A file goes into a directory.
            delete: remove from `to` what the source has not; nothing is, if not all of the source could be read, or,
                unless `delete_all` is set, if it is empty.
            agreed: what may be deleted, as `progress.planned` has told it in a dry run; None for all.
            checksum: compare by digest instead of by size and time.
            dry_run: do nothing; `progress.planned` hears what would be done, as with `itemize` what is done.
            exclude, archive, limit, compress, progress: as `put`. What is left out is not deleted either.
        """
        from rsh.client.api.syncing import sync_down, sync_up
        from rsh.files.disk.filter import make_filter
        from rsh.files.sync.wishes import Wishes

        rules = encoded(exclude)
        make_filter(rules)
        wishes = Wishes(rules, checksum, delete, dry_run, itemize, archive, delete_all)
        request = requests.Sync(
            os.fsencode(source if fetch else to),
            not fetch,
            self.directory,
            rules,
            checksum,
            delete,
            dry_run,
            itemize,
            limit=limit,
            compression=self._compression(compress),
            archive=archive,
            delete_all=delete_all,
        )
        run, here = (sync_down, to) if fetch else (sync_up, source)
        move = partial(run, request=request, here=os.fsencode(here), wishes=wishes, progress=progress, agreed=agreed)
        return self._carry(request, move, progress)

    def _compression(self, wanted: bool | None) -> str:
        """Give the mode for a transfer: what the user wants, else what fits where the other side is."""
        if wanted is not None:
            return "always" if wanted else "no"
        return "near" if self.near else "far"

    @property
    def near(self) -> bool:
        """Tell whether the other side is, as far as its address says, on this machine."""
        return False

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
        yield from self._again_till_begun(lambda: read_content(self.session.open(request, bulk=True)))

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
            return paced(self.session.open(request, bulk=True), limit)

        if iter(content) is content:  # It can be given once only.
            return write_content(self.persist(begin, once=True), content, os.fsencode(path))
        once = expected is not None
        return self.persist(lambda: write_content(begin(), content, os.fsencode(path)), once=once)

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
            kind: "command", "variable" or "path"; or "argument", and `word` is a command up to the cursor.
            shell: id of the living shell that is to answer.
        """
        from rsh.protocol.answer_records import Candidate

        where = self.directory if directory is None else directory
        return self.persist(lambda: list(self._ask(requests.Complete(kind, word, where, shell), (Candidate,))))

    # --- inside ---

    def _carry(
        self,
        request: requests.Request,
        move: Callable[[Channel], Report],
        progress: Progress | None,
        policy: str = "overwrite",
    ) -> Report:
        """Make a transfer, and again when the daemon was restarted, where a second run does no harm."""

        def run() -> Report:
            channel = self.session.open(request, bulk=True)
            try:
                return move(channel)
            finally:
                channel.close()

        return self.persist(run, once=policy in ONCE, restarted=None if progress is None else progress.restarted)

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

        channel = self.session.open(request)
        channel.end()
        try:
            for record in read_records(channel):
                if not isinstance(record, expected):
                    raise ProtocolError(f"{type(record).__name__} in an answer that has no such thing")
                yield record
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


def encoded(paths: Iterable[Path]) -> tuple[bytes, ...]:
    return tuple(os.fsencode(path) for path in paths)
