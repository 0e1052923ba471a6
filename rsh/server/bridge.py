"""Joins a channel with the holder of a living shell: translates between the records of the wire and its messages."""

from __future__ import annotations

import signal
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator
from io import IOBase
from typing import Final

from rsh.errors import Code, ProtocolError, RshError
from rsh.files.stream import RecordReader, RecordWriter
from rsh.holder import wire
from rsh.protocol import records
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.records import Attached, Echo, Gap, Hangup, Line, Notice, Ready, Seen, ShellRecord, Started, Taken
from rsh.server.shells import Place
from rsh.session.channel import Channel

# Signals and sizes that wait for the holder; of more the oldest are dropped.
MAX_TOLD: Final = 64

# The longest line a shell is given, in bytes; more is a file, not a line.
MAX_LINE: Final = 8 * 1024 * 1024


class Bridge:
    """Joins a channel with a connection to a holder.

    Three threads feed the holder, one for each lane and one for messages; the service's own brings what it says.
    """

    def __init__(self, channel: Channel, sock: socket.socket, place: Place) -> None:
        """Prepare; the holder has still to be sent an ATTACH."""
        self._channel = channel
        self._sock = sock
        self._place = place
        self._sending = threading.Lock()  # keeps messages to the holder whole; held while it takes one
        self._records = RecordWriter(channel, lane=1)
        self._position = 0  # of the next output
        self._left = False  # the client has said that it goes
        self._taking = threading.Condition()  # guards what follows
        self._typed = 0  # bytes of input that were sent, over all connections of this client
        self._taken = 0  # of them the holder has told us of
        self._gone = False  # nobody wants input any more
        self._in_order = threading.Lock()  # held while one message is passed on
        self._told: deque[Signal | Resize | bool | None] = deque(maxlen=MAX_TOLD)  # bool: whether there is a connection
        self._telling = threading.Semaphore(0)  # one for each message that came, None being the last

    def run(self) -> None:
        """Pass on what both sides say, until one of them ends."""
        channel = self._channel
        channel.accept()
        channel.listen(self._on_message)
        threads = [
            threading.Thread(target=work, name=f"shell {work.__name__}", daemon=True)
            for work in (self._pump_input, self._pump_lines, self._pump_messages)
        ]
        for thread in threads:
            thread.start()
        try:
            self._bring()
        finally:
            channel.close()
            self._hang_up()
            self._told.append(None)
            self._telling.release()
            for thread in threads:
                thread.join()

    def send(self, kind: int, payload: bytes = b"") -> None:
        """Send the holder a message; when it has ended, that is told from there."""
        try:
            with self._sending:
                self._sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)
        except OSError:
            pass

    def note(self, *, connected: bool) -> None:
        """Hear whether there is a connection to the client now; run by the session's threads."""
        self._told.append(connected)
        self._telling.release()

    def _bring(self) -> None:
        """Pass on what the holder says until its shell has ended, and all output is on its way."""
        ended: tuple[int, int, int] | None = None
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
        if not self._left:
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
            self._told.append(message)
            self._telling.release()

    def _pump_messages(self) -> None:
        while self._telling.acquire():
            if self._pass_next() is None:
                return

    def _pass_next(self) -> bool | None:
        """Pass the next message on; False when there is none, None at the last."""
        with self._in_order:
            if not self._told:
                return False  # It was too many at once and the oldest were dropped, or a line was faster.
            if self._told[0] is None:
                return None
            message = self._told.popleft()
            assert message is not None
            self._pass_on(message)
            return True

    def _pass_on(self, message: Signal | Resize | bool) -> None:
        if isinstance(message, bool):
            self.send(wire.AWAY, bytes([not message]))
        elif isinstance(message, Resize):
            self.send(wire.RESIZE, struct.pack(">HH", message.columns, message.rows))
        else:
            number = getattr(signal, f"SIG{message.name}", None)
            if isinstance(number, signal.Signals):
                self.send(wire.SIGNAL, bytes([number]))

    def _pump_input(self) -> None:
        try:
            while data := self._channel.read(0):
                self._wait_for_room(len(data))
                self.send(wire.INPUT, bytes(data))
        except RshError:
            pass  # The client has gone; the listener hangs up.

    def _wait_for_room(self, size: int) -> None:
        """Wait until the holder may be sent so much input more."""
        with self._taking:
            while self._typed - self._taken > wire.MAX_INPUT - size and not self._gone:
                self._taking.wait()
            self._typed += size

    def _note_taken(self, typed: int) -> None:
        with self._taking:
            self._taken = typed
            self._taking.notify_all()

    def _pump_lines(self) -> None:
        try:
            for kind, payload in _asked(self._channel):
                while self._pass_next():
                    pass  # What came before a line is known before it: a program finds the size that was told.
                self.send(kind, payload)
            self._left = True  # It has ended its lane: it goes on purpose.
            self.send(wire.LEAVE)
        except ProtocolError as error:
            self._channel.close(Code.PROTOCOL, str(error))
            self._hang_up()
        except RshError:
            pass

    def _hang_up(self) -> None:
        with self._taking:
            self._gone = True
            self._taking.notify_all()
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def _words(text: bytes) -> str:
    return text.decode("utf-8", "replace")[:1024]


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


def _asked(channel: Channel) -> Iterator[tuple[int, bytes]]:
    """Give what a client asks for in lane 1, as messages for the holder, to the end of the lane."""
    line = bytearray()
    missing = 0
    head = b""
    for element in RecordReader(channel, records.SHELL, lane=1):
        if isinstance(element, memoryview):
            if len(element) > missing:
                raise ProtocolError("a line is longer than it said")
            line += element
            missing -= len(element)
            if not missing:
                yield wire.RUN, head + line
        elif missing:
            raise ProtocolError(f"{type(element).__name__} in the place of a line")
        elif isinstance(element, Line):
            if element.size > MAX_LINE:
                raise ProtocolError("a line beyond all measure")
            missing, head = element.size, wire.RUN_HEAD.pack(element.number, element.typed)
            line.clear()
            if not missing:
                yield wire.RUN, head
        else:
            yield _message(element)


def _message(record: ShellRecord) -> tuple[int, bytes]:
    if isinstance(record, Seen):
        return wire.SEEN, wire.NUMBER.pack(record.offset)
    if isinstance(record, Hangup):
        return wire.END, b""
    raise ProtocolError(f"{type(record).__name__} from a client")
