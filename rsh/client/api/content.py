"""The content of single files as a stream of bytes: `cat`, and `-` in the place of a file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from xxhash import xxh3_128

from rsh.client.api.process import own_bytes
from rsh.errors import DigestMismatch, ProtocolError, RshError, file_error
from rsh.files.stream.stream import Pipe, RecordWriter, read_records
from rsh.protocol.answer_records import Digest
from rsh.protocol.frames import Buffer
from rsh.protocol.record_stream import Failure
from rsh.protocol.transfer_records import Finish, Summary
from rsh.session.channel import Channel

Here: TypeAlias = Callable[[bytes], bytes]


def read_content(channel: Channel, here: Here) -> Iterator[Buffer]:
    """Give the content that a Read request brings; raise the first failure once all before it was given.

    Args:
        here: gives a name as it is spelled here.
    """
    digest = xxh3_128()
    try:
        channel.end()
        while piece := channel.read(0):
            digest.update(piece)
            yield piece
        ending = list(read_records(channel, lane=1))
        totals = [record.digest for record in ending if isinstance(record, Digest)]
        if totals != [digest.digest()]:
            raise DigestMismatch("EDIGEST")
        for record in ending:
            if isinstance(record, Failure):
                raise file_error(record.error, here(record.path))
    finally:
        channel.leave()


def write_content(channel: Pipe, content: Iterable[Buffer], path: bytes, here: Here) -> int:
    """Send content for a Write request; give its length. Until its digest has been sent, nothing is in place.

    Args:
        here: as for read_content.
    """
    digest = xxh3_128()
    length = 0
    try:
        for each in content:
            piece = own_bytes(each)
            digest.update(piece)
            length += len(piece)
            if not _send(channel, piece):
                break
        else:
            channel.end()
            _send_digest(channel, Finish(digest.digest()))
        for record in read_records(channel):
            if isinstance(record, Failure):
                raise file_error(record.error, here(record.path) or path)
            if isinstance(record, Summary):
                return length
        raise ProtocolError("no answer to a file that was written")
    finally:
        channel.close()


def _send(channel: Pipe, piece: Buffer) -> bool:
    """Send a piece; False when the server has given up, and its answer says why."""
    try:
        channel.write(piece)
    except RshError:
        return False
    return True


def _send_digest(channel: Pipe, record: Finish) -> None:
    writer = RecordWriter(channel, lane=1)
    try:
        writer.record(record)
        writer.end()
    except RshError:
        pass  # Likewise.
