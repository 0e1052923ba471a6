"""Landlock (landlock(7)): the kernel keeps a thread, and all that it starts, beneath one directory.

What it does not hold back: looking at a file's status, and changing its mode, owner, times or extended attributes by
path. Whoever calls restrict() keeps from doing that to paths that others can redirect.
"""

from __future__ import annotations

import ctypes
import os
import struct
from functools import cache
from typing import Final

# System calls of Linux 5.13; these numbers are the same on all architectures.
_CREATE_RULESET: Final = 444
_ADD_RULE: Final = 445
_RESTRICT_SELF: Final = 446

_VERSION: Final = 1  # flag of _CREATE_RULESET: tell the ABI
_PATH_BENEATH: Final = 1
_NO_NEW_PRIVILEGES: Final = 38  # prctl(2)

# The rights of linux/landlock.h.
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_REMOVE_DIR, _REMOVE_FILE, _MAKE_CHAR, _MAKE_DIR, _MAKE_REG = (1 << bit for bit in range(4, 9))
_MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM = (1 << bit for bit in range(9, 13))
_REFER, _TRUNCATE, _IOCTL_DEV = (1 << bit for bit in range(13, 16))

_READING: Final = _READ_FILE | _READ_DIR
_WRITING: Final = (
    _WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE
)  # no devices, sockets and pipes: no transfer makes any

# What there is to restrict: TCP's bind and connect since ABI 4, abstract sockets and signals since ABI 6.
_NETWORK: Final = 0b11
_SCOPES: Final = 0b11


@cache
def version() -> int:
    """Give the ABI of the kernel's Landlock; 0 where there is none or it is switched off."""
    return max(int(_libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint(_VERSION))), 0)


def restrict(directory: bytes, *, writable: bool) -> None:
    """Keep the calling thread, and every thread and process that it starts, beneath a directory. There is no way back.

    What is open already stays open.

    Raises:
        OSError: it cannot be restricted; nothing has changed that anybody could notice.
    """
    handled = rights(version())
    top = os.open(directory, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        ruleset = _create(handled)
        try:
            allowed = handled & (_READING | (_WRITING if writable else 0))
            rule = struct.pack("=Qi", allowed, top)
            _call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint(0))
            _renounce_privileges()
            _call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint(0))
        finally:
            os.close(ruleset)
    finally:
        os.close(top)


def rights(abi: int) -> int:
    """Give the rights over files that an ABI knows. Another directory can be linked to since 2, see _REFER."""
    rights = _REFER - 1
    for since, right in ((2, _REFER), (3, _TRUNCATE), (5, _IOCTL_DEV)):
        rights |= right if abi >= since else 0
    return rights


def _create(handled: int) -> int:
    fields = [handled]
    if version() >= 4:
        fields.append(_NETWORK)
    if version() >= 6:
        fields.append(_SCOPES)
    attributes = struct.pack(f"={len(fields)}Q", *fields)
    return _call(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint(0))


def _renounce_privileges() -> None:
    """Let no program that this thread runs gain privileges; the kernel asks for that first."""
    zero = ctypes.c_ulong(0)
    if _libc().prctl(_NO_NEW_PRIVILEGES, ctypes.c_ulong(1), zero, zero, zero):
        _fail()


def _call(number: int, *arguments: object) -> int:
    result = int(_libc().syscall(number, *arguments))
    if result < 0:
        _fail()
    return result


def _fail() -> None:
    number = ctypes.get_errno()
    raise OSError(number, os.strerror(number))


@cache
def _libc() -> ctypes.CDLL:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    return libc
