"""Where files of ours live, and how private they are: the XDG base directories, with /rsh.

Secrets are 0600, folders 0700. What is looser is refused with the command that mends it, never mended in silence:
others may have read it already.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Final

from rsh.errors import UsageError

READABLE_BY_OTHERS: Final = 0o077  # too loose for a secret
WRITABLE_BY_OTHERS: Final = 0o022  # too loose for a list of whom we trust


def config_dir() -> str:
    """Give the folder of identities, trust and settings; it need not exist."""
    return os.path.join(_base("XDG_CONFIG_HOME", ".config"), "rsh")


def state_dir() -> str:
    """Give the folder of history and other things worth keeping; it need not exist."""
    return os.path.join(_base("XDG_STATE_HOME", ".local/state"), "rsh")


def runtime_dir() -> str:
    """Give the folder of sockets; it need not exist.

    Without a usable XDG_RUNTIME_DIR (su keeps that of somebody else) it is /tmp/rsh-UID, where anybody could have put
    something first.

    Raises: UsageError when somebody has.
    """
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(base) and _is_own_folder(base):
        return os.path.join(base, "rsh")
    fallback = f"/tmp/rsh-{os.geteuid()}"
    if os.path.lexists(fallback):
        _check_fallback(fallback)
    return fallback


def ensure_dir(path: str) -> str:
    """Make a folder of ours with its parents, 0700, unless it is there; give its path.

    Raises: UsageError when it cannot be made, or is loose or somebody else's.
    """
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            if not os.path.isdir(path):
                raise
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    check_private(path)
    return path


def check_private(path: str, *, loose: int = READABLE_BY_OTHERS) -> None:
    """Refuse a file or folder that others may get at, or that is somebody else's.

    Args:
        loose: the mode bits it must not have.
    Raises: UsageError, with the chmod that mends it as advice.
    """
    try:
        status = os.stat(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if status.st_uid != os.geteuid():
        raise UsageError(f"{path}: belongs to another user (uid {status.st_uid})")
    if status.st_mode & loose:
        mode = "700" if stat.S_ISDIR(status.st_mode) else "600"
        raise UsageError(
            f"{path}: its mode {stat.S_IMODE(status.st_mode):04o} lets others in", advice=f"chmod {mode} {path}"
        )


def write_private(path: str, data: bytes) -> None:
    """Put a file in place whole or not at all, 0600; a symlink stays one, its target is replaced.

    Raises: UsageError when it cannot be written.
    """
    path = os.path.realpath(path)
    try:
        part = _write_part(path, data)
        try:
            os.rename(part, path)
        except OSError:
            os.unlink(part)
            raise
        _sync_folder(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error


def create_private(path: str, data: bytes) -> bool:
    """Put a file in place as write_private() does, unless there is one; of several processes exactly one succeeds.

    Returns: False when there is one already; it was not touched.
    Raises: UsageError when it cannot be written.
    """
    try:
        part = _write_part(path, data)
        try:
            os.link(part, path)
        except FileExistsError:
            return False
        finally:
            os.unlink(part)
        _sync_folder(path)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    return True


@contextmanager
def socket_path(folder: str, name: str) -> Iterator[str]:
    """Give a path to a Unix socket, for a moment: one that is not too long for its address, and never leads by a link.

    Raises: OSError when it is not there, or is no socket.
    """
    place = os.open(os.path.join(folder, name), os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if not stat.S_ISSOCK(os.fstat(place).st_mode):
            raise OSError(errno.ENOTSOCK, os.strerror(errno.ENOTSOCK))
        yield f"/proc/self/fd/{place}"
    finally:
        os.close(place)


class FolderLock:
    """Keeps other processes of ours from changing files in a folder, for the time of a `with`."""

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._descriptor = -1

    def __enter__(self) -> None:
        """Wait for the lock.

        Raises: UsageError when there is no such folder.
        """
        try:
            self._descriptor = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        except OSError as error:
            raise UsageError(f"{self._folder}: {error.strerror}") from error

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        os.close(self._descriptor)


def _base(variable: str, below_home: str) -> str:
    """Give an XDG base directory; a relative path in the variable is to be ignored, says the specification."""
    base = os.environ.get(variable, "")
    if os.path.isabs(base):
        return base
    home = os.environ.get("HOME", "") or _home_of_account()
    if not os.path.isabs(home):
        raise UsageError("there is no home directory", advice="set HOME to an absolute path")
    return os.path.join(home, below_home)


def _home_of_account() -> str:
    """Give the home that the account has, "" for none: HOME is empty where nobody knew better, and `/` is nobody's."""
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_dir
    except KeyError:
        return ""


def _is_own_folder(path: str) -> bool:
    try:
        status = os.stat(path)
    except OSError:
        return False
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()


def _check_fallback(path: str) -> None:
    if stat.S_ISLNK(os.lstat(path).st_mode) or not os.path.isdir(path):
        raise UsageError(f"{path}: is not a folder of ours", advice="set XDG_RUNTIME_DIR to a folder of your own")
    check_private(path)


def _write_part(path: str, data: bytes) -> str:
    """Write the data to a new file beside path and see it safe on the disk; give its name."""
    part = f"{path}.{os.urandom(6).hex()}"
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(descriptor)
    except OSError:
        os.unlink(part)
        raise
    return part


def _sync_folder(path: str) -> None:
    """Make a rename last; some file systems cannot, and then it is no loss of ours."""
    descriptor = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.EROFS):
            raise
    finally:
        os.close(descriptor)
