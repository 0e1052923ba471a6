"""Operations on single files: reading, writing, digests, and how full a file system is.

Each yields its answers as records while it works; what fails is a Failure and the rest goes on.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import cache
from typing import Any, Final

from rsh.errors import FileError, UsageError, error_name
from rsh.files.disk.durability import Durability
from rsh.files.disk.names import join
from rsh.files.disk.part import Part
from rsh.files.stream.stream import PIECE
from rsh.files.transfer.landing import Landing
from rsh.files.transfer.target import open_target
from rsh.protocol.answer_records import Digest, Space
from rsh.protocol.frames import Buffer
from rsh.protocol.record_stream import Failure
from rsh.protocol.transfer_records import Summary

ALGORITHMS: Final = ("xxh128", "xxh64", "md5", "sha1", "sha256", "sha512", "blake2b")

# A named symlink is followed, as cat(1) does; O_NONBLOCK keeps a FIFO from holding us up.
_READ: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


# File systems that are sized but hold nobody's files.
_NO_DISKS: Final = frozenset(("devtmpfs", "efivarfs", "squashfs", "ramfs"))


def store(
    pieces: Iterator[Buffer],
    path: bytes,
    *,
    directory: bytes = b"",
    mode: int = 0o666,
    durability: str = "auto",
    expected: bytes | None = None,
) -> Summary:
    """Make one file of what comes, whole or not at all, as `cat > path` would.

    An existing file keeps its permissions; a new one gets `mode` without what the process's umask forbids.

    Args:
        pieces: the content to its end; what it raises leaves the old file as it was.
        expected: the XXH3-128 that the file must still have when it is replaced, b"" if it must not be there.

    Raises:
        FileError: it could not be written; EISDIR for a directory, ECONFLICT when it is not as expected.
    """
    try:
        target = open_target(_behind(join(directory, path)) or path, 1, directory=directory)
        with closing(Landing(target)) as landing:
            if target.name is None:
                raise FileError("EISDIR", path)
            return _store(pieces, landing, target.name, mode, Durability(durability), expected)
    except (OSError, FileError) as error:
        raise FileError(_symbol(error), path) from error


def _behind(path: bytes) -> bytes:
    """Give where a symlink leads to that has nothing at its end yet, b"" if it is none; cat makes the file there."""
    try:
        if not os.path.islink(path) or os.path.exists(path):
            return b""
        return os.path.realpath(path)
    except ValueError:  # A NUL in it: what opens it says so.
        return b""


def _store(
    pieces: Iterator[Buffer],
    landing: Landing,
    name: bytes,
    mode: int,
    durability: Durability,
    expected: bytes | None,
) -> Summary:
    directory, name, _ = landing.spot(name)
    mode = _permissions(directory, name, mode)
    part = Part(directory, name)
    try:
        size = 0
        for piece in pieces:
            part.write(piece)
            size += len(piece)
        if expected is not None and _digest_at(directory, name) != expected:
            raise FileError("ECONFLICT", name)
        part.place(mode, None, sync=durability.before_placing(size, single=True))
    finally:
        part.discard()
    durability.finish(directory, single=True)
    return Summary(1, size)


def _digest_at(directory: int, name: bytes) -> bytes:
    """Give the digest of a file in an open directory; b"" when there is none."""
    try:
        fd = os.open(name, _READ, dir_fd=directory)
    except FileNotFoundError:
        return b""
    state = _hasher("xxh128")
    try:
        while piece := os.read(fd, PIECE):
            state.update(piece)
    finally:
        os.close(fd)
    found: bytes = state.digest()
    return found


def _permissions(directory: int, name: bytes, mode: int) -> int:
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return mode & ~umask()


def umask() -> int:
    """Read the umask. umask(2) could only set it, for all threads."""
    for line in os.pread(_own_status(), 4096, 0).splitlines():
        if line.startswith(b"Umask:"):
            return int(line.split()[1], 8)
    return 0o077


@cache
def _own_status() -> int:
    """Give a descriptor of what the kernel tells about us, opened once: a thread may be confined to a directory."""
    return os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)


def digests(paths: Sequence[bytes], *, directory: bytes = b"", algorithm: str = "xxh128") -> Iterator[Digest | Failure]:
    """Give the digest of each file.

    Raises:
        UsageError: an algorithm that is not among ALGORITHMS; at once.
    """
    if algorithm not in ALGORITHMS:
        raise UsageError(f"unknown digest {algorithm[:40]!r}: choose from {', '.join(ALGORITHMS)}")
    return (_digest(path, join(directory, path), algorithm) for path in paths)


def _digest(shown: bytes, path: bytes, algorithm: str) -> Digest | Failure:
    try:
        state = _hasher(algorithm)
        for piece in pieces(path):
            state.update(piece)
        return Digest(shown, algorithm, state.digest())
    except (OSError, FileError) as error:
        return Failure(shown, _symbol(error))


def _hasher(algorithm: str) -> Any:
    if algorithm.startswith("xxh"):
        import xxhash

        return xxhash.xxh3_128() if algorithm == "xxh128" else xxhash.xxh3_64()
    import hashlib

    return hashlib.new(algorithm, usedforsecurity=False)


def pieces(path: bytes) -> Iterator[bytes]:
    """Give the content of a regular file, in pieces of one frame at most.

    Raises:
        OSError: it cannot be read, or is a directory.
        FileError: ESPECIAL.
    """
    fd = os.open(path, _READ)
    try:
        mode = os.fstat(fd).st_mode
        if stat.S_ISDIR(mode):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(mode):
            raise FileError("ESPECIAL", path)
        while piece := os.read(fd, PIECE):
            yield piece
    finally:
        os.close(fd)


def usage(paths: Sequence[bytes], *, directory: bytes = b"") -> Iterator[Space | Failure]:
    """Tell how full the file systems are that hold some paths."""
    for path in paths:
        where = join(directory, path) or b"."
        try:
            yield _space(path, where)
        except OSError as error:
            yield Failure(path, error_name(error))


def mounted() -> Iterator[Space]:
    """Tell how full the file systems are that hold files, each device once."""
    seen: set[tuple[bytes, bytes]] = set()
    for source, mount, kind in _mounts():
        try:
            space = _space(mount, mount)
        except OSError:
            continue
        if space.size and kind not in _NO_DISKS and (source, kind.encode()) not in seen:
            seen.add((source, kind.encode()))
            yield space


def _space(shown: bytes, path: bytes) -> Space:
    figures = os.statvfs(path)
    source, mount, kind = _mount_of(os.path.realpath(path))
    unit = figures.f_frsize
    return Space(
        path=shown,
        source=source,
        mount=mount,
        kind=kind,
        size=figures.f_blocks * unit,
        used=(figures.f_blocks - figures.f_bfree) * unit,
        available=figures.f_bavail * unit,
        inodes=figures.f_files,
        inodes_free=figures.f_ffree,
    )


def _mount_of(path: bytes) -> tuple[bytes, bytes, str]:
    """Find source, mount point and type of what is mounted deepest above a path."""
    found = (b"-", b"/", "unknown")
    for source, mount, kind in _mounts():
        above = mount.rstrip(b"/")
        if (path == above or path.startswith(above + b"/")) and len(mount) >= len(found[1]):
            found = (source, mount, kind)
    return found


def _mounts() -> Iterator[tuple[bytes, bytes, str]]:
    """Give source, mount point and type of all that is mounted (proc_pid_mountinfo(5))."""
    with open("/proc/self/mountinfo", "rb") as mounts:
        for line in mounts:
            left, _, right = line.rstrip(b"\n").partition(b" - ")
            kind, source = right.split(b" ")[:2]
            yield _unescaped(source), _unescaped(left.split(b" ")[4]), kind.decode("ascii", "replace")


def _unescaped(field: bytes) -> bytes:
    """Undo the octal escapes of mountinfo: space, tab, newline, backslash."""
    for sign in (b" ", b"\t", b"\n", b"\\"):
        field = field.replace(b"\\%03o" % ord(sign), sign)
    return field


def _symbol(error: OSError | FileError) -> str:
    return error.error if isinstance(error, FileError) else error_name(error)
