"""The records of a transfer, in both directions.

From the sender: Begin, then items depth first, then End. A Directory or Root is entered and left by Leave. A File is
followed by its content and a Finish or an Abort; a Packed file comes whole. Failure names what could not be read. Back
come Result for each item that failed, Unlinked for a Link that has to come as a file, Held for what is there of a File
already, Done now and then, and at the end a Summary; or a Stop. Items (Directory, Root, File, Packed, Symlink, Link)
are counted from 0 by both ends.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from rsh.protocol.fields import MAX_SIZE, Component, Count, ErrorName, FileDigest, Nanoseconds, Path, Permissions, Words
from rsh.protocol.record_stream import End, Failure

# Files up to this size travel whole in one record. Above it a copy costs more than two further elements.
MAX_PACKED: Final = 64 * 1024


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
    """The content of the File is complete; it must have this digest (rsh.files.disk.digest)."""

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
    item: Count | None = None  # number of the item that brought the earlier one; nil if that was there before


class Attributes(Struct, tag=67, array_like=True, frozen=True, forbid_unknown_fields=True):
    """What the item that follows at once has beside its permissions; only in transfers that asked for it."""

    uid: Annotated[int, Meta(ge=0, lt=2**32)]
    gid: Annotated[int, Meta(ge=0, lt=2**32)]
    user: Words  # "" when the number has no name
    group: Words
    extended: dict[bytes, bytes] = {}


class Settle(Struct, tag=68, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks for a Done that counts all that came. Then sources come once more, with what was Unlinked."""


class Result(Struct, tag=16, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Item number `index` failed at the receiver. What does not fail is not named."""

    index: Count
    path: Path
    error: ErrorName


class Done(Struct, tag=17, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The receiver has dealt with so many items, and so much of their content has come."""

    count: Count
    bytes: Count = 0


class Unlinked(Struct, tag=73, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Item number `index`, a Link, was not made, for the earlier name is not in place as it was sent: send the file."""

    index: Count


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
    | Settle
    | End
    | Failure
)
ResultRecord: TypeAlias = Result | Done | Unlinked | Held | Stop | Summary | Would
TRANSFER: Final[msgspec.msgpack.Decoder[TransferRecord]] = msgspec.msgpack.Decoder(TransferRecord)
RESULTS: Final[msgspec.msgpack.Decoder[ResultRecord]] = msgspec.msgpack.Decoder(ResultRecord)
