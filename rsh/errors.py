"""The exception tree of rsh, its wire codes and its exit statuses.

    RshError
    |-- UsageError          our user asked for something that cannot be            (2)
    |-- LinkError           the network or the other end went away                 (255)
    |   |-- DeadlineExpired it took longer than we were willing to wait            (255)
    |   `-- LinkSilent      nothing was heard of the other end for too long        (255)
    |-- TrustError          the other side is not who we pinned                    (255)
    |-- ProtocolError       the other side broke the rules of the wire             (255)
    |-- Refused             the other side said no, honestly, with a Code          (255)
    |   `-- SessionGone     the session does not exist there (any more)            (255)
    |-- CommandNotStarted   a remote command could not be started                  (127, 126)
    |-- CommandFailed       a remote command ended with a status other than 0      (its own)
    |-- CommandTimeout      a remote command ran into --timeout                    (124)
    `-- FileError           one file could not be read, written or found           (1)
        |-- DigestMismatch  what arrived is not what was sent                      (3)
        `-- Conflict        the target exists and may not be replaced              (4)

Whose fault it is stands in the type. OSError, ssl.SSLError and the like are translated once, at the border where they
appear, and nothing above that border names them.
"""

from __future__ import annotations

import errno
import os
from enum import IntEnum
from typing import Final

from rsh.escape import printable


class Code(IntEnum):
    """Why something was refused, rejected or closed: the numbers that travel (rsh-protocol(7), CODES)."""

    NONE = 0  # nothing went wrong
    PROTOCOL = 1  # the peer broke the rules
    UNKNOWN_KEY = 2  # the key is not authorised
    ACCOUNT = 3  # the daemon runs as somebody else
    BUSY = 4  # a limit is reached; later it may work
    SHUTDOWN = 5  # the daemon is going away
    UNSUPPORTED = 6  # version or request unknown here
    FORBIDDEN = 7  # this key may not do that
    FILE = 8  # a file operation failed; the text is an errno name
    CANCELLED = 9  # whoever asked no longer wants it
    INTERNAL = 10  # a bug over there; its log knows more
    NO_SESSION = 11  # nothing to resume
    SUPERSEDED = 12  # a newer connection of the same session took over
    COMMAND = 13  # the command could not be started; the text says why
    IDLE = 14  # nothing was heard for too long
    NO_SHELL = 15  # no living shell of that name (any more)


class RshError(Exception):
    """Root of everything rsh raises on purpose.

    Attributes:
        exit_status: what a command line tool exits with.
        advice: at most one line on what to do about it, or "".
    """

    exit_status: int = 255
    advice: str = ""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.advice = advice


class UsageError(RshError):
    """The request itself is wrong: bad address, bad option, loose file mode.

    Attributes:
        verb: the command whose words are wrong, or "".
    """

    exit_status = 2
    verb: str = ""


class LinkError(RshError):
    """The connection could not be made, or went away."""


class DeadlineExpired(LinkError):
    """An operation did not finish by its deadline."""


class LinkSilent(LinkError):
    """Nothing was heard of the other end for too long. It may live, and come back."""


class TrustError(RshError):
    """The peer's certificate is not the one that was pinned."""


class ProtocolError(RshError):
    """The peer sent what the protocol does not allow. The connection is of no more use."""


class Refused(RshError):
    """The peer understood, and said no.

    Attributes:
        code: why, as a number of the wire.
    """

    def __init__(self, code: Code, message: str, *, advice: str = "") -> None:
        super().__init__(message, advice=advice)
        self.code = code


class SessionGone(Refused):
    """The session does not exist over there any more: the daemon was restarted, or waited for us long enough.

    What was at work in it has ended, but for shells, which live in their holders. Dial anew.

    Attributes:
        unheard: what was asked for has certainly not begun over there: it may be asked for again.
    """

    def __init__(self, code: Code, message: str, *, unheard: bool = False) -> None:
        super().__init__(code, message)
        self.unheard = unheard


class CommandNotStarted(RshError):
    """A remote command could not be started: there is no such program, or it cannot be run, or not in that directory.

    Attributes:
        error: symbolic name of why, as of errno ("ENOENT").
        path: the program, or the directory, as bytes.
    """

    def __init__(self, error: str, path: bytes, *, of_directory: bool = False) -> None:
        missing = error == "ENOENT" and not of_directory
        super().__init__(f"{printable(path)}: {'command not found' if missing else explain(error)}")
        self.error = error
        self.path = path
        if not of_directory:  # What a shell answers (POSIX, 2.8.2).
            self.exit_status = 127 if missing else 126


class CommandFailed(RshError):
    """A remote command ended with a status other than 0 and the caller asked for a check.

    Attributes:
        returncode: as subprocess gives it: the status, or minus the signal's number.
        stdout, stderr: what was captured, or None.
    """

    def __init__(self, args: object, returncode: int, stdout: object = None, stderr: object = None) -> None:
        super().__init__(f"command {args!r} ended with {describe_status(returncode)}")
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.exit_status = exit_status(returncode)


class CommandTimeout(RshError):
    """A remote command did not end in time and was ended.

    Attributes:
        seconds: how long it was given.
        stdout, stderr: what had arrived by then, or None.
    """

    exit_status = 124

    def __init__(self, seconds: float, stdout: object = None, stderr: object = None) -> None:
        super().__init__(f"timed out after {seconds:g} s")
        self.seconds = seconds
        self.stdout = stdout
        self.stderr = stderr


# Failures with no errno of their own. They travel by name, as errno names do: so a peer puts no words on our screen.
OUR_ERRORS: Final = {
    "EDIGEST": "Digest mismatch: what arrived is not what was sent",
    "ECHANGED": "File changed while it was read",
    "ESPECIAL": "Not a regular file, directory or symlink",
    "ECONFLICT": "Target exists",
    "ESKIPPED": "Left as it is",
    "EINCOMPLETE": "Nothing was deleted: not all of the source could be read",
    "EUNASKED": "Not deleted: nobody was asked about it",
    "EEMPTIED": "Nothing was deleted: the source is empty",
    "EINSIDE": "A directory cannot be copied into itself",
    "ESPELLING": "The encoding over there cannot write this name",
    "ENOTDIRTARGET": "Target is not a directory",
    "ESAMEFILE": "Source and target are the same file",
    "ESTOPPED": "Transfer was stopped",
    "EFAILED": "Failed for a reason the other side did not name",
}


class FileError(RshError):
    """One file could not be worked on.

    Attributes:
        error: symbolic name, of errno or of OUR_ERRORS ("ENOENT", "ECHANGED").
        path: the file as bytes; make it printable before you show it.
        reason: why, in words. The error as a str is path and reason, safe for a terminal.
    """

    exit_status = 1

    def __init__(self, error: str, path: bytes = b"") -> None:
        self.reason = explain(error)
        super().__init__(f"{printable(path)}: {self.reason}" if path else self.reason)
        self.error = error
        self.path = path


class DigestMismatch(FileError):
    """What arrived is not what was sent; nothing was put in place."""

    exit_status = 3


class Conflict(FileError):
    """The target exists and the policy in force does not allow to replace it."""

    exit_status = 4


_BY_NAME: Final = {"EDIGEST": DigestMismatch, "ECONFLICT": Conflict}


def file_error(error: str, path: bytes = b"") -> FileError:
    """Make the FileError subclass that belongs to a symbolic name from the wire."""
    return _BY_NAME.get(error, FileError)(error, path)


def error_name(error: OSError) -> str:
    """Give the symbolic name of an OSError ("ENOENT"), "EFAILED" when it has none."""
    return errno.errorcode.get(error.errno or 0, "EFAILED")


def explain(error: str) -> str:
    """Put a symbolic error name into words; a name nobody knows gives the words of EFAILED."""
    if error in OUR_ERRORS:
        return OUR_ERRORS[error]
    number = getattr(errno, error, None) if error.isidentifier() and error.startswith("E") else None
    return os.strerror(number) if isinstance(number, int) else OUR_ERRORS["EFAILED"]


def forget_frames(error: BaseException | None) -> None:
    """Forget where an error came by, once everybody has heard it who is to: its frames keep alive all that they knew.

    Whoever keeps the error and is known by one of them would else be kept by himself, until cycles are looked for.
    """
    known: set[int] = set()  # an error may be among its own causes
    while error is not None and id(error) not in known:
        known.add(id(error))
        error.__traceback__ = None
        error = error.__cause__ or error.__context__


def exit_status(returncode: int) -> int:
    """Turn subprocess's returncode into what a shell would show: 128+N for signal N."""
    return 128 - returncode if returncode < 0 else returncode


def describe_status(returncode: int) -> str:
    """Name a returncode in words: "status 2", "SIGSEGV"."""
    if returncode >= 0:
        return f"status {returncode}"
    import signal

    try:
        return signal.Signals(-returncode).name
    except ValueError:
        return f"signal {-returncode}"
