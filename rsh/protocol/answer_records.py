"""The records that answer questions: lists of files, digests, what machine it is, which shells there are."""

from __future__ import annotations

import stat
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from rsh.protocol.fields import Count, Nanoseconds, Path, Seconds, Words
from rsh.protocol.record_stream import Failure
from rsh.protocol.transfer_records import Summary

_KINDS: Final = {
    stat.S_IFREG: "file",
    stat.S_IFDIR: "directory",
    stat.S_IFLNK: "symlink",
    stat.S_IFIFO: "fifo",
    stat.S_IFSOCK: "socket",
    stat.S_IFCHR: "character",
    stat.S_IFBLK: "block",
}


class Heading(Struct, tag=32, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The entries that follow are the content of this directory, which may have none."""

    path: Path


class Entry(Struct, tag=33, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One line of a listing."""

    directory: Path  # whose content it belongs to, as asked for; b"" when it was named itself
    name: Path  # one component, or the path as asked for
    mode: Annotated[int, Meta(ge=0, lt=2**32)]  # st_mode: type and permissions
    size: Count
    mtime_ns: Nanoseconds
    owner: Words  # number in digits when it has no name
    group: Words
    uid: Count
    gid: Count
    links: Count
    inode: Annotated[int, Meta(ge=0)]
    blocks: Count  # of 512 bytes
    target: Path = b""  # of a symlink

    @property
    def kind(self) -> str:
        """Tell what it is: file, directory, symlink, fifo, socket, character, block, or "unknown"."""
        return _KINDS.get(stat.S_IFMT(self.mode), "unknown")

    @property
    def path(self) -> bytes:
        """Give the path by which it is reached from where the listing was asked for."""
        if not self.directory:
            return self.name
        return self.directory + (b"" if self.directory.endswith(b"/") else b"/") + self.name


class Digest(Struct, tag=34, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The digest of one file, as bytes."""

    path: Path
    algorithm: Annotated[str, Meta(max_length=64)]
    digest: Annotated[bytes, Meta(max_length=64)]


class Space(Struct, tag=35, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How full a file system is, in bytes and in inodes (df)."""

    path: Path  # as asked for
    source: Path  # device or share
    mount: Path
    kind: Words  # ext4, tmpfs ...
    size: Count
    used: Count
    available: Count  # to those who are not root
    inodes: Count
    inodes_free: Count


class Machine(Struct, tag=36, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What machine this is and who the daemon runs as (`rsh info`)."""

    system: Words  # host name
    kernel: Words
    distribution: Words
    software: Words  # rsh and its version
    python: Words
    account: Words
    uid: Count
    home: Path
    shell: Path
    clock_ns: Nanoseconds
    uptime: Seconds
    load: tuple[float, float, float]
    processors: Count
    memory: Count  # bytes
    memory_available: Count


class Candidate(Struct, tag=37, array_like=True, frozen=True, forbid_unknown_fields=True):
    """One way to complete a word."""

    text: Path
    directory: bool = False
    about: Annotated[str, Meta(max_length=64)] = (
        ""  # alias, builtin, function, keyword, user; "" for a program, or no name
    )
    raw: bool = False  # it is to stand in the line as it is, and is not the name of a file
    goes_on: bool = False  # no blank follows it
    link: bool = False  # it is a symbolic link


class Total(Struct, tag=80, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How much a Get would send, as far as it has been counted."""

    items: Count  # files, directories and links
    bytes: Count  # the content of files
    complete: bool


class Measured(Struct, tag=38, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How much a path holds with all below it (du)."""

    path: Path  # as asked for
    files: Count  # of any kind, directories too
    bytes: Count  # the sizes of all
    blocks: Count  # of 512 bytes, on the disk


class ShellEntry(Struct, tag=103, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A living shell. Times are seconds since 1970."""

    id: Annotated[str, Meta(max_length=64)]
    name: Annotated[str, Meta(max_length=64)]
    owner: Words  # comment of the key that had it started
    since: Count
    last_seen: Count  # when somebody was attached last
    running: Annotated[bytes, Meta(max_length=1024)]  # the line that runs, or the program; b"" at its prompt
    attached: Annotated[tuple[Words, ...], Meta(max_length=64)]  # who is attached
    answers: bool = True  # its holder does; else nothing of this is known
    stopped: Count = 0  # jobs of it that Ctrl-Z or a signal has stopped


AnswerRecord: TypeAlias = (
    Failure | Heading | Entry | Digest | Space | Machine | Candidate | Measured | Summary | Total | ShellEntry
)
ANSWERS: Final[msgspec.msgpack.Decoder[AnswerRecord]] = msgspec.msgpack.Decoder(AnswerRecord)
