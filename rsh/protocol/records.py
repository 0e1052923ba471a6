"""The records of a record stream: what file work and other answers are made of, inside a lane of a channel.

A record stream is a row of elements (rsh/files/stream.py frames them): a record, or raw content of the file that the
record before it announced. Each struct is an array on the wire: its number first, then its fields in order.

A transfer, from the sender: Begin, then items depth first, then End. A Directory or Root is entered and left by Leave.
A File is followed by its content and a Finish or an Abort; a Packed file comes whole. Failure names what could not be
read. Back come Result for each item that failed, Held for what is there of a File already, Done now and then, and at
the end a Summary; or a Stop. Items (Directory, Root, File, Packed, Symlink, Link) are counted from 0 by both ends.

Errors travel as symbolic names; the words are made where they are read, so that a peer cannot put text on a screen.
Names are one component each and have to pass rsh.files.names.check_component before they are used.
"""

from __future__ import annotations

import stat
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

# Files up to this size travel whole in one record. Above it a copy costs more than two further elements.
MAX_PACKED: Final = 64 * 1024

# Beyond any file there is; what is announced as larger would keep the receiver busy for hours with nothing but zeros.
MAX_SIZE: Final = 2**50

# Longer than any path the kernel takes at once, for trees are walked step by step. Failures deeper down name the tail.
MAX_PATH: Final = 65536

Component: TypeAlias = Annotated[bytes, Meta(min_length=1, max_length=255)]
Path: TypeAlias = Annotated[bytes, Meta(max_length=MAX_PATH)]
ErrorName: TypeAlias = Annotated[str, Meta(pattern=r"^E[A-Z0-9]{1,31}\Z")]
Count: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
Permissions: TypeAlias = Annotated[int, Meta(ge=0, le=0o7777)]
Seconds: TypeAlias = Annotated[float, Meta(ge=0, le=1e12)]
Nanoseconds: TypeAlias = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]  # since 1970
FileDigest: TypeAlias = Annotated[bytes, Meta(min_length=16, max_length=16)]  # xxh3-128
Words: TypeAlias = Annotated[str, Meta(max_length=1024)]

# --- transfer: sender to receiver ---


class Begin(Struct, tag=1, array_like=True, frozen=True, forbid_unknown_fields=True):
    """First of all: how many sources there are. More than one needs a directory to go into."""

    sources: Count
    file: Annotated[bytes, Meta(max_length=255)] = b""  # name of the source of a sync, if it is a regular file


class Directory(Struct, tag=2, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A directory; what follows up to its Leave is in it. Mode and time are set when it is left."""

    name: Component
    mode: Permissions
    mtime_ns: Nanoseconds
    identity: Annotated[bytes, Meta(max_length=16)] = b""  # of a source, so that it is not copied into itself


class Root(Struct, tag=3, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A source without a name (`.`, `..`, `/`): what follows goes into the target itself, as with `cp -r . target`."""

    mode: Permissions
    mtime_ns: Nanoseconds
    identity: Annotated[bytes, Meta(max_length=16)] = b""  # of a source, so that it is not copied into itself


class Leave(Struct, tag=4, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The directory entered last is complete."""


class File(Struct, tag=5, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A regular file: `size` bytes follow as content, Hole and Same, then Finish; or fewer, then Abort."""

    name: Component
    mode: Permissions
    mtime_ns: Nanoseconds
    size: Annotated[int, Meta(ge=0, le=MAX_SIZE)]
    room: Annotated[int, Meta(ge=0, le=MAX_SIZE)] = 0  # what it occupies at the sender: about what it will need


class Packed(Struct, tag=6, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A small regular file, whole."""

    name: Component
    mode: Permissions
    mtime_ns: Nanoseconds
    content: Annotated[bytes, Meta(max_length=MAX_PACKED)]
    digest: FileDigest


class Finish(Struct, tag=7, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The content of the File is complete; it must have this digest (rsh.files.digest)."""

    digest: FileDigest


class Abort(Struct, tag=8, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The File cannot be completed (ECHANGED, EIO ...); nothing is put in place."""

    error: ErrorName


class Symlink(Struct, tag=9, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A symbolic link, kept as one."""

    name: Component
    mtime_ns: Nanoseconds
    target: Annotated[bytes, Meta(min_length=1, max_length=4096)]


class Hole(Struct, tag=64, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The next `length` bytes of the File are zero, and a hole at the sender."""

    length: Annotated[int, Meta(ge=1, le=MAX_SIZE)]


class Same(Struct, tag=65, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The next `length` bytes of the File are whole blocks that the receiver has, as it told by Held."""

    length: Annotated[int, Meta(ge=1, le=MAX_SIZE)]


class Link(Struct, tag=66, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A further name of a File or Packed that came before: a hard link, if that has arrived."""

    name: Component
    path: Path  # of the earlier one, from below the tree's first Directory or Root
    size: Count
    mtime_ns: Nanoseconds
    across: bool = False  # the path begins with the name of a source instead, but for one that is a Root


class Attributes(Struct, tag=67, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the item that follows at once has beside its permissions; only in transfers that asked for it."""

    uid: Annotated[int, Meta(ge=0, lt=2**32)]
    gid: Annotated[int, Meta(ge=0, lt=2**32)]
    user: Words  # "" when the number has no name
    group: Words
    extended: dict[bytes, bytes] = {}


class End(Struct, tag=10, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Nothing more comes."""


class Failure(Struct, tag=11, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A path could not be worked on; the rest goes on. Part of transfers and of most answers."""

    path: Path
    error: ErrorName


# --- transfer: receiver to sender ---


class Result(Struct, tag=16, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Item number `index` failed at the receiver. What does not fail is not named."""

    index: Count
    path: Path
    error: ErrorName


class Done(Struct, tag=17, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The receiver has dealt with so many items."""

    count: Count


class Held(Struct, tag=72, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Digests of further blocks of item number `index`, from its first on, that an earlier try has left here."""

    index: Count
    digests: Annotated[bytes, Meta(max_length=32768)]


class Stop(Struct, tag=18, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The target as a whole will not do (a file where several sources need a directory); send no more."""

    path: Path
    error: ErrorName


class Summary(Struct, tag=19, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Last of all: what was put in place, as durable as was asked. `bytes` is the content of files."""

    files: Count
    bytes: Count


class Would(Struct, tag=81, array_like=True, frozen=True, forbid_unknown_fields=True):
    """In a rehearsal: what would be done with one item."""

    action: Annotated[str, Meta(pattern=r"^[a-z]{1,16}\Z")]
    path: Path
    size: Count


class Signature(Struct, tag=82, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Answers Sign: digests and beginnings of further blocks of the old file, of which `size` bytes were read."""

    size: Count
    hashes: Annotated[bytes, Meta(max_length=65536)]  # 8 bytes for each block
    anchors: Annotated[bytes, Meta(max_length=131072)]  # 16 bytes for each block
    more: bool  # another Signature of the same file follows


class Kept(Struct, tag=93, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Comes before a Signature: digests of further whole blocks of the file's part, which an earlier try has left."""

    digests: Annotated[bytes, Meta(min_length=16, max_length=131072)]  # 16 bytes for each 1048576 of the part


# --- sync: source to target, beside what a transfer has ---


class Sign(Struct, tag=83, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks for the Signature of a file of the target, in blocks of that size."""

    path: Path  # from the target's top
    block: Annotated[int, Meta(ge=4096, le=2**20)]


class Prove(Struct, tag=84, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks for the digest of a file of the target: answered by Proof."""

    path: Path


class Patch(Struct, tag=85, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A File that has something in common with one of the target: content and Reuse follow, then Finish or Abort."""

    name: Component
    mode: Permissions
    mtime_ns: Nanoseconds
    size: Count
    basis: Path  # from the target's top


class Reuse(Struct, tag=86, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The next `length` bytes of the Patch stand at this offset of its basis."""

    offset: Count
    length: Annotated[int, Meta(ge=1, lt=2**62)]


class Touch(Struct, tag=87, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The content of a file is right already: it gets this mode and time."""

    name: Component
    mode: Permissions
    mtime_ns: Nanoseconds


class Delete(Struct, tag=88, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the source has not: a file, or a directory with all that is in it."""

    path: Path  # from the target's top


class Change(Struct, tag=89, array_like=True, frozen=True, forbid_unknown_fields=True):
    """For the user: what is done, or in a rehearsal would be, with a path."""

    how: Annotated[str, Meta(pattern=r"^[ -~]{11}\Z")]
    path: Path


# --- sync: target to source ---


class Passed(Struct, tag=94, array_like=True, frozen=True, forbid_unknown_fields=True):
    """So many further items, with so much content, are alike already: for whoever shows how far it is."""

    items: Count
    bytes: Count


class Known(Struct, tag=90, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A regular file that is there."""

    name: Component
    mode: Permissions
    mtime_ns: Nanoseconds
    size: Count
    digest: Annotated[bytes, Meta(max_length=16)] = b""  # XXH3-128 of the content, if it was asked for
    linked: Count = 0  # the same number for all names of one file that has several
    attributes: Annotated[bytes, Meta(max_length=16)] = b""  # fingerprints of its Attributes, if they were asked for


class Other(Struct, tag=91, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Something special that is there."""

    name: Component


class Proof(Struct, tag=92, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Answers Prove: XXH3-128 of the content; empty when it could not be read."""

    digest: Annotated[bytes, Meta(max_length=16)]


# --- answers ---

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


# --- a shell, in lane 1 ---


class Line(Struct, tag=48, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server: a line for the shell, `size` bytes of content that follow.

    A client counts its lines from 1, over all channels that it is attached by with one token. A number that is not
    above the one before it was taken already, and is ignored.
    """

    size: Count
    number: Count
    typed: Count = 0  # bytes of its input that are not for this line, nor for one before it: they were taken back


class Ready(Struct, tag=49, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: the shell waits for a line. The first comes by itself, then one for each line of anybody."""

    offset: Count  # of the output that comes after it
    status: Annotated[int, Meta(ge=0, le=255)]  # of the last line
    directory: Path
    sequence: Count  # counted from 1
    number: Count  # of the Line, when it was this client's, else 0
    typed: Count = 0  # bytes of this client's input that had come; what comes later is for the next line
    unread: Annotated[bytes, Meta(max_length=65536)] = b""  # the end of them, which no program has read


class Echo(Struct, tag=50, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: whether the terminal shows what is typed; if not, a password is asked for."""

    on: bool


class Attached(Struct, tag=96, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client, first of all: where it stands."""

    id: Annotated[str, Meta(max_length=64)]
    name: Annotated[str, Meta(max_length=64)]
    offset: Count  # of the first byte in lane 0
    end: Count  # of the output that was there already
    number: Count  # of the last Line of this token that was taken
    typed: Count  # bytes of its input that were taken
    sequence: Count  # of the last Ready
    running: bool  # a line runs


class Started(Struct, tag=97, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: a line of another client's begins, or runs."""

    sequence: Count  # of its Ready
    offset: Count  # of its output
    who: Words
    line: Annotated[bytes, Meta(max_length=1024)]  # its beginning


class Taken(Struct, tag=98, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: so many bytes of its input were taken, and need not be kept to be sent again."""

    typed: Count


class Gap(Struct, tag=99, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: output is missing, as it went before it could be sent. Lane 0 goes on with the byte at `to`."""

    offset: Count  # of the first byte that is missing
    to: Count


class Notice(Struct, tag=100, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: what the user should know of others who are attached."""

    words: Words


class Seen(Struct, tag=101, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server: it has the output up to there. Without it output stops after half a megabyte."""

    offset: Count


class Hangup(Struct, tag=102, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server: end the shell as a terminal that goes away does."""


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


# --- a batch, in lane 1 ---


class BatchLine(Struct, tag=104, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server: a line for the shell, `size` bytes of content that follow. The next one waits for a LineEnd."""

    size: Count


class LineEnd(Struct, tag=105, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: a line has ended. What stands before it in this lane was written to stderr."""

    offset: Count  # bytes of output, in lane 0, that were before it
    status: Annotated[int, Meta(ge=0, le=255)]
    directory: Path  # where the shell stands


# --- detached commands ---


class Job(Struct, tag=112, array_like=True, frozen=True, forbid_unknown_fields=True):
    """How a detached command stands."""

    id: Annotated[str, Meta(max_length=64)]
    state: Annotated[str, Meta(max_length=64)]  # running, finished, cancelled, timeout or lost
    status: Annotated[int, Meta(ge=0, le=255)]  # once it has ended
    signal: Annotated[int, Meta(ge=0, le=127)]
    begun_ns: Nanoseconds
    duration: Seconds  # so far or in all
    output: Count  # bytes that it wrote, known once it has ended
    command: tuple[Path, ...]  # cut to a length that a list can take
    shell: bool
    directory: Path
    by: Words  # comment of the key that asked for it

    @property
    def returncode(self) -> int | None:
        """Give what subprocess would: the status, or minus the signal's number; None while there is none."""
        if self.state in ("running", "lost"):
            return None
        return -self.signal if self.signal else self.status


class Output(Struct, tag=113, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What a detached command wrote: `size` bytes of content follow. Where the position jumps, some were dropped."""

    stream: Annotated[int, Meta(ge=1, le=2)]  # 1 standard output, 2 standard error
    position: Count  # of its first byte, both streams counted together
    size: Count


TransferRecord: TypeAlias = (
    Begin
    | Directory
    | Root
    | Leave
    | File
    | Packed
    | Finish
    | Abort
    | Symlink
    | Link
    | Attributes
    | Hole
    | Same
    | End
    | Failure
)
ResultRecord: TypeAlias = Result | Done | Held | Stop | Summary | Would
AnswerRecord: TypeAlias = (
    Failure | Heading | Entry | Digest | Space | Machine | Candidate | Measured | Summary | Total | ShellEntry
)
ShellRecord: TypeAlias = Line | Ready | Echo | Attached | Started | Taken | Gap | Notice | Seen | Hangup
BatchRecord: TypeAlias = BatchLine | LineEnd
JobRecord: TypeAlias = Job | Output
SyncRecord: TypeAlias = TransferRecord | Sign | Prove | Patch | Reuse | Touch | Delete | Change | Passed
SyncResultRecord: TypeAlias = ResultRecord | Signature | Proof | Kept
ManifestRecord: TypeAlias = Root | Directory | Leave | Known | Symlink | Other | Failure | End
Record: TypeAlias = (
    SyncRecord | SyncResultRecord | ManifestRecord | AnswerRecord | ShellRecord | BatchRecord | JobRecord
)

_encoder: Final = msgspec.msgpack.Encoder()
encode_record_into: Final = _encoder.encode_into

TRANSFER: Final[msgspec.msgpack.Decoder[TransferRecord]] = msgspec.msgpack.Decoder(TransferRecord)
RESULTS: Final[msgspec.msgpack.Decoder[ResultRecord]] = msgspec.msgpack.Decoder(ResultRecord)
SHELL: Final[msgspec.msgpack.Decoder[ShellRecord]] = msgspec.msgpack.Decoder(ShellRecord)
SYNC: Final[msgspec.msgpack.Decoder[SyncRecord]] = msgspec.msgpack.Decoder(SyncRecord)
SYNC_RESULTS: Final[msgspec.msgpack.Decoder[SyncResultRecord]] = msgspec.msgpack.Decoder(SyncResultRecord)
MANIFEST: Final[msgspec.msgpack.Decoder[ManifestRecord]] = msgspec.msgpack.Decoder(ManifestRecord)
ANSWERS: Final[msgspec.msgpack.Decoder[AnswerRecord]] = msgspec.msgpack.Decoder(AnswerRecord)
BATCH: Final[msgspec.msgpack.Decoder[BatchRecord]] = msgspec.msgpack.Decoder(BatchRecord)
JOBS: Final[msgspec.msgpack.Decoder[JobRecord]] = msgspec.msgpack.Decoder(JobRecord)
