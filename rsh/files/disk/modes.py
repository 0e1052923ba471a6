"""Modes as chmod(1) reads them: octal, or clauses as `u+x,g-w,o=`, `a+rX`."""

from __future__ import annotations

import re
from typing import Final

from rsh.errors import UsageError

_CLAUSE: Final = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo](?![rwxXst])|[rwxXst]*))+)\Z")
_ACTION: Final = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
_WHO: Final = {"u": 0o700, "g": 0o070, "o": 0o007}
_BITS: Final = {"r": 0o444, "w": 0o222, "x": 0o111}
_SHIFTS: Final = {"u": 6, "g": 3, "o": 0}

# Whoever may only move files must not make programs that run as another account.
_SPECIAL: Final = 0o6000


class Mode:
    """A change of permissions."""

    def __init__(self, text: str) -> None:
        """Read it.

        Raises:
            UsageError: it is no mode.
        """
        self._octal: int | None = None
        self._clauses: list[tuple[str, str]] = []
        if re.fullmatch(r"[0-7]{1,4}", text):
            self._octal = int(text, 8)
            return
        for clause in text.split(","):
            match = _CLAUSE.match(clause)
            if match is None:
                raise UsageError(f"'{text[:40]}' is no mode")
            self._clauses.append((match[1], match[2]))

    def applied(self, mode: int, *, directory: bool, umask: int) -> int:
        """Give the permissions that come of those of a file.

        Args:
            umask: what it forbids is left alone where a clause names nobody, as POSIX has it.
        """
        if self._octal is not None:
            return self._octal | (mode & _SPECIAL if directory and self._octal < 0o1000 else 0)
        for who, actions in self._clauses:
            for sign, letters in _ACTION.findall(actions):
                mode = _changed(mode, who, sign, letters, directory=directory, umask=umask)
        return mode


def gives_identity(before: int, after: int, *, directory: bool) -> bool:
    """Say whether a change makes a program run as its owner or group (set-user-ID, set-group-ID)."""
    return not directory and bool(after & ~before & _SPECIAL)


def _changed(mode: int, who: str, sign: str, letters: str, *, directory: bool, umask: int) -> int:
    everybody = "a" in who or not who
    reach = 0o777 if everybody else sum(_WHO[each] for each in set(who))
    bits = _bits(mode, letters, directory=directory) & reach
    if not who:
        bits &= ~umask
    if "s" in letters:
        bits |= (0o4000 if everybody or "u" in who else 0) | (0o2000 if everybody or "g" in who else 0)
    if "t" in letters:
        bits |= 0o1000
    if sign == "+":
        return mode | bits
    if sign == "-":
        return mode & ~bits
    return mode & ~reach | bits


def _bits(mode: int, letters: str, *, directory: bool) -> int:
    """Give the bits of letters, for user, group and others alike."""
    if letters in _SHIFTS and letters:
        return (mode >> _SHIFTS[letters] & 7) * 0o111
    bits = 0
    for letter in letters:
        bits |= _BITS.get(letter, 0)
        if letter == "X" and (directory or mode & 0o111):
            bits |= 0o111
    return bits
