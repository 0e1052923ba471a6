"""The shell service: joins a channel with the holder of a living shell."""

from __future__ import annotations

import os
import signal
import socket
import struct
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from io import IOBase

from rsh.errors import Code, ProtocolError, Refused, RshError
from rsh.files.stream import RecordReader, RecordWriter
from rsh.holder import wire
from rsh.holder.starting import command
from rsh.protocol import records
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.records import Echo, Line, Ready
from rsh.protocol.requests import Shell
from rsh.server.account import Account, Grant, command_environment
from rsh.server.execution import check_directory
from rsh.session.channel import Channel

# Shells that the holder knows how to feed beside their terminal; for another login shell a plain sh stands in.
FED = (b"bash", b"zsh")

# Signals and sizes that wait for the holder; of more the oldest are dropped.
MAX_TOLD = 64

# The longest line a shell is given, in bytes; more is a file, not a line.
MAX_LINE = 8 * 1024 * 1024


def live(
    channel: Channel, request: Shell, account: Account, grant: Grant, own: Mapping[bytes, bytes], *, everything: bool
) -> None:
    """Serve one Shell request until the shell has ended, or the client has gone.

    Raises:
        Refused: the key may not, or the shell cannot be started.
    """
    grant.require_shell()
    environment = command_environment(account, own, request.environment, everything=everything)
    if not everything:
        environment[b"RSH_LOGIN"] = b"1"
    directory = os.path.join(account.home, request.directory)
    check_directory(directory)
    sock, process = start_holder(_shell(account), request, directory, environment)
    try:
        _Bridge(channel, sock).run()
    finally:
        sock.close()
        process.wait()


def start_holder(
    shell: bytes, request: Shell, directory: bytes, environment: Mapping[bytes, bytes]
) -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """Start the process that owns the shell; give our end of the socket to it. When that closes, both end soon."""
    ours, theirs = socket.socketpair()
    size = (str(request.terminal.columns), str(request.terminal.rows))
    try:
        process = subprocess.Popen(
            command(*size, os.fsdecode(shell)),
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=directory,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        ours.close()
        raise Refused(Code.COMMAND, "the shell cannot be started") from error
    finally:
        theirs.close()
    return ours, process


def _shell(account: Account) -> bytes:
    name = os.path.basename(account.shell)
    if name in FED and os.access(account.shell, os.X_OK):
        return account.shell
    return b"/bin/bash" if os.access("/bin/bash", os.X_OK) else b"/bin/sh"


class _Bridge:
    """Three threads feed the holder, one for each lane and one for messages; the service's own brings what it says."""

    def __init__(self, channel: Channel, sock: socket.socket) -> None:
        self._channel = channel
        self._sock = sock
        self._sending = threading.Lock()  # keeps messages to the holder whole; held while it takes one
        self._records = RecordWriter(channel, lane=1)
        self._told: deque[Signal | Resize | None] = deque(maxlen=MAX_TOLD)
        self._telling = threading.Semaphore(0)  # one for each message that came, None being the last

    def run(self) -> None:
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

    def _bring(self) -> None:
        """Pass on what the holder says until its shell has ended."""
        for kind, payload in _messages(self._sock):
            if kind == wire.OUTPUT:
                self._channel.write(payload)
            elif kind == wire.REPORT:
                offset, status = struct.unpack_from(">QB", payload)
                self._tell(Ready(offset, status, payload[9:]))
            elif kind == wire.ECHO:
                self._tell(Echo(bool(payload[0])))
            elif kind == wire.ENDED:
                _, status, number = struct.unpack(">QBB", payload)
                self._channel.end(0)
                self._records.end()
                self._channel.tell(Exit(status, number))
                return
        self._channel.close(Code.INTERNAL, "the shell's holder has died")

    def _tell(self, record: Ready | Echo) -> None:
        self._records.record(record)
        self._records.flush()

    def _on_message(self, message: Signal | Resize | Exit | None) -> None:
        """Run by the session's reader, which must not wait until the holder has taken what was sent before."""
        if message is None:
            self._hang_up()
        elif not isinstance(message, Exit):
            self._told.append(message)
            self._telling.release()

    def _pump_messages(self) -> None:
        while self._telling.acquire():
            try:
                message = self._told.popleft()
            except IndexError:
                continue  # It was too many at once, and the oldest were dropped.
            if message is None:
                return
            self._pass_on(message)

    def _pass_on(self, message: Signal | Resize) -> None:
        if isinstance(message, Resize):
            self._send(wire.RESIZE, struct.pack(">HH", message.columns, message.rows))
        else:
            number = getattr(signal, f"SIG{message.name}", None)
            if isinstance(number, signal.Signals):
                self._send(wire.SIGNAL, bytes([number]))

    def _pump_input(self) -> None:
        try:
            while data := self._channel.read(0):
                self._send(wire.INPUT, bytes(data))
        except RshError:
            pass  # The client has gone; the listener hangs up.

    def _pump_lines(self) -> None:
        try:
            for line in _lines(self._channel):
                self._send(wire.RUN, line)
        except ProtocolError as error:
            self._channel.close(Code.PROTOCOL, str(error))
            self._hang_up()
        except RshError:
            pass

    def _send(self, kind: int, payload: bytes) -> None:
        try:
            with self._sending:
                self._sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)
        except OSError:
            pass  # The shell has ended, which is told from there.

    def _hang_up(self) -> None:
        try:
            self._sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


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


def _lines(channel: Channel) -> Iterator[bytes]:
    """Give the lines that come in lane 1."""
    line = bytearray()
    missing = 0
    for element in RecordReader(channel, records.SHELL, lane=1):
        if isinstance(element, memoryview):
            if len(element) > missing:
                raise ProtocolError("a line is longer than it said")
            line += element
            missing -= len(element)
        elif missing or not isinstance(element, Line):
            raise ProtocolError(f"{type(element).__name__} in the place of a line")
        else:
            missing = element.size
            if missing > MAX_LINE:
                raise ProtocolError("a line beyond all measure")
            line.clear()
        if not missing:
            yield bytes(line)
