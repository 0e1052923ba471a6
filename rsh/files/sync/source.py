"""The sending half of a sync: walks the source beside the target's manifest, and sends what makes the two alike.

It is a transfer whose sender leaves out what is there. First comes one walk over both trees: small files that differ
and new ones are sent at once, what the source has not is remembered. Then come the large files that changed, of which
only the blocks that changed are sent, and the new ones that might be old ones under another name. Last of all, and only
if the whole source could be read, what is left over is deleted.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Container, Sequence
from typing import Final

import msgspec

from rsh.errors import error_name
from rsh.files.disk.descent import DIRECTORY_FLAGS, Descent
from rsh.files.disk.metadata import file_fingerprints
from rsh.files.disk.names import join
from rsh.files.disk.tree import Step, walk
from rsh.files.stream.stream import Pipe, RecordReader
from rsh.files.sync.blocks import block_size
from rsh.files.sync.itemize import DELETING, NEW, itemize
from rsh.files.sync.later import LaterSender
from rsh.files.sync.manifest import Entry, Manifest, file_digest
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.items import mtime_of
from rsh.files.transfer.report import Progress, Report
from rsh.protocol import sync_records
from rsh.protocol.record_stream import End
from rsh.protocol.sync_records import Known, Other
from rsh.protocol.transfer_records import MAX_PACKED, Begin, Directory, Leave, Root, Symlink

# New files below this are sent even if the target has them under another name: that is quicker than to ask.
_WORTH_FINDING: Final = 4096


def sync_from(
    pipe: Pipe,
    source: bytes,
    wishes: Wishes,
    *,
    directory: bytes = b"",
    progress: Progress | None = None,
    upward: bool,
    agreed: Container[bytes] | None = None,
) -> Report:
    """Make a target like a source, from the source's side.

    Args:
        source: a directory, a symlink to one, or a regular file.
        directory: where a relative source starts; b"" is the process's.
        upward: we are the client: changes are told to `progress`, else to the target.
        agreed: what may be deleted, directories with a slash at their ends; None for all that the source has not.

    Raises:
        UsageError: a rule that means nothing. ProtocolError, RshError: as send().
    """
    return SyncSource(pipe, progress or Progress(), wishes, upward, agreed).run([source], directory)


class SyncSource(LaterSender):
    """One sync; run() does it."""

    def _send_all(self, sources: Sequence[bytes], directory: bytes) -> None:
        try:
            self._sync(sources[0], directory)
        finally:
            self._extras.close()
            self._later.close()

    def _sync(self, source: bytes, directory: bytes) -> None:
        self._source = source
        self._top_path = join(directory, source) or b"."
        above, name = self._file_named()
        self._out.record(Begin(1, name))
        self._out.flush()
        theirs = Manifest(RecordReader(self._pipe, sync_records.MANIFEST, lane=1), self._target_failed)
        try:
            top = os.open(above if name else self._top_path, DIRECTORY_FLAGS & ~os.O_NOFOLLOW)
        except OSError as error:
            self._fail(None, error_name(error))
        else:
            if name:
                self._only_file(top, name, theirs)
            else:
                self._both_parts(top, theirs)
        theirs.drain()
        self._results.ended = True
        self._out.record(End())
        self._out.end()

    def _file_named(self) -> tuple[bytes, bytes]:
        """Give directory and name of the source if it is a regular file; two times b"" if not."""
        above, _, name = self._top_path.rpartition(b"/")
        try:
            regular = stat.S_ISREG(os.lstat(self._top_path).st_mode)
        except OSError:
            return b"", b""
        return (above or (b"/" if self._top_path.startswith(b"/") else b"."), name) if regular else (b"", b"")

    def _only_file(self, fd: int, name: bytes, theirs: Manifest) -> None:
        """Sync a single file."""
        try:
            self._compare_file(fd, name, theirs.find(name))
            self._alike.flush()
            for item in self._later:
                path, size = msgspec.msgpack.decode(item, type=tuple[bytes, int])
                self._ask(path, size)
                self._out.flush()
                self._patch(fd, name, path, self._results.signature(block_size(size)))
        except OSError as error:
            self._lose(name, error_name(error))
        finally:
            os.close(fd)

    def _both_parts(self, top: int, theirs: Manifest) -> None:
        again = os.open(b".", DIRECTORY_FLAGS, dir_fd=top)  # for the second part, which walks once more
        try:
            status = os.fstat(top)
            self._exists = theirs.exists()
            if not self._rehearsal:
                self._attributes(status, top, b"")
                self._results.sent += 1
                self._out.record(Root(stat.S_IMODE(status.st_mode), mtime_of(status)))
            self._first_part(top, theirs)
            self._alike.flush()
            self._second_part(again)
            self._top = again
            self._send_unlinked()
        except OSError as error:
            self._complete = False
            self._fail(None, error_name(error))
        finally:
            os.close(again)
        self._delete_extras()
        if not self._rehearsal:
            self._out.record(Leave())

    # --- first part: one walk over both trees ---

    def _first_part(self, top: int, theirs: Manifest) -> None:
        self._place = place = Descent(top)
        new = 0 if self._exists else 1  # levels that the target has not
        try:
            for step, name, error in walk(place, self._only, parts=False):
                if self._results.stopped:
                    return
                if step is Step.LEFT:
                    new = self._leave_level(theirs, new)
                    continue
                self._empty = False
                there = None
                if not new:
                    self._only_there(theirs, name)
                    there = theirs.find(name)
                if step is Step.DIRECTORY:
                    new = self._enter_level(theirs, there, name, new)
                else:
                    self._leaf(theirs, step, name, error, there)
            if self._exists and not self._results.stopped:
                self._only_there(theirs, None)
        finally:
            self._place = None
            self._levels.clear()
            place.close()

    def _only_there(self, theirs: Manifest, name: bytes | None) -> None:
        """Take note of what the target has before a name, or to the end of the directory, and the source has not."""
        for entry, _ in theirs.before(name):
            path = self._relative(entry.name)
            if self._wishes.delete:
                self._extras.append(path + b"/" if isinstance(entry, Directory) else path)
            if isinstance(entry, Known):
                self._renames.add(path, entry.size, entry.mtime_ns)

    def _enter_level(self, theirs: Manifest, there: Entry | None, name: bytes, new: int) -> int:
        assert self._place is not None
        matched = there if isinstance(there, Directory) else None
        if there is not None and matched is None and (self._wishes.delete or not isinstance(there, Other)):
            self._tell(DELETING, self._relative(name))  # it makes way for the directory
            self._report.deleted += 1
        level = self._level(name, self._place.fd, matched)
        self._levels.append(level)
        if matched is None:
            self._tell("cd" + NEW, self._relative(b""))
        elif not level.alike:
            time, mode = level.mtime_ns != matched.mtime_ns, level.mode != matched.mode
            self._tell(itemize(".", "d", time=time, mode=mode), self._relative(b""))
        return new + 1 if new or matched is None else 0

    def _leave_level(self, theirs: Manifest, new: int) -> int:
        """Leave a directory; the walk has done so already. One that is new or differs is sent even if it is empty."""
        level = self._levels[-1]
        if not new:
            self._only_there(theirs, None)
            theirs.leave()
        if level.attributes or not level.alike:
            self._announce()
        self._levels.pop()
        if level.sent:
            self._out.record(Leave())
        else:
            self._alike.add(0)
        return max(0, new - 1)

    def _leaf(self, theirs: Manifest, step: Step, name: bytes, error: str, there: Entry | None) -> None:
        """Deal with what is no directory."""
        assert self._place is not None
        if isinstance(there, Directory):
            theirs.skip()
            if step in (Step.FILE, Step.SYMLINK) and self._wishes.delete:
                self._remove(self._relative(name) + b"/")
                there = None
        try:
            if step is Step.FILE:
                self._compare_file(self._place.fd, name, there)
            elif step is Step.SYMLINK:
                self._compare_symlink(self._place.fd, name, there)
            elif step is Step.SPECIAL:
                self._fail(name, "ESPECIAL")
            else:
                self._lose(name, error)
        except OSError as failed:
            self._lose(name, error_name(failed))

    def _compare_file(self, fd: int, name: bytes, there: Entry | None) -> None:
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        several, archive = status.st_nlink > 1, self._wishes.archive
        plain = not (self._wishes.checksum or several or archive)
        if plain and isinstance(there, Known) and _same(there, status):
            self._alike.add(status.st_size)  # the commonest case, a million times over
            return
        path = self._relative(name)
        if not isinstance(there, Known):
            if self._exists and there is None and status.st_size >= _WORTH_FINDING:
                self._defer(path, -1)
            else:
                self._tell(self._direction + "f" + NEW, path)
                self._send_file(fd, name)
            return
        mode = (there.mode ^ status.st_mode) & 0o777 != 0
        size, time = there.size != status.st_size, there.mtime_ns != mtime_of(status)
        content = size or (file_digest(name, fd) != there.digest if self._wishes.checksum else time)
        owner, extended = self._attributes_differ(name, fd, there) if archive else (False, False)
        if several and not content and self._relink(name, path, status, there):
            return
        if not (content or mode or time or owner or extended):
            self._alike.add(status.st_size)
            return
        what, digests = self._direction if content else ".", self._wishes.checksum and content
        how = itemize(what, "f", content=digests, size=size, time=time, mode=mode, owner=owner, extended=extended)
        self._tell(how, path)
        apart = there.linked and not several  # what is done to the old file would be done to another one as well
        if not (content or apart):
            self._alike.add(status.st_size, items=0)
            self._touch(name, status, fd)
        elif min(there.size, status.st_size) > MAX_PACKED and not (apart or self._rehearsal):
            self._defer(path, there.size)
        else:
            self._send_file(fd, name)

    def _attributes_differ(self, name: bytes, fd: int, there: Known) -> tuple[bool, bool]:
        """Tell whether owner or group, and whether extended attributes differ, as far as the target may set them."""
        ours, theirs = file_fingerprints(name, fd, owner=True), there.attributes
        return ours[8:] != theirs[8:] and len(theirs) > 8, bool(theirs) and ours[:8] != theirs[:8]

    def _relink(self, name: bytes, path: bytes, status: os.stat_result, there: Known) -> bool:
        """Take note of a name whose content is right, and link it to an earlier one if that should be the same file."""
        earlier = self._links.first(status)
        if not earlier:
            self._links.remember(status, path, None, there.linked)
        if not earlier or (there.linked and there.linked == earlier.mark):
            return False
        self._tell("hf.........", path)
        if not self._rehearsal:
            self._announce()
            self._link(name, earlier, status)
        return True

    def _compare_symlink(self, fd: int, name: bytes, there: Entry | None) -> None:
        target = os.readlink(name, dir_fd=fd)
        mtime_ns = mtime_of(os.stat(name, dir_fd=fd, follow_symlinks=False))
        if isinstance(there, Symlink) and (there.target, there.mtime_ns) == (target, mtime_ns):
            self._alike.add(0)
            return
        same = isinstance(there, Symlink) and there.target == target
        self._tell(itemize(".", "L", time=True, mode=False) if same else "cL" + NEW, self._relative(name))
        if not self._rehearsal:
            self._announce()
            self._symlink(name, name, fd)

    # --- what is left over ---

    def _delete_extras(self) -> None:
        if not self._extras.count or self._results.stopped:
            return
        if not self._complete:
            self._fail(None, "EINCOMPLETE")
            return
        if self._empty and not self._wishes.delete_all:
            self._fail(None, "EEMPTIED")
            return
        for path in self._extras:
            self._remove(path)


def _same(there: Known, status: os.stat_result) -> bool:
    return (
        there.size == status.st_size
        and there.mtime_ns == status.st_mtime_ns
        and not (there.mode ^ status.st_mode) & 0o777
    )
