"""The living shells of this account: a socket for each in a folder of ours, with its holder behind it.

No daemon owns a shell. Its socket is named ID, or ID.NAME, and whoever may connect to that may attach; so daemons may
come and go, and several may look after the same shells. A socket that nobody answers at is removed.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import struct
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from msgspec import Struct

from rsh import places
from rsh.errors import Code, Refused, UsageError
from rsh.holder import wire
from rsh.holder.starting import command
from rsh.protocol.answer_records import ShellEntry
from rsh.protocol.requests import Shell
from rsh.server.account import Grant

log = logging.getLogger("rsh.server")

# How long a holder may take to say who it is, in seconds.
PATIENCE: Final = 2.0

# How long a shell may take to end, in seconds: its holder gives it two.
END_PATIENCE: Final = 8.0

BACKLOG: Final = 16

# How long a connection may wait to be let in: seconds and microseconds (socket(7), SO_SNDTIMEO).
_LIMITED: Final = struct.pack("ll", int(PATIENCE), 0)
_UNLIMITED: Final = struct.pack("ll", 0, 0)

# In front of the name of a socket that does not listen yet.
UNFINISHED: Final = "."

# Shells that one key may have.
MAX_SHELLS: Final = 64

WEEK: Final = 7 * 86400.0


class Terms(Struct, frozen=True):
    """On what terms shells are given.

    Attributes:
        lives_on: seconds that one lives with nobody attached.
        most: shells of one key.
    """

    lives_on: float = WEEK
    most: int = MAX_SHELLS


class Place(Struct, frozen=True):
    """Where a shell is found."""

    folder: str
    file: str

    @property
    def id(self) -> str:
        """Its number."""
        return self.file.partition(".")[0]

    @property
    def name(self) -> str:
        """What its user calls it, or ""."""
        return self.file.partition(".")[2]

    @property
    def path(self) -> str:
        """Of its socket."""
        return os.path.join(self.folder, self.file)


def start(
    shell: bytes, request: Shell, directory: bytes, environment: Mapping[bytes, bytes], grant: Grant, terms: Terms
) -> tuple[Place, socket.socket]:
    """Start a shell, unless there is one with that id already; give the way to it, and a connection.

    Raises:
        Refused: it cannot be started, its name is taken, or there are too many.
    """
    with _folder() as folder, places.FolderLock(folder):
        _remove_unfinished(folder)
        found = _places(folder)
        for place in found:
            if request.id and place.id == request.id:
                return place, connect(place)
            if request.name and place.name == request.name and _answers(place):
                raise Refused(Code.COMMAND, f"there is a shell named {request.name} already")
        _make_room(found, grant.key, terms)
        name = f".{request.name}" if request.name else ""
        place = Place(folder, (request.id or secrets.token_hex(4)) + name)
        return place, _start(place, shell, request, directory, environment, grant, terms)


def find(name: str) -> Place:
    """Give the shell with an id or name; "" gives the one that was left last, if others may be attached to it.

    Raises:
        Refused: there is none.
    """
    with _folder() as folder:
        if not name:
            entries = [entry for entry in entries_of(folder) if entry.answers]
            if not entries:
                raise Refused(Code.COMMAND, "there are no shells here")
            name = max(entries, key=lambda entry: (not entry.attached, entry.last_seen)).id
        for place in _places(folder):
            if name in (place.id, place.name):
                return place
    raise Refused(Code.NO_SHELL, f"there is no shell {name}")


def connect(place: Place) -> socket.socket:
    """Connect to a holder.

    Raises:
        Refused: nobody answers, and its socket is gone now; or too many wait already for one that is stopped.
    """
    sock = socket.socket(socket.AF_UNIX)
    folder = os.open(place.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # One that is stopped lets so many in and no more (unix(7): the time to send is also that to connect).
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _LIMITED)
        # Longer paths than a socket's address has room for are reached by their folder.
        sock.connect(f"/proc/self/fd/{folder}/{place.file}")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _UNLIMITED)
    except OSError as error:
        sock.close()
        if isinstance(error, BlockingIOError):
            raise Refused(Code.BUSY, "the shell does not answer: its holder is stopped") from error
        if isinstance(error, ConnectionRefusedError):
            with suppress(OSError):
                os.unlink(place.path)
        raise Refused(Code.NO_SHELL, "the shell has ended") from error
    finally:
        os.close(folder)
    return sock


def entries() -> list[ShellEntry]:
    """Tell of all shells, the oldest first."""
    with _folder() as folder:
        return sorted(entries_of(folder), key=lambda entry: (entry.since, entry.id))


def entries_of(folder: str) -> Iterator[ShellEntry]:
    """Ask each holder of a folder."""
    for place in _places(folder):
        with suppress(Refused):
            yield _entry(place)


def complete(place: Place, kind: str, text: bytes) -> list[bytes] | None:
    """Ask a shell how a text could go on; None when it runs a line now.

    Raises:
        Refused: it has ended.
    """
    payload = kind.encode() + b"\0" + text
    if len(payload) > wire.MAX_FIRST:
        return []
    with connect(place) as sock:
        sock.settimeout(PATIENCE)
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
    with connect(place) as sock:
        sock.settimeout(END_PATIENCE)
        try:
            sock.sendall(wire.HEAD.pack(wire.END, 0))
            while sock.recv(wire.READ_SIZE):
                pass
        except TimeoutError as error:
            raise Refused(Code.BUSY, "the shell does not answer: its holder is stopped") from error
        except OSError:
            pass  # It ended with something of ours unread.


@contextmanager
def _folder() -> Iterator[str]:
    """Give the folder of the sockets; what is wrong with it is the daemon's matter, and told as such."""
    try:
        yield places.ensure_dir(os.path.join(places.runtime_dir(), "shells"))
    except UsageError as error:
        raise Refused(Code.COMMAND, str(error), advice=error.advice) from error


def _places(folder: str) -> list[Place]:
    return [Place(folder, name) for name in sorted(os.listdir(folder)) if not name.startswith(".")]


def _remove_unfinished(folder: str) -> None:
    """Remove what a daemon that died has left; the folder is locked, so nobody else is at it."""
    for name in os.listdir(folder):
        if name.startswith(UNFINISHED):
            with suppress(OSError):  # What is no socket is not ours.
                os.unlink(os.path.join(folder, name))


def _answers(place: Place) -> bool:
    try:
        connect(place).close()
    except Refused as error:
        return error.code == Code.BUSY
    return True


def _make_room(found: list[Place], key: str, terms: Terms) -> None:
    """End the shell that a key can spare best when it has as many as it may.

    Scripts that hang up without `exit` leave shells that nobody wants. Those that do not answer count for everybody.

    Raises:
        Refused: it can spare none.
    """
    if len(found) < terms.most:
        return
    own = 0
    spare: list[tuple[int, Place]] = []  # when somebody was there last
    for place in found:
        with suppress(Refused):
            told = _ask(place)
            own += told is None or told[7].decode() == key
            if told is not None and told[7].decode() == key and _is_spare(place, told):
                spare.append((int(told[4]), place))
    if own < terms.most:
        return
    if not spare:
        raise Refused(Code.BUSY, f"this key has {terms.most} shells already")
    _, oldest = min(spare, key=lambda each: each[0])
    log.warning("shell %s ends for a new one: its key has %d, and nobody is in this one", oldest.id, own)
    with suppress(Refused):  # It has ended by itself meanwhile, or does not answer any more.
        end(oldest)


def _is_spare(place: Place, told: list[bytes]) -> bool:
    """Tell whether nobody is in a shell, nothing is at work there, and it was not given a name to come back to."""
    running, attached, _, _, jobs, *_ = told[5:]
    return not (place.name or running or attached or int(jobs or 0))


def _ask(place: Place) -> list[bytes] | None:
    """Ask a holder who it is; None when it does not answer. Raises Refused: it has ended."""
    try:
        asked = connect(place)
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


def _entry(place: Place) -> ShellEntry:
    fields = _ask(place)
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


def _receive(sock: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = sock.recv(length - len(data))
        if not piece:
            raise ConnectionResetError
        data += piece
    return data


def _start(
    place: Place,
    shell: bytes,
    request: Shell,
    directory: bytes,
    environment: Mapping[bytes, bytes],
    grant: Grant,
    terms: Terms,
) -> socket.socket:
    """Start a holder with a socket that listens already, so that there is no waiting for it."""
    arguments = (place.path, place.id, place.name, grant.label, grant.key, str(terms.lives_on))
    size = (str(request.terminal.columns), str(request.terminal.rows))
    with _listen(place) as listening:
        ours = connect(place)
        try:
            subprocess.run(
                command(*arguments, *size, os.fsdecode(shell)),
                stdin=listening.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                cwd=directory,
                env=dict(environment),
                start_new_session=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError) as error:
            ours.close()
            os.unlink(place.path)
            raise Refused(Code.COMMAND, "the shell cannot be started") from error
    return ours


def _listen(place: Place) -> socket.socket:
    """Make a socket that can be found only once it listens: one that nobody answers at is taken for a dead one."""
    sock = socket.socket(socket.AF_UNIX)
    folder = os.open(place.folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sock.bind(f"/proc/self/fd/{folder}/{UNFINISHED}{place.file}")
        sock.listen(BACKLOG)
        os.rename(UNFINISHED + place.file, place.file, src_dir_fd=folder, dst_dir_fd=folder)
    except OSError as error:
        sock.close()
        raise Refused(Code.COMMAND, "the shell cannot be started") from error
    finally:
        os.close(folder)
    return sock
