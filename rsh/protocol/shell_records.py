"""The records of a living shell, and those of a batch: both in lane 1, beside what is typed and printed."""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta, Struct

from rsh.protocol.fields import Count, Path, Words


class Line(Struct, tag=48, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server: a line for the shell, `size` bytes of content that follow.

    A client counts its lines from 1, over all channels that it is attached by with one token. A number that is not
    above the one before it was taken already, and is ignored.
    """

    size: Count
    number: Count
    typed: Count = 0  # bytes of its input that are not for this line, nor for one before it: they were taken back
    ahead: Annotated[int, Meta(ge=0, le=65536)] = 0  # bytes of the content, its first: typed for the line before it


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


class Jobs(Struct, tag=51, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: how many jobs the shell has now, running and stopped; 0 as long as nothing is said."""

    count: Annotated[int, Meta(ge=0, le=65535)]


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


class BatchLine(Struct, tag=104, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Client to server: a line for the shell, `size` bytes of content that follow. The next one waits for a LineEnd."""

    size: Count


class LineEnd(Struct, tag=105, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Server to client: a line has ended. What stands before it in this lane was written to stderr."""

    offset: Count  # bytes of output, in lane 0, that were before it
    status: Annotated[int, Meta(ge=0, le=255)]
    directory: Path  # where the shell stands


ShellRecord: TypeAlias = Line | Ready | Echo | Jobs | Attached | Started | Taken | Gap | Notice | Seen | Hangup
BatchRecord: TypeAlias = BatchLine | LineEnd
SHELL: Final[msgspec.msgpack.Decoder[ShellRecord]] = msgspec.msgpack.Decoder(ShellRecord)
BATCH: Final[msgspec.msgpack.Decoder[BatchRecord]] = msgspec.msgpack.Decoder(BatchRecord)
