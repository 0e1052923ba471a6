"""Any record stream: a row of records inside a lane of a channel, its end, and what fails in it.

Its elements (rsh/files/stream/stream.py frames them) are records, or raw content of the file that the record before
announced. Each struct is an array on the wire: its number first, then its fields in order.

Errors travel as symbolic names; the words are made where they are read, so that a peer cannot put text on a screen.
Names are one component each and have to pass rsh.files.disk.names.check_component before they are used.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from rsh.protocol.fields import ErrorName, Path


class End(Struct, tag=10, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Nothing more comes."""


class Failure(Struct, tag=11, array_like=True, frozen=True, forbid_unknown_fields=True):
    """A path could not be worked on; the rest goes on. Part of transfers and of most answers."""

    path: Path
    error: ErrorName


_encoder: Final = msgspec.msgpack.Encoder()
encode_record_into: Final = _encoder.encode_into
