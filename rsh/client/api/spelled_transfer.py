"""Transfers whose names are spelled here as here, and over there as there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from rsh.client.api.spelling import Spelling
from rsh.errors import FileError
from rsh.files.disk.filter import Filter, Rules, make_filter
from rsh.files.disk.names import join
from rsh.files.stream.stream import RECORD, WORD, Pipe, RecordReader
from rsh.files.transfer.report import Report
from rsh.protocol import transfer_records
from rsh.protocol.fields import MAX_NAME
from rsh.protocol.frames import Buffer
from rsh.protocol.record_stream import encode_record_into


def spelled_put(
    run: Callable[..., Report], pipe: Pipe, sources: Sequence[bytes], here: bytes, rules: Rules, spelling: Spelling
) -> Report:
    """Send files and trees; what cannot be spelled over there is a failure, and the rest goes on.

    Args:
        run: rsh.files.transfer.sender.send, but for what is given here.
        here: where relative sources start.
    """
    spellable = Spellable(rules, spelling)
    named = [source for source in sources if spelling.exists(source.rstrip(b"/").rpartition(b"/")[2])]
    failures = [FileError("ESPELLING", source) for source in sources if source not in named]
    if failures and not named:
        raise failures[0]
    spelled = SpelledPipe(pipe, spelling, read=transfer_records.RESULTS, written=transfer_records.TRANSFER)
    report = run(spelled, named, directory=here, rules=spellable)
    top = sources[0] if len(sources) == 1 else b""
    for failure in (*failures, *(FileError("ESPELLING", join(top, path)) for path in spellable.missed)):
        report.add_failure(failure)
    return report


def spelled_get(pipe: Pipe, spelling: Spelling) -> Pipe:
    """Give the pipe that a receiver is to read."""
    return SpelledPipe(pipe, spelling, read=transfer_records.TRANSFER, written=transfer_records.RESULTS)


class SpelledPipe:
    """A pipe between one end of a transfer and the channel; records go through it in lane 0, both ways."""

    def __init__(self, pipe: Pipe, spelling: Spelling, *, read: Any, written: Any) -> None:
        """Prepare.

        Args:
            read, written: decoders of what comes, and of what is sent.
        """
        self._pipe = pipe
        self._spelling = spelling
        self._incoming = RecordReader[Any](pipe, read)
        self._outgoing = RecordReader[Any](pipe, written)

    @property
    def frame(self) -> int:
        """As the pipe's."""
        return self._pipe.frame

    def read(self, lane: int = 0) -> Buffer:
        """Wait for the next piece."""
        while piece := self._pipe.read(lane):
            if spelled := _joined(map(self._here, self._incoming.cut(piece))):
                return spelled
        self._incoming.cut(b"")
        return b""

    def write(self, *parts: Buffer, lane: int = 0) -> None:
        """Send the parts, joined."""
        for part in parts:
            if spelled := _joined(map(self._there, self._outgoing.cut(part))):
                self._pipe.write(spelled, lane=lane)

    def end(self, lane: int = 0) -> None:
        """Say that nothing more comes in a lane."""
        self._pipe.end(lane)

    def close(self) -> None:
        """Abandon both directions."""
        self._pipe.close()

    def _here(self, element: Any) -> Any:
        """Give an element as it is here: names that are longer here than any may be stay as they are."""
        if isinstance(element, memoryview):
            return element
        spelled = self._spelling.record(element)
        return spelled if len(getattr(spelled, "name", b"")) <= MAX_NAME else replace(spelled, name=element.name)

    def _there(self, element: Any) -> Any:
        return element if isinstance(element, memoryview) else self._spelling.sent(element)


class Spellable(Filter):
    """Rules, and that a name can be spelled over there. What cannot is left out.

    Attributes:
        missed: paths that were left out for their names, each from the source it belongs to.
    """

    def __init__(self, rules: Rules, spelling: Spelling) -> None:
        self._filter = make_filter(rules)
        self._spelling = spelling
        self.missed: list[bytes] = []

    def keeps(self, path: bytes, *, directory: bool = False) -> bool:
        """Tell whether a path is part of the transfer."""
        if self._filter is not None and not self._filter.keeps(path, directory=directory):
            return False
        if self._spelling.exists(path.rpartition(b"/")[2]):
            return True
        self.missed.append(path)
        return False


def _joined(elements: Iterable[Any]) -> bytearray:
    """Write elements one behind the other; content that comes in pieces becomes as many elements."""
    joined = bytearray()
    for element in elements:
        if isinstance(element, memoryview):
            joined += WORD.pack(len(element))
            joined += element
            continue
        start = len(joined)
        joined += bytes(WORD.size)
        encode_record_into(element, joined, -1)
        WORD.pack_into(joined, start, RECORD | (len(joined) - start - WORD.size))
    return joined
