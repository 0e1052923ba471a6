"""The sending half of a sync: walks the source beside the target's manifest, and sends what makes the two alike.

It is a transfer whose sender leaves out what is there. First comes one walk over both trees: small files that differ
and new ones are sent at once, what the source has not is remembered. Then come the large files that changed, of which
only the blocks that changed are sent, and the new ones that might be old ones under another name. Last of all, and only
if the whole source could be read, what is left over is deleted.
"""

from __future__ import annotations

import os
import stat
from collections import deque
from collections.abc import Sequence
from typing import Final

import msgspec

from rsh.errors import error_name, file_error
from rsh.files.blocks import Old, block_size
from rsh.files.descent import DIRECTORY_FLAGS, Descent
from rsh.files.filter import make_filter
from rsh.files.itemize import DELETING, NEW, itemize
from rsh.files.manifest import Entry, Manifest, file_digest
from rsh.files.metadata import file_fingerprints, gather
from rsh.files.names import join
from rsh.files.patch import OutgoingPatch
from rsh.files.renames import Renames
from rsh.files.report import Progress, Report
from rsh.files.sender import READ_FLAGS, Sender, mtime_of
from rsh.files.spool import Spool
from rsh.files.stream import Pipe, RecordReader
from rsh.files.sync_alike import Alike
from rsh.files.sync_results import SyncResults
from rsh.files.sync_wishes import Wishes
from rsh.files.tree import Step, walk
from rsh.protocol import records
from rsh.protocol.records import (
    MAX_PACKED,
    MAX_PATH,
    Abort,
    Attributes,
    Begin,
    Change,
    Delete,
    Directory,
    End,
    Failure,
    Finish,
    Known,
    Leave,
    Passed,
    Patch,
    Prove,
    Reuse,
    Root,
    Sign,
    Symlink,
    Touch,
)

# New files below this are sent even if the target has them under another name: that is quicker than to ask.
_WORTH_FINDING: Final = 4096

# Files whose signatures are asked for ahead of their turn; each takes up to 24 MB, most far less.
_AHEAD: Final = 4


class Level:
    """A directory that the walk stands in."""

    __slots__ = ("attributes", "mode", "mtime_ns", "name", "sent", "there")

    def __init__(
        self, name: bytes, status: os.stat_result, there: Directory | None, attributes: Attributes | None
    ) -> None:
        self.name = name
        self.mode = stat.S_IMODE(status.st_mode)
        self.mtime_ns = mtime_of(status)
        self.attributes = attributes  # if they are to be sent
        self.there = there  # the target's; None: it has none, or that does not count any more
        self.sent = False  # announced to the target

    @property
    def alike(self) -> bool:
        """Tell whether the target's has the same mode and time."""
        there = self.there
        return there is not None and not (there.mode ^ self.mode) & 0o777 and there.mtime_ns == self.mtime_ns


def sync_from(
    pipe: Pipe,
    source: bytes,
    wishes: Wishes,
    *,
    directory: bytes = b"",
    progress: Progress | None = None,
    upward: bool,
) -> Report:
    """Make a target like a source, from the source's side.

    Args:
        source: a directory, a symlink to one, or a regular file.
        directory: where a relative source starts; b"" is the process's.
        upward: we are the client: changes are told to `progress`, else to the target.

    Raises:
        UsageError: a rule that means nothing. ProtocolError, RshError: as send().
    """
    return SyncSource(pipe, progress or Progress(), wishes, upward).run([source], directory)


class SyncSource(Sender):
    """One sync; run() does it."""

    def __init__(self, pipe: Pipe, progress: Progress, wishes: Wishes, upward: bool) -> None:
        super().__init__(pipe, progress, make_filter(wishes.rules), wishes.rehearsal, archive=wishes.archive)
        self._results: SyncResults = SyncResults(pipe, progress)
        self._wishes = wishes
        self._upward = upward
        self._direction = "<" if upward else ">"
        self._levels: list[Level] = []
        self._complete = True  # all of the source could be read so far
        self._empty = True  # nothing was found in it so far
        self._exists = False  # the target is there
        self._extras = Spool()  # paths that only the target has
        self._later = Spool()  # files that wait for the second part: (path, size of the old one or -1)
        self._alike = Alike(self._tell_alike)
        self._renames = Renames(self._prove, self._results.proof)
        self._top_path = b""

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
        theirs = Manifest(RecordReader(self._pipe, records.MANIFEST, lane=1), self._target_failed)
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
        if there is not None and matched is None:
            self._remove(self._relative(name))
        level = self._level(name, self._place.fd, matched)
        self._levels.append(level)
        if matched is None:
            self._tell("cd" + NEW, self._relative(b""))
        elif not level.alike:
            time, mode = level.mtime_ns != matched.mtime_ns, level.mode != matched.mode
            self._tell(itemize(".", "d", time=time, mode=mode), self._relative(b""))
        return new + 1 if new or matched is None else 0

    def _level(self, name: bytes, fd: int, there: Directory | None) -> Level:
        status, attributes = os.fstat(fd), None
        if self._archive:
            try:
                attributes = gather(status, fd)
            except OSError as error:
                self._fail(b"", error_name(error))
        return Level(name, status, there, attributes)

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
                self._remove(self._relative(name))
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
            if self._exists and there is None and status.st_size >= _WORTH_FINDING and not self._rehearsal:
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
        mark = self._links.mark(status)
        earlier = self._links.first(status)
        if not earlier:
            self._links.remember(status, path, there.linked)
        if not earlier or (there.linked and there.linked == mark):
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

    # --- second part: large files that changed, new ones that may be old ones ---

    def _second_part(self, top: int) -> None:
        if not self._later.count:
            return
        self._place = Descent(os.dup(top))
        waiting: deque[tuple[bytes, int]] = deque()
        items = iter(self._later)
        try:
            while not self._results.stopped:
                while len(waiting) < _AHEAD and (item := next(items, None)) is not None:
                    path, size = msgspec.msgpack.decode(item, type=tuple[bytes, int])
                    waiting.append((path, size))
                    self._ask(path, size)
                self._out.flush()
                if not waiting:
                    break
                self._settle(*waiting.popleft())
            self._go_to([])
        finally:
            self._place.close()
            self._place = None
            self._levels.clear()

    def _ask(self, path: bytes, old_size: int) -> None:
        """Ask the target for what _settle will need to know."""
        if old_size >= 0:
            block = block_size(old_size)
            self._results.expect_signature(old_size // block + 2)
            self._out.record(Sign(path, block))
            return
        try:
            # By its path: what is not where it was is only not recognised.
            self._renames.prepare(path, os.stat(join(self._top_path, path), follow_symlinks=False))
        except OSError:
            return

    def _prove(self, path: bytes) -> None:
        self._results.expect_proof()
        self._out.record(Prove(path))

    def _settle(self, path: bytes, old_size: int) -> None:
        *above, name = path.split(b"/")
        old = self._results.signature(block_size(old_size)) if old_size >= 0 else None
        try:
            self._go_to(above)
            assert self._place is not None
            if old is not None:
                self._patch(self._place.fd, name, path, old)
            else:
                self._find(self._place.fd, name, path)
        except OSError as error:
            self._lose(name, error_name(error))

    def _go_to(self, names: list[bytes]) -> None:
        """Go to another directory of the source; the target follows."""
        assert self._place is not None
        place, here = self._place, list(self._place.names)
        common = 0
        while common < min(len(here), len(names)) and here[common] == names[common]:
            common += 1
        while len(place.names) > common:
            if self._levels.pop().sent:
                self._out.record(Leave())
            place.leave()
        for name in names[common:]:
            place.enter(name)
            self._levels.append(self._level(name, place.fd, None))

    def _patch(self, fd: int, name: bytes, path: bytes, old: Old) -> None:
        """Send a changed file by what changed of it."""
        if not old.hashes:
            self._send_file(fd, name)
            return
        opened = os.open(name, READ_FLAGS, dir_fd=fd)
        try:
            status = os.fstat(opened)
            if not stat.S_ISREG(status.st_mode):
                self._lose(name, "ESPECIAL")
            elif status.st_nlink > 1 and (earlier := self._links.first(status)):
                self._announce()
                self._link(name, earlier, status)
            else:
                self._progress.started(self._path(name), status.st_size)
                self._send_patch(fd, opened, name, status, path, old)
        finally:
            os.close(opened)

    def _send_patch(self, directory: int, fd: int, name: bytes, status: os.stat_result, path: bytes, old: Old) -> None:
        def begin() -> None:
            self._begin_patch(name, status, path, fd)

        patch = OutgoingPatch(fd, status, old, begin, self._out, self._results, self._progress)
        try:
            error = patch.send()
        except OSError as failed:
            error = error_name(failed)
        if error and not patch.begun:
            self._fail(name, error)
        elif error:
            self._out.record(Abort(error))
            if error != "ESTOPPED":
                self._report_failure(name, error)
        elif patch.begun:
            self._out.record(Finish(patch.digest()))
            self._remember(status, path)
        else:
            self._touch(name, status, directory)

    def _find(self, fd: int, name: bytes, path: bytes) -> None:
        """Send a new file, or have the target copy it if it has the same content under another name."""
        status = os.stat(name, dir_fd=fd, follow_symlinks=False)
        linked = status.st_nlink > 1 and self._links.knows(status)
        basis, digest = (b"", b"") if linked else self._renames.find(path, status, lambda: file_digest(name, fd))
        if not basis:
            self._tell(self._direction + "f" + NEW, path)
            self._send_file(fd, name)
            return
        self._tell("=f" + NEW, path)
        opened = os.open(name, READ_FLAGS, dir_fd=fd)
        try:
            self._begin_patch(name, status, basis, opened)
        finally:
            os.close(opened)
        if status.st_size:
            self._out.record(Reuse(0, status.st_size))
        self._progress.reused(status.st_size)
        self._out.record(Finish(digest))
        self._remember(status, path)

    def _remember(self, status: os.stat_result, path: bytes) -> None:
        if status.st_nlink > 1:
            self._links.remember(status, path)

    def _begin_patch(self, name: bytes, status: os.stat_result, basis: bytes, fd: int) -> None:
        self._announce()
        self._attributes(status, fd, name)
        self._results.sent += 1
        self._out.record(Patch(name, stat.S_IMODE(status.st_mode), mtime_of(status), status.st_size, basis))

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
            self._remove(path.rstrip(b"/"), shown=path)

    # --- telling the target ---

    def _relative(self, name: bytes) -> bytes:
        """Give a path from the top; without a name that of the directory, with a slash at its end."""
        return b"/".join([*(level.name for level in self._levels), name])

    def _announce(self) -> None:
        """Have the target enter the directories down to where we stand."""
        if self._rehearsal:
            return
        for level in self._levels:
            if not level.sent:
                level.sent = True
                if level.attributes:
                    self._out.record(level.attributes)
                self._results.sent += 1
                self._out.record(Directory(level.name, level.mode, level.mtime_ns))

    def _send_file(self, fd: int, name: bytes) -> None:
        if not self._rehearsal:
            self._announce()
            self._file(name, name, fd)

    def _touch(self, name: bytes, status: os.stat_result, directory: int) -> None:
        if self._rehearsal:
            return
        self._announce()
        if self._archive:
            opened = os.open(name, READ_FLAGS, dir_fd=directory)
            try:
                self._attributes(status, opened, name)
            finally:
                os.close(opened)
        self._results.sent += 1
        self._out.record(Touch(name, stat.S_IMODE(status.st_mode), mtime_of(status)))

    def _remove(self, path: bytes, *, shown: bytes = b"") -> None:
        self._tell(DELETING, shown or path)
        self._report.deleted += 1
        if not self._rehearsal:
            self._results.sent += 1
            self._out.record(Delete(path))

    def _defer(self, path: bytes, old_size: int) -> None:
        self._later.append(msgspec.msgpack.encode((path, old_size)))

    def _tell(self, how: str, path: bytes) -> None:
        if not (self._wishes.itemize or self._rehearsal):
            return
        if self._upward:
            self._progress.planned(how, path, 0)
        else:
            self._out.record(Change(how, path[-MAX_PATH:]))

    def _tell_alike(self, items: int, size: int) -> None:
        """Tell how far we are to the user's side, also if nothing else is to be said."""
        if self._rehearsal:
            return
        if self._upward:
            self._progress.passed(items, size)
        else:
            self._out.record(Passed(items, size))
            self._out.flush()

    def _lose(self, name: bytes, error: str) -> None:
        """Report what could not be read: now nothing may be deleted."""
        self._complete = False
        self._fail(name, error)

    def _target_failed(self, failure: Failure) -> None:
        self._report.add_failure(file_error(failure.error, failure.path))


def _same(there: Known, status: os.stat_result) -> bool:
    return (
        there.size == status.st_size
        and there.mtime_ns == status.st_mtime_ns
        and not (there.mode ^ status.st_mode) & 0o777
    )
