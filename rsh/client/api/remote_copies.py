"""Copies of files and trees from one machine to the other, as methods of Remote.

Modules of the file engine are imported by the method that needs them: a command that copies nothing does not pay
for them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final, TypeAlias

from rsh.client.api.renewing import Renewing
from rsh.protocol import requests

if TYPE_CHECKING:
    from rsh.files.transfer.report import Progress, Report
    from rsh.session.channel import Channel

Path: TypeAlias = "str | bytes | os.PathLike[str]"

# Policies under which a second run would take what the first has brought for something else that is in the way.
ONCE: Final = ("rename", "backup", "fail")


class RemoteCopies(Renewing):
    """Copies there and back. When the daemon is restarted meanwhile, they go on with the next one by what has arrived.

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

        run = partial(send, progress=progress, rehearsal=dry_run, follow=follow, archive=archive)

        def move(channel: Channel) -> Report:
            pipe = squeezed(paced(channel, limit), mode, lambda: channel.direct)
            if self.spelling is None:
                return run(pipe, paths, directory=here, rules=rules)
            from rsh.client.api.spelled_transfer import spelled_put

            return spelled_put(run, pipe, paths, here, rules, self.spelling)

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
            if self.spelling is not None:
                from rsh.client.api.spelled_transfer import spelled_get

                pipe = spelled_get(pipe, self.spelling)
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

    @property
    def near(self) -> bool:
        """Tell whether the other side is, as far as its address says, on this machine."""
        return False

    # --- inside ---

    def _compression(self, wanted: bool | None) -> str:
        """Give the mode for a transfer: what the user wants, else what fits where the other side is."""
        if wanted is not None:
            return "always" if wanted else "no"
        return "near" if self.near else "far"

    def _carry(
        self,
        request: requests.Request,
        move: Callable[[Channel], Report],
        progress: Progress | None,
        policy: str = "overwrite",
    ) -> Report:
        """Make a transfer, and again when the daemon was restarted, where a second run does no harm."""

        def run() -> Report:
            channel = self.open(request, bulk=True)
            try:
                return move(channel)
            finally:
                channel.close()

        return self.persist(run, once=policy in ONCE, restarted=None if progress is None else progress.restarted)


def encoded(paths: Iterable[Path]) -> tuple[bytes, ...]:
    """Give paths as they are over there."""
    return tuple(os.fsencode(path) for path in paths)
