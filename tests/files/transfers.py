"""Transfers for tests: a sender and a receiver back to back, and senders made by hand."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from xxhash import xxh3_128_digest

from rsh.errors import RshError
from rsh.files.stream.stream import RecordReader, RecordWriter
from rsh.files.transfer.receiver import receive
from rsh.files.transfer.report import Progress, Report
from rsh.files.transfer.sender import send
from rsh.protocol import transfer_records
from rsh.protocol.any_record import Record
from rsh.protocol.record_stream import End
from rsh.protocol.transfer_records import Begin, Packed, ResultRecord, TransferRecord
from tests.files.pipes import SMALL, PipeEnd, pipe_pair
from tests.machines import SOON


class Background:
    """A call in a thread; result() gives what it returned or raises what it raised."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self._call = call
        self._outcome: Any = None
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._outcome = self._call()
        except BaseException as error:  # noqa: BLE001  result() raises it
            self._error = error

    def result(self) -> Any:
        self._thread.join(SOON)
        assert not self._thread.is_alive(), "hangs"
        if self._error:
            raise self._error
        return self._outcome


def transfer(
    sources: Sequence[bytes],
    target: bytes,
    *,
    capacity: int = SMALL,
    sender_progress: Progress | None = None,
    follow: bool = False,
    archive: bool = False,
    **options: Any,
) -> tuple[Report, Report]:
    """Send and receive; give the sender's and the receiver's report."""
    near, far = pipe_pair(capacity)
    options.setdefault("durability", "none")
    receiving = Background(lambda: _closing(far, lambda: receive(far, target, archive=archive, **options)))
    sent = send(near, sources, progress=sender_progress, follow=follow, archive=archive)
    return sent, receiving.result()


def receive_by_hand(elements: Iterable[Record | bytes], target: bytes, **options: Any) -> Report:
    """Receive what a sender made by hand says: records, and bytes for content."""
    near, far = pipe_pair(2**30)
    writer = RecordWriter(near)
    for element in elements:
        if isinstance(element, bytes):
            writer.content(element)
        else:
            writer.record(element)
    writer.end()
    options.setdefault("durability", "none")
    return receive(far, target, **options)


def send_to(answer: Callable[[PipeEnd], None], sources: Sequence[bytes]) -> Report:
    """Send to a receiver made by hand, which runs in a thread."""
    near, far = pipe_pair()
    answering = Background(lambda: answer(far))
    try:
        return send(near, sources)
    finally:
        answering.result()


def results_of(pipe: PipeEnd) -> list[ResultRecord | memoryview]:
    """Read all that a receiver said."""
    return list(RecordReader(pipe, transfer_records.RESULTS))


def stream_of(sources: Sequence[bytes]) -> list[TransferRecord | memoryview]:
    """Give what a sender says, to a receiver that finds nothing wrong."""
    elements: list[TransferRecord | memoryview] = []

    def swallow(pipe: PipeEnd) -> None:
        elements.extend(RecordReader(pipe, transfer_records.TRANSFER))
        writer = RecordWriter(pipe)
        writer.record(transfer_records.Summary(0, 0))
        writer.end()

    send_to(swallow, sources)
    return elements


def packed(name: bytes, content: bytes = b"content", mode: int = 0o644) -> Packed:
    """Make a small file as an honest sender would."""
    return Packed(name, mode, 1_600_000_000_000_000_001, content, xxh3_128_digest(content))


def whole(*items: Record | bytes, sources: int = 1) -> list[Record | bytes]:
    """Make a transfer of some items."""
    return [Begin(sources), *items, End()]


def snapshot(top: bytes) -> dict[bytes, tuple[Any, ...]]:
    """Describe a tree: type, mode, time and content of all that is in it."""
    found: dict[bytes, tuple[Any, ...]] = {}
    for above, directories, files in os.walk(top):
        for name in [*directories, *files]:
            path = os.path.join(above, name)
            status = os.lstat(path)
            content: bytes = b""
            if os.path.islink(path):
                content = os.readlink(path)
            elif os.path.isfile(path):
                with open(path, "rb") as file:
                    content = file.read()
            found[os.path.relpath(path, top)] = (oct(status.st_mode), status.st_mtime_ns, content)
    return found


def _closing(pipe: PipeEnd, call: Callable[[], Report]) -> Report:
    try:
        return call()
    except RshError:
        pipe.close()
        raise
