"""The records of a sync, beside those of a transfer, and the manifest in which the target tells what it holds."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from rsh.protocol.fields import Component, Count, Nanoseconds, Path, Permissions
from rsh.protocol.record_stream import End, Failure
from rsh.protocol.transfer_records import Directory, Leave, ResultRecord, Root, Symlink, TransferRecord


class Signature(Struct, tag=82, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Answers Sign: digests and beginnings of further blocks of the old file, of which `size` bytes were read.

    Where more blocks are there than were asked for, the last size is that of the file.
    """

    size: Count
    hashes: Annotated[bytes, Meta(max_length=65536)]  # 8 bytes for each block
    anchors: Annotated[bytes, Meta(max_length=131072)]  # 16 bytes for each block
    more: bool  # another Signature of the same file follows


class Kept(Struct, tag=93, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Comes before a Signature: digests of further whole blocks of the file's part, which an earlier try has left."""

    digests: Annotated[bytes, Meta(min_length=16, max_length=131072)]  # 16 bytes for each 1044480 of the part


class Sign(Struct, tag=83, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks for the Signature of a file of the target, in blocks of that size, and of its first blocks at most."""

    path: Path  # from the target's top
    block: Annotated[int, Meta(ge=4096, le=2**20)]
    blocks: Annotated[int, Meta(ge=1, lt=2**62)]


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
    origin: Path = b""  # the file of the target whose content it gets


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


SyncRecord: TypeAlias = TransferRecord | Sign | Prove | Patch | Reuse | Touch | Delete | Change | Passed
SyncResultRecord: TypeAlias = ResultRecord | Signature | Proof | Kept
ManifestRecord: TypeAlias = Root | Directory | Leave | Known | Symlink | Other | Failure | End
SYNC: Final[msgspec.msgpack.Decoder[SyncRecord]] = msgspec.msgpack.Decoder(SyncRecord)
SYNC_RESULTS: Final[msgspec.msgpack.Decoder[SyncResultRecord]] = msgspec.msgpack.Decoder(SyncResultRecord)
MANIFEST: Final[msgspec.msgpack.Decoder[ManifestRecord]] = msgspec.msgpack.Decoder(ManifestRecord)
