"""What a holder is asked by whoever is not attached to its shell: who it is, how a text could go on, and to end."""

from __future__ import annotations

import socket
from typing import Final

from rsh.errors import Code, Refused
from rsh.holder import wire
from rsh.protocol.answer_records import ShellEntry
from rsh.server.place import Place

# How long a holder may take to say who it is, in seconds.
PATIENCE: Final = 2.0

# How long its shell may take to answer, in seconds: the holder gives it five.
ANSWER_PATIENCE: Final = 6.0

# How long a shell may take to end, in seconds: its holder gives it two.
END_PATIENCE: Final = 8.0


def ask(place: Place) -> list[bytes] | None:
    """Ask a holder who it is; None when it does not answer. Raises Refused: it has ended."""
    try:
        asked = place.connect()
    except Refused as error:
        if error.code == Code.BUSY:
            return None
        raise
    with asked as sock:
        sock.settimeout(PATIENCE)
        try:
            sock.sendall(wire.HEAD.pack(wire.ASK, 0))
            _, length = wire.HEAD.unpack(_receive(sock, wire.HEAD.size))
            return _receive(sock, length).split(b"\0")
        except TimeoutError:
            return None
        except OSError as error:
            raise Refused(Code.NO_SHELL, "the shell has ended") from error


def entry(place: Place) -> ShellEntry:
    """Tell of a shell; one that does not answer is told of as such. Raises Refused: it has ended."""
    fields = ask(place)
    if fields is None:
        return ShellEntry(place.id, place.name, "", 0, 0, b"", (), answers=False)
    _, _, owner, since, last_seen, running, attached, _, stopped, *_ = fields
    people = tuple(each[:1024] for each in attached.decode("utf-8", "replace").split("\n") if each)
    words = owner.decode("utf-8", "replace")
    return ShellEntry(
        place.id,
        place.name,
        words[:1024],
        int(since),
        int(last_seen),
        running[:1024],
        people,
        stopped=int(stopped or 0),
    )


def complete(place: Place, kind: str, text: bytes) -> list[bytes] | None:
    """Ask a shell how a text could go on; None when it runs a line now.

    Raises:
        Refused: it has ended.
    """
    payload = kind.encode() + b"\0" + text
    if len(payload) > wire.MAX_FIRST:
        return []
    with place.connect() as sock:
        sock.settimeout(ANSWER_PATIENCE)
        try:
            sock.sendall(wire.HEAD.pack(wire.COMPLETE, len(payload)) + payload)
            kind_of, length = wire.HEAD.unpack(_receive(sock, wire.HEAD.size))
            answer = _receive(sock, length)
        except TimeoutError:
            return []
        except OSError as error:
            raise Refused(Code.NO_SHELL, "the shell has ended") from error
    return answer[1:].split(b"\0")[:-1] if answer[:1] == b"\1" and kind_of == wire.ANSWER else None


def end(place: Place) -> None:
    """End a shell, and wait until it has. Raises Refused: it had already, or does not answer."""
    with place.connect() as sock:
        sock.settimeout(END_PATIENCE)
        try:
            sock.sendall(wire.HEAD.pack(wire.END, 0))
            while sock.recv(wire.READ_SIZE):
                pass
        except TimeoutError as error:
            raise Refused(Code.BUSY, "the shell does not answer: its holder is stopped") from error
        except OSError:
            pass  # It ended with something of ours unread.


def _receive(sock: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = sock.recv(length - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data
