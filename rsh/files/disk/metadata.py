"""Owner, group and extended attributes of files: kept by transfers that are asked to, as far as the receiver may.

ACLs are extended attributes (acl(5)). What the receiver may not set is left out without a word, as cp(1) and rsync(1)
do: nobody but root can give files away, and not every file system has attributes.
"""

from __future__ import annotations

import errno
import grp
import os
import pwd
from functools import lru_cache
from typing import Final

import msgspec
from xxhash import xxh3_64_digest

from rsh.protocol.transfer_records import Attributes

# What one file may bring along, so that its record fits; file systems allow less, but for a few.
_MOST: Final = 128 * 1024

# A peer sets nothing but these: not what decides over the whole system, such as security.*.
_ALLOWED: Final = (b"user.", b"system.posix_acl_")
_ALLOWED_TO_ROOT: Final = (*_ALLOWED, b"trusted.", b"security.capability")

_UNSUPPORTED: Final = frozenset((errno.EOPNOTSUPP, errno.EPERM, errno.EACCES, errno.ENODATA, errno.EINVAL))


def gather(status: os.stat_result, fd: int | None) -> Attributes:
    """Describe a file.

    Args:
        fd: it, open; None for a symlink, which has no attributes of ours.

    Raises:
        OSError: E2BIG for more than a record holds.
    """
    found: dict[bytes, bytes] = {}
    if fd is not None:
        for name in _names(fd):
            try:
                found[os.fsencode(name)] = os.getxattr(fd, name)
            except OSError as error:
                if error.errno not in _UNSUPPORTED:
                    raise
    if sum(len(name) + len(value) for name, value in found.items()) > _MOST:
        raise OSError(errno.E2BIG, os.strerror(errno.E2BIG))
    return Attributes(status.st_uid, status.st_gid, _user(status.st_uid), _group(status.st_gid), found)


def fingerprints(attributes: Attributes, *, owner: bool) -> bytes:
    """Give 8 bytes that stand for what extended attributes anybody may keep, and 8 for owner and group if wanted."""
    extended = sorted(pair for pair in attributes.extended.items() if pair[0].startswith(_ALLOWED))
    found = xxh3_64_digest(msgspec.msgpack.encode(extended))
    if not owner:
        return found
    names = (attributes.user or attributes.uid, attributes.group or attributes.gid)
    return found + xxh3_64_digest(msgspec.msgpack.encode(names))


def file_fingerprints(name: bytes, directory: int, *, owner: bool) -> bytes:
    """Give those of a file; b"" when it cannot be read."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        return b""
    try:
        return fingerprints(gather(os.fstat(fd), fd), owner=owner)
    except OSError:
        return b""
    finally:
        os.close(fd)


def apply(attributes: Attributes, fd: int, mode: int) -> int:
    """Give an open file what it had at the sender, as far as we may.

    Returns:
        The permissions that it is to get: with set-user-ID, set-group-ID and sticky bits only if it belongs to whom it
        belonged there.

    Raises:
        OSError: an attribute could not be written for another reason than that we may not.
    """
    uid, gid = _uid(attributes), _gid(attributes)
    _give(fd, uid, gid)
    _set(attributes, fd)
    status = os.fstat(fd)
    return mode & (0o7777 if (status.st_uid, status.st_gid) == (uid, gid) else 0o777)


def apply_to_link(attributes: Attributes, directory: int, name: bytes) -> None:
    """Give a symlink its owner and group, as far as we may."""
    try:
        os.chown(name, _uid(attributes), _gid(attributes), dir_fd=directory, follow_symlinks=False)
    except OSError:
        pass


def _names(fd: int) -> list[str]:
    try:
        return os.listxattr(fd)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise
        return []


def _give(fd: int, uid: int, gid: int) -> None:
    status = os.fstat(fd)
    if (status.st_uid, status.st_gid) == (uid, gid):
        return
    try:
        os.fchown(fd, uid, gid)
    except OSError:
        try:
            os.fchown(fd, -1, gid)  # to a group of ours we may
        except OSError:
            pass


def _set(attributes: Attributes, fd: int) -> None:
    allowed = _ALLOWED if os.geteuid() else _ALLOWED_TO_ROOT
    for name, value in attributes.extended.items():
        if not name.startswith(allowed) or b"\0" in name:
            continue
        try:
            os.setxattr(fd, name, value)
        except OSError as error:
            if error.errno not in _UNSUPPORTED:
                raise


def _uid(attributes: Attributes) -> int:
    return _number_of_user(attributes.user, attributes.uid)


def _gid(attributes: Attributes) -> int:
    return _number_of_group(attributes.group, attributes.gid)


@lru_cache(256)
def _user(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return ""


@lru_cache(256)
def _group(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return ""


@lru_cache(256)
def _number_of_user(name: str, number: int) -> int:
    try:
        return pwd.getpwnam(name).pw_uid if name else number
    except (KeyError, ValueError):
        return number


@lru_cache(256)
def _number_of_group(name: str, number: int) -> int:
    try:
        return grp.getgrnam(name).gr_gid if name else number
    except (KeyError, ValueError):
        return number
