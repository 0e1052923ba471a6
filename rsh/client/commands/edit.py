"""`rsh edit`: a file over there in the editor here, put back whole and never over somebody else's change."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.terminal.asking import ask_choice
from rsh.client.terminal.local import run_program
from rsh.client.text.complaints import complain, say
from rsh.errors import Conflict, FileError, RshError, UsageError, error_name
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote

# Tried in this order when neither VISUAL nor EDITOR says which.
_EDITORS: Final = ("sensible-editor", "nano", "vim", "vi")
_PIECE: Final = 256 * 1024  # what travels in one frame
_ABSENT: Final = b""  # the digest of a file that is not there


class Copy(Struct):
    """A file over there, and its copy here.

    Attributes:
        path: over there. here: of the copy.
        digest: of the content that the file over there had when the copy was made; b"" if there was none.
    """

    path: str
    here: str
    digest: bytes


def run_edit(context: Context, options: Options) -> int:
    """Edit a file; the editor's status if it failed, 4 when the file has changed over there meanwhile."""
    editor = _editor()
    folder = tempfile.mkdtemp(prefix="rsh-edit-")
    copy = Copy(options.path, os.path.join(folder, _name_of(options.path)), _ABSENT)
    kept = False
    try:
        copy.digest = _fetch(context.remote, copy)
        kept = os.path.exists(copy.here)
        status = run_program(["/bin/sh", "-c", f'{editor} "$@"', editor, copy.here])
        if status:
            say(f"rsh: {context.verb}: the editor failed; nothing was put back\n")
        else:
            status = _put_back(context, copy)
        kept = status != 0 and _digest_of(copy.here) != copy.digest  # else there is nothing that would be lost
        return status
    except RshError as error:
        complain(context.verb, error)
        kept = kept and os.path.exists(copy.here)
        return error.exit_status
    finally:
        if kept:
            say(f"rsh: {context.verb}: the copy is kept: {printable(copy.here)}\n")
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _editor() -> str:
    for name in ("VISUAL", "EDITOR"):
        if os.environ.get(name, "").strip():
            return os.environ[name]
    found = next((name for name in _EDITORS if shutil.which(name)), None)
    if found is None:
        raise UsageError("there is no editor here", advice="set VISUAL or EDITOR")
    return found


def _name_of(path: str) -> str:
    """Give the copy the same name, by which editors know the language."""
    name = path.rstrip("/").rpartition("/")[2]
    return name if name not in ("", ".", "..") else "file"


def _fetch(remote: Remote, copy: Copy) -> bytes:
    """Copy the file here; give the digest of its content, b"" when there is none yet."""
    from xxhash import xxh3_128

    digest = xxh3_128()
    try:
        with _opened(copy.here) as file:
            for piece in remote.read(copy.path):
                digest.update(piece)
                file.write(piece)
    except FileError as error:
        os.unlink(copy.here)
        if error.error != "ENOENT":
            raise
        return _ABSENT
    found: bytes = digest.digest()
    return found


def _opened(path: str) -> _File:
    return _File(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))


class _File:
    """A new file that tells its errors as ours."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of it. Raises FileError."""
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            raise FileError(error_name(error), b"the copy here") from error

    def __enter__(self) -> _File:
        return self

    def __exit__(self, *exception: object) -> None:
        os.close(self._descriptor)


def _put_back(context: Context, copy: Copy) -> int:
    """Put the copy in the file's place, unless it is as it was; give the status."""
    edited = _digest_of(copy.here)
    if edited == copy.digest:
        say("" if context.quiet else f"rsh: {context.verb}: {printable(copy.path)}: unchanged\n")
        return 0
    try:
        context.remote.write(copy.path, _Content(copy.here), expected=copy.digest)
        return 0
    except Conflict:
        return _settle(context, copy)


def _settle(context: Context, copy: Copy) -> int:
    """Ask what to do about a file that somebody else has changed meanwhile; without anybody to ask, keep both."""
    say(f"rsh: {context.verb}: {printable(copy.path)}: changed over there meanwhile\n")
    if not context.asks:
        return Conflict.exit_status
    answer = ask_choice("[o]verwrite it, put ours [b]eside it, or [k]eep our copy here?", "obk", default="k")
    if answer == "o":
        context.remote.write(copy.path, _Content(copy.here))
        return 0
    if answer == "b":
        beside = _put_beside(context.remote, copy)
        say(f"rsh: {context.verb}: ours is {printable(beside)}\n")
        return 0
    return Conflict.exit_status


def _put_beside(remote: Remote, copy: Copy) -> str:
    """Put the copy under a name that is free; give it."""
    number = 1
    while True:
        beside = f"{copy.path}.edited" + (f".{number}" if number > 1 else "")
        try:
            remote.write(beside, _Content(copy.here), expected=_ABSENT)
            return beside
        except Conflict:
            number += 1


def _digest_of(path: str) -> bytes:
    """Give the digest of the copy, b"" when the editor has left none."""
    from xxhash import xxh3_128

    if not os.path.exists(path):
        return _ABSENT
    digest = xxh3_128()
    for piece in _pieces(path):
        digest.update(piece)
    found: bytes = digest.digest()
    return found


class _Content:
    """What is in a file here, as often as it is wanted: the next daemon may have to be sent it again."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __iter__(self) -> Iterator[bytes]:
        return _pieces(self._path)


def _pieces(path: str) -> Iterator[bytes]:
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise FileError("ESPECIAL", os.fsencode(path))
            while piece := file.read(_PIECE):
                yield piece
    except OSError as error:
        raise FileError(error_name(error), os.fsencode(path)) from error


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; a FIFO that the editor has left in its place would keep us waiting for somebody who writes."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
