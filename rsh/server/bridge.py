"""Joins a channel with the holder of a living shell: translates between the records of the wire and its messages."""

from __future__ import annotations

import select
import socket
import threading
from collections import deque
from collections.abc import Iterator
from io import IOBase
from typing import Final

from rsh.errors import Code, ProtocolError, RshError
from rsh.files.stream.stream import RecordWriter
from rsh.holder import wire
from rsh.protocol.channel import LANES
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.shell_records import Attached, Echo, Gap, Jobs, Notice, Ready, ShellRecord, Started, Taken
from rsh.server.asked import Asked, told
from rsh.server.place import Place
from rsh.session.channel import Channel
from rsh.session.inlet import Inlet
from rsh.session.writer import LITTLE

# How long a holder may take to its first word, in seconds: one that is there, and one that is just being started.
PATIENCE: Final = 5.0
START_PATIENCE: Final = 60.0

# Signals and sizes that wait for the holder; of more the oldest are dropped.
MAX_TOLD: Final = 64


class Bridge:
    """Joins a channel with a connection to a holder.

    The session's reader feeds the holder as long as that takes what it is sent at once; what would have to wait is left
    to a thread, one for each lane and one for messages. The service's own thread brings what the holder says.
    """

    def __init__(self, channel: Channel, sock: socket.socket, place: Place, *, patience: float = PATIENCE) -> None:
        """Prepare; the holder has still to be sent an ATTACH, and has `patience` seconds to answer it."""
        self._patience = patience
        self._channel = channel
        self._sock = sock
        self._place = place
        self._sending = threading.Lock()  # keeps messages to the holder whole; held while it takes one
        self._has_room = select.poll()  # a socket that is writable has room for a few messages (unix(7))
        self._has_room.register(sock, select.POLLOUT)
        self._records = RecordWriter(channel, lane=1)
        self._position = 0  # of the next output
        self._taking = threading.Condition()  # guards what follows
        self._typed = 0  # bytes of input that were sent, over all connections of this client
        self._taken = 0  # of them the holder has told us of
        self._gone = False  # nobody wants input any more
        self._in_order = threading.Lock()  # held while messages are passed on
        self._told: deque[Signal | Resize | bool] = deque(maxlen=MAX_TOLD)  # bool: whether there is a connection
        self._telling = threading.Semaphore(0)  # one for each message that could not be passed on at once, and the end
        self._asked = Asked(channel)

    def run(self) -> None:
        """Pass on what both sides say, until one of them ends."""
        channel = self._channel
        channel.accept()
        channel.listen(self._on_message)
        messages = threading.Thread(target=self._pump_messages, name="shell messages", daemon=True)
        messages.start()
        lines = Inlet(channel, 1, self._asked.cut, self._pass_asked, self._asked_wrongly)
        typed = Inlet(channel, 0, _whole, self._pass_input, lambda error: None)
        lines.begin()
        typed.begin()
        try:
            self._bring()
        finally:
            channel.close()
            self._hang_up()
            self._telling.release()
            messages.join()
            lines.wait_over()
            typed.wait_over()
            self._let_go()

    def _let_go(self) -> None:
        """Have the channel not know us any more: we would keep each other, and the session, in memory."""
        self._channel.listen(_unheeded)
        for lane in range(LANES):
            self._channel.hand(lane, _unheeded)

    def send(self, kind: int, payload: bytes = b"", *, wait: bool = True) -> bool:
        """Send the holder a message; when it has ended, that is told from there.

        Returns:
            False when we would have to wait until it takes the message, and must not: nothing was sent.
        """
        if not wait and len(payload) > LITTLE:
            return False
        if not self._sending.acquire(blocking=wait):
            return False
        try:
            if not wait and not self._has_room.poll(0):
                return False
            self._sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)
        except OSError:
            pass
        finally:
            self._sending.release()
        return True

    def note(self, *, connected: bool) -> None:
        """Hear whether there is a connection to the client now; run by the session's threads."""
        self._tell(connected)

    def _bring(self) -> None:
        """Pass on what the holder says until its shell has ended, and all output is on its way."""
        ended: tuple[int, int, int] | None = None
        if not _says_something(self._sock, self._patience):
            self._channel.close(Code.BUSY, "the shell does not answer: its holder is stopped")
            return
        for kind, payload in _messages(self._sock):
            if kind == wire.OUTPUT:
                self._bring_output(payload)
            elif kind == wire.ENDED:
                ended = wire.ENDED_BODY.unpack(payload)
            elif kind == wire.GONE:
                code = Code.NO_SHELL if payload.startswith(b"the shell") else Code.SUPERSEDED
                self._channel.close(code, payload.decode("utf-8", "replace"))
                return
            elif record := self._translated(kind, payload):
                self._records.record(record)
                self._records.flush()
            if ended is not None and self._position >= ended[0]:
                self._bring_end(*ended[1:])
                return
        if not self._asked.leaving:
            self._channel.close(Code.INTERNAL, "the shell's holder has died")

    def _bring_output(self, payload: bytes) -> None:
        (offset,) = wire.NUMBER.unpack_from(payload)
        if offset > self._position:
            self._records.record(Gap(self._position, offset))
            self._records.flush()
        self._position = offset + len(payload) - wire.NUMBER.size
        self._channel.write(memoryview(payload)[wire.NUMBER.size :])

    def _bring_end(self, status: int, number: int) -> None:
        self._channel.end(0)
        self._records.end()
        self._channel.tell(Exit(status, number))
        self.send(wire.LEAVE)

    def _translated(self, kind: int, payload: bytes) -> ShellRecord | None:
        """Give the record of the wire that says the same."""
        if kind == wire.REPORT:
            sequence, offset, number, status, typed, unread = wire.REPORT_HEAD.unpack_from(payload)
            end = len(payload) - unread
            directory = payload[wire.REPORT_HEAD.size : end]
            return Ready(offset, status, directory, sequence, number, typed, payload[end:])
        if kind == wire.ECHO:
            return Echo(bool(payload[0]))
        if kind == wire.JOBS:
            return Jobs(*wire.JOBS_BODY.unpack(payload))
        if kind == wire.ATTACHED:
            offset, end, number, typed, sequence, running = wire.ATTACHED_BODY.unpack(payload)
            self._position = offset
            with self._taking:
                self._typed += typed
                self._taken = typed
            return Attached(self._place.id, self._place.name, offset, end, number, typed, sequence, bool(running))
        if kind == wire.STARTED:
            sequence, offset = wire.STARTED_HEAD.unpack_from(payload)
            who, _, line = payload[wire.STARTED_HEAD.size :].partition(b"\0")
            return Started(sequence, offset, _words(who), line[:1024])
        if kind == wire.TAKEN:
            (typed,) = wire.NUMBER.unpack(payload)
            self._note_taken(typed)
            return Taken(typed)
        return Notice(_words(payload)) if kind == wire.NOTICE else None

    def _on_message(self, message: Signal | Resize | Exit | None) -> None:
        """Run by the session's reader, which must not wait until the holder has taken what was sent before."""
        if message is None:
            self._hang_up()
        elif not isinstance(message, Exit):
            self._tell(message)

    def _tell(self, message: Signal | Resize | bool) -> None:
        self._told.append(message)
        if not self._pass_messages(wait=False):
            self._telling.release()

    def _pump_messages(self) -> None:
        while self._telling.acquire() and not self._gone:
            self._pass_messages(wait=True)

    def _pass_messages(self, *, wait: bool) -> bool:
        """Pass on the messages that have come; False when we would have to wait and must not."""
        if not self._told:
            return True  # each stays there until it was sent
        if not self._in_order.acquire(blocking=wait):
            return False
        try:
            while self._told:
                message = self._told[0]
                if not self.send(*told(message), wait=wait):
                    return False
                if self._told[0] is message:  # Else it was too many at once, and the oldest were dropped.
                    self._told.popleft()
        finally:
            self._in_order.release()
        return True

    def _pass_input(self, data: Buffer, wait: bool) -> bool:
        """Pass on what was typed, once the holder may be sent so much more; see Inlet."""
        if not self._take_room(len(data), wait):
            return False
        if data and not self.send(wire.INPUT, bytes(data), wait=wait):
            with self._taking:
                self._typed -= len(data)
            return False
        return True

    def _take_room(self, size: int, wait: bool) -> bool:
        with self._taking:
            while self._typed - self._taken > wire.MAX_INPUT - size and not self._gone:
                if not wait:
                    return False
                self._taking.wait()
            self._typed += size
            return True

    def _note_taken(self, typed: int) -> None:
        with self._taking:
            self._taken = typed
            self._taking.notify_all()

    def _pass_asked(self, asked: tuple[int, bytes], wait: bool) -> bool:
        """Pass on a line, and before it what came before it: a program finds the size that was told; see Inlet."""
        return self._pass_messages(wait=wait) and self.send(*asked, wait=wait)

    def _asked_wrongly(self, error: RshError) -> None:
        if isinstance(error, ProtocolError):
            self._channel.close(Code.PROTOCOL, str(error))
            self._hang_up()

    def _hang_up(self) -> None:
        with self._taking:
            self._gone = True
            self._taking.notify_all()
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _unheeded(message: Signal | Resize | Exit | None = None) -> None:
    """Nobody is there any more."""


def _words(text: bytes) -> str:
    return text.decode("utf-8", "replace")[:1024]


def _says_something(sock: socket.socket, patience: float) -> bool:
    """Wait for so many seconds until a holder says something, or is found to have ended."""
    waiting = select.poll()
    waiting.register(sock, select.POLLIN)
    return bool(waiting.poll(patience * 1000))


def _messages(sock: socket.socket) -> Iterator[tuple[int, bytes]]:
    """Give the messages of a holder, to their end, which may come in the middle of one."""
    with sock.makefile("rb", buffering=256 * 1024) as file:
        while len(head := _read(file, wire.HEAD.size)) == wire.HEAD.size:
            kind, length = wire.HEAD.unpack(head)
            payload = _read(file, length)
            if len(payload) == length:
                yield kind, payload


def _read(file: IOBase, length: int) -> bytes:
    try:
        data: bytes = file.read(length)
    except OSError:
        return b""  # It died with something of ours unread.
    return data


def _whole(piece: Buffer) -> Iterator[Buffer]:
    """Give a piece of input as it came; its end is nobody's business."""
    if piece:
        yield piece
