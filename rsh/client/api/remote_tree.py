"""More of the public API for files over there: copies and links within that machine, permissions, searches."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rsh.client.api.remote_copies import Path, encoded
from rsh.client.api.remote_files import RemoteFiles
from rsh.errors import FileError
from rsh.protocol import requests

if TYPE_CHECKING:
    from rsh.protocol.answer_records import Entry, Measured
    from rsh.protocol.record_stream import Failure


class RemoteTree(RemoteFiles):
    """Trees over there that change without content on the wire."""

    def cp(self, *sources: Path, to: Path) -> list[FileError]:
        """Copy over there, to a name or into a directory, trees whole; give what could not be copied."""
        return self._failures(requests.Copy(encoded(sources), os.fsencode(to), self.directory))

    def ln(self, *sources: Path, to: Path, symbolic: bool = False, force: bool = False) -> list[FileError]:
        """Make links over there to files; symbolic ones hold `sources` as they are. Give what failed."""
        return self._failures(requests.Link(encoded(sources), os.fsencode(to), self.directory, symbolic, force))

    def chmod(self, mode: str, *paths: Path, recursive: bool = False) -> list[FileError]:
        """Change permissions: octal, or "u+x,g-w"; give what stayed as it was."""
        return self._failures(requests.SetMode(encoded(paths), mode, self.directory, recursive))

    def chown(self, owner: str, group: str, *paths: Path, recursive: bool = False) -> list[FileError]:
        """Change owner and group, by name or number, "" leaving one as it is; give what stayed as it was."""
        return self._failures(requests.SetOwner(encoded(paths), owner, group, self.directory, recursive))

    def find(
        self,
        *paths: Path,
        name: Iterable[str | bytes] = (),
        kind: str = "",
        depth: int | None = None,
        larger: int | None = None,
        smaller: int | None = None,
        newer: float | None = None,
        older: float | None = None,
    ) -> Iterator[Entry | Failure]:
        """Look through trees.

        Args:
            name: patterns, one of which the last component matches; none: any name.
            kind: "f" file, "d" directory, "l" symlink, "p" FIFO, "s" socket; "" for any.
            depth: levels to look at below what is named.
            larger, smaller: more or fewer bytes than this.
            newer, older: changed less or more than so many seconds ago.
        """
        from rsh.protocol.answer_records import Entry
        from rsh.protocol.record_stream import Failure

        now = time.time_ns()
        request = requests.Find(
            encoded(paths) or (b"",),
            self.directory,
            tuple(os.fsencode(pattern) for pattern in name),
            kind,
            depth,
            0 if larger is None else larger + 1,
            None if smaller is None else max(0, smaller - 1),
            None if newer is None else now - int(newer * 1e9),
            None if older is None else now - int(older * 1e9),
        )
        return self._ask(request, (Entry, Failure))

    def du(self, *paths: Path) -> Iterator[Measured | Failure]:
        """Give how much paths hold with all below them."""
        from rsh.protocol.answer_records import Measured
        from rsh.protocol.record_stream import Failure

        return self._ask(requests.Measure(encoded(paths) or (b"",), self.directory), (Measured, Failure))
