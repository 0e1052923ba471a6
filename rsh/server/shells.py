"""The living shells of this account: a socket for each in a folder of ours, with its holder behind it.

No daemon owns a shell. Its socket is named ID, or ID.NAME, and whoever may connect to that may attach; so daemons may
come and go, and several may look after the same shells. A socket that nobody answers at is removed.
"""

from __future__ import annotations

import logging
import os
import secrets
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

from msgspec import Struct

from rsh import places
from rsh.errors import Code, Refused, UsageError
from rsh.holder.starting import command
from rsh.protocol.answer_records import ShellEntry
from rsh.protocol.requests import Shell
from rsh.server.account import Grant
from rsh.server.inquiry import ask, end, entry
from rsh.server.place import UNFINISHED, Place

log = logging.getLogger("rsh.server")

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
                return place, place.connect()
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
        found = [place for place in _places(folder) if name in (place.id, place.name)]
        if len(found) > 1:  # One has ended, and waits for a client of its own that may be back.
            found.sort(key=_answers, reverse=True)
        if found:
            return found[0]
    raise Refused(Code.NO_SHELL, f"there is no shell {name}")


def entries() -> list[ShellEntry]:
    """Tell of all shells, the oldest first."""
    with _folder() as folder:
        return sorted(entries_of(folder), key=lambda entry: (entry.since, entry.id))


def entries_of(folder: str) -> Iterator[ShellEntry]:
    """Ask each holder of a folder."""
    for place in _places(folder):
        with suppress(Refused):
            yield entry(place)


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
    """Tell whether a shell lives, or its holder is stopped."""
    try:
        ask(place)
    except Refused:
        return False
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
            told = ask(place)
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
    with place.listen() as listening:
        ours = place.connect()
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
