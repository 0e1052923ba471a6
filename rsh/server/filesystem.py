"""The file services: requests into the functions of rsh.files, their records into the lanes."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from xxhash import xxh3_128

from rsh.errors import Code, FileError, ProtocolError, Refused, UsageError, error_name
from rsh.files.disk import globs, listing
from rsh.files.disk.durability import Durability
from rsh.files.disk.filter import make_filter
from rsh.files.disk.names import join
from rsh.files.stream.compression import check_mode, expanded, squeezed
from rsh.files.stream.pace import paced
from rsh.files.stream.stream import Pipe, RecordReader, RecordWriter, write_records
from rsh.files.sync.source import sync_from
from rsh.files.sync.target import sync_to
from rsh.files.sync.wishes import Wishes
from rsh.files.transfer.conflicts import Conflicts
from rsh.files.transfer.receiver import receive
from rsh.files.transfer.rehearsal import rehearse
from rsh.files.transfer.sender import send
from rsh.files.transfer.survey import survey
from rsh.files.upkeep import changes, operations
from rsh.protocol import requests, transfer_records
from rsh.protocol.answer_records import Digest
from rsh.protocol.any_record import Record
from rsh.protocol.frames import Buffer
from rsh.protocol.record_stream import Failure
from rsh.protocol.transfer_records import Finish
from rsh.server.account import Account, Grant
from rsh.server.altering import altered
from rsh.session.channel import Channel

log = logging.getLogger("rsh.server")

READING = (
    requests.List
    | requests.Get
    | requests.Read
    | requests.Sum
    | requests.Usage
    | requests.Survey
    | requests.Find
    | requests.Measure
)


def serve(channel: Channel, request: requests.Request, account: Account, grant: Grant) -> None:
    """Serve one request that concerns files.

    Raises:
        Refused: the key may not, or nobody serves such a request.
    """
    if not isinstance(request, READING) and not (isinstance(request, requests.Sync) and not request.upward):
        grant.require_write()
    directory = join(account.home, globs.expand_home(getattr(request, "directory", b"")))
    if isinstance(request, requests.Get):
        _send(channel, request, directory)
    elif isinstance(request, requests.Sync):
        _sync(channel, request, directory)
    elif isinstance(request, requests.Put):
        _receive(channel, request, directory)
    elif isinstance(request, requests.Read):
        channel.accept(bulk=True)
        paths = globs.expand(request.paths, directory=directory)
        _read(paced(channel, request.limit), paths, directory)
    elif isinstance(request, requests.Write):
        channel.accept(bulk=True)
        write_records(channel, [_write(channel, request, directory)])
    else:
        _answer(channel, request, directory)
    channel.close()


def _send(channel: Channel, request: requests.Get, directory: bytes) -> None:
    paths = globs.expand(request.paths, directory=directory)
    with _refusing_usage():
        make_filter(request.rules)
        check_mode(request.compression)
    channel.accept(bulk=True)
    send(
        squeezed(paced(channel, request.limit), request.compression, lambda: channel.direct),
        paths,
        directory=directory,
        rules=request.rules,
        rehearsal=request.rehearsal,
        follow=request.follow,
        archive=request.archive,
    )


def _receive(channel: Channel, request: requests.Put, directory: bytes) -> None:
    target = globs.expand_home(request.target)
    with _refusing_usage():
        conflicts = Conflicts(request.policy, request.agreed)
        check_mode(request.compression)
        Durability(request.durability)
    channel.accept(bulk=True)
    pipe = expanded(channel, request.compression)
    if request.rehearsal:
        rehearse(pipe, target, directory=directory, conflicts=conflicts)
        return
    receive(
        pipe,
        target,
        directory=directory,
        durability=request.durability,
        conflicts=conflicts,
        archive=request.archive,
        forsaken=lambda: channel.adrift,
    )


def _sync(channel: Channel, request: requests.Sync, directory: bytes) -> None:
    path = globs.expand_home(request.path)
    wishes = Wishes(
        request.rules,
        request.checksum,
        request.delete,
        request.rehearsal,
        request.itemize,
        request.archive,
        request.delete_all,
    )
    with _refusing_usage():
        make_filter(request.rules)
        check_mode(request.compression)
    channel.accept(bulk=True)
    if request.upward:
        pipe = expanded(channel, request.compression)
        sync_to(
            pipe,
            path,
            wishes,
            directory=directory,
            durability=request.durability,
            forsaken=lambda: channel.adrift,
        )
    else:
        pipe = squeezed(paced(channel, request.limit), request.compression, lambda: channel.direct)
        sync_from(pipe, path, wishes, directory=directory, upward=False)


@contextmanager
def _refusing_usage() -> Iterator[None]:
    """Refuse what a request asks for and does not exist."""
    try:
        yield
    except UsageError as error:
        raise Refused(Code.UNSUPPORTED, str(error)) from error


def _answer(channel: Channel, request: requests.Request, directory: bytes) -> None:
    """Serve a request that is answered by records and nothing else."""
    with _refusing_usage():
        answer = _records(request, directory)
        if answer is None:
            answer = altered(request, directory, lambda: channel.closed_by is None)
    channel.accept()
    write_records(channel, answer)


def _records(request: requests.Request, directory: bytes) -> Iterable[Record] | None:
    if isinstance(request, requests.List):
        paths = globs.expand(request.paths, directory=directory)
        return listing.entries(
            paths,
            directory=directory,
            recursive=request.recursive,
            itself=request.itself,
            follow=request.follow,
        )
    if isinstance(request, requests.Sum):
        paths = globs.expand(request.paths, directory=directory)
        return operations.digests(paths, directory=directory, algorithm=request.algorithm)
    if isinstance(request, requests.Usage):
        if not request.paths:
            return operations.mounted()
        return operations.usage(globs.expand(request.paths, directory=directory), directory=directory)
    if isinstance(request, requests.Survey):
        paths = globs.expand(request.paths, directory=directory)
        return survey(paths, directory=directory, rules=request.rules, follow=request.follow)
    if isinstance(request, requests.Remove):
        paths = globs.expand(request.paths, directory=directory)
        return changes.remove(paths, directory=directory, recursive=request.recursive, force=request.force)
    if isinstance(request, requests.MakeDirectory):
        paths = [globs.expand_home(path) for path in request.paths]
        return changes.make_directories(paths, directory=directory, parents=request.parents)
    if isinstance(request, requests.Move):
        paths = globs.expand(request.sources, directory=directory)
        return changes.move(paths, globs.expand_home(request.target), directory=directory)
    return None


def _read(channel: Pipe, paths: Iterable[bytes], directory: bytes) -> None:
    """Send the content of files in lane 0; what failed, and the digest of all that was sent, in lane 1."""
    digest = xxh3_128()
    ending = RecordWriter(channel, lane=1)
    for path in paths:
        try:
            for piece in operations.pieces(join(directory, path)):
                digest.update(piece)
                channel.write(piece)
        except FileError as error:
            ending.record(Failure(path, error.error))
        except OSError as error:
            ending.record(Failure(path, error_name(error)))
    channel.end()
    ending.record(Digest(b"", "xxh128", digest.digest()))
    ending.end()


def _write(channel: Channel, request: requests.Write, directory: bytes) -> Record:
    """Take lane 0 as a file's content; give what came of it."""
    path = globs.expand_home(request.path)
    try:
        return operations.store(_checked(channel), path, directory=directory, expected=request.expected)
    except FileError as error:
        return Failure(path, error.error)
    except OSError as error:
        return Failure(path, error_name(error))


def _checked(channel: Channel) -> Iterator[Buffer]:
    """Give what comes in lane 0; at its end raise unless lane 1 brings the digest of it."""
    digest = xxh3_128()
    while piece := channel.read():
        digest.update(piece)
        yield piece
    for record in RecordReader(channel, transfer_records.TRANSFER, lane=1):
        if isinstance(record, Finish) and record.digest == digest.digest():
            return
        raise FileError("EDIGEST")
    raise ProtocolError("content without a digest")
