"""Who writes on a session's stream: the writer's thread, and the thread of an application in its place.

The writer waits until the link has something to send, takes it under the lock and writes it outside. Waking it takes
longer than writing a few bytes: where nothing else is under way and the kernel has room, an application does that
itself. What was taken for a stream that breaks is in the replay, so it does not matter whether it was written.
"""

from __future__ import annotations

import threading
import time
from abc import abstractmethod
from typing import Final

from rsh.errors import Code, LinkError, Refused, RshError
from rsh.protocol.frames import MAX_PAYLOAD, Buffer
from rsh.protocol.link import Link
from rsh.protocol.states import LinkState
from rsh.session.conversation import Conversation, Service
from rsh.session.deadline import Deadline
from rsh.session.writer import Taken
from rsh.transport.stream import Stream

# What the writer takes at once: one full frame, so that a keystroke that comes meanwhile waits for one frame at most.
WRITE_SIZE: Final = MAX_PAYLOAD


class Writing(Conversation):
    """A conversation whose words are written on a stream, which may be lost and followed by another.

    Attributes:
        sent_bytes: on all its streams, for whoever shows a rate.
    """

    def __init__(self, link: Link, *, name: str, serve: Service | None) -> None:
        super().__init__(link, name=name, serve=serve)
        self.sent_bytes = 0
        self._stream: Stream | None = None
        self._writable = False  # nothing that was written on the stream has failed
        self._writing = False  # somebody is between taking frames and having written them
        self._reserved = False  # and that is not the writer
        self._writer: threading.Thread | None = None

    @abstractmethod
    def _end(self, error: RshError) -> bool:
        """End the session; the first reason counts."""

    def _write_on(self, stream: Stream) -> None:
        """Make a stream the one in use; with _lock held. Raises Refused: no thread can be had."""
        if self._writer is None:
            writer = threading.Thread(target=self._write_all, name=f"{self._name} writer", daemon=True)
            try:
                writer.start()
            except RuntimeError as error:  # No thread can be had now.
                raise Refused(Code.BUSY, "no room for another session") from error
            self._writer = writer
        self._stream = stream
        self._writable = True
        self._to_send.notify()

    def _wait_written(self, deadline: Deadline) -> None:
        """Wait until all is written that can be; with _lock held, which is let go of meanwhile."""
        while (self._writing or self._can_write()) and not deadline.expired:
            self._changed.wait(deadline.left())

    def _write_all(self) -> None:
        try:
            self._write_loop()
        finally:
            # It ends after the session. If it fails, which is a bug, nobody must wait for what will never be written.
            self._end(LinkError("the writer has failed"))

    def _write_loop(self) -> None:
        while True:
            with self._lock:
                self._writing = self._reserved
                while self._reserved or not self._can_write():
                    self._changed.notify_all()  # Who says goodbye waits until all is written.
                    if self.error and (self._stream is None or self._link.state is LinkState.CLOSED):
                        return
                    self._to_send.wait()
                stream = self._stream
                buffers = self._link.next_frames(WRITE_SIZE, time.monotonic())
                self._writing = True
                for channel in self._channels.values():
                    channel.drained()
            if stream is not None and buffers:
                self._write(stream, buffers)

    def take(self, number: int, lane: int, parts: tuple[Buffer, ...], length: int) -> Taken | None:
        """As writer.Writer.take. The lock is held."""
        stream = self._stream
        if self._writing or stream is None or not self._writable or not stream.takes_more():
            return None
        buffers = self._link.send_now(number, lane, parts, length, time.monotonic())
        if buffers is None:
            return None
        self.interrupts.hold()
        self._reserved = self._writing = True
        return stream, buffers

    def write_taken(self, taken: Taken) -> None:
        """As writer.Writer.write_taken."""
        try:
            self._write(*taken)
        finally:
            with self._lock:
                self._reserved = self._writing = False
                self._changed.notify_all()
                if self.error is not None or self._can_write():
                    self._to_send.notify()
            self.interrupts.release()

    def _can_write(self) -> bool:
        return self._stream is not None and self._writable and self._link.wants_to_send()

    def _write(self, stream: Stream, buffers: list[Buffer]) -> None:
        try:
            stream.write(*buffers)
            self.sent_bytes += sum(map(len, buffers))
        except RshError:
            # The reader of this stream sees its end too, perhaps after words of the peer that say why.
            with self._lock:
                if self._stream is stream:
                    self._writable = False
                    self._changed.notify_all()
