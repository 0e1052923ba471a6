"""Sizes, times and durations in words, as the GNU tools write them."""

from __future__ import annotations

import time
from typing import Final

BINARY: Final = 1024
DECIMAL: Final = 1000

_LETTERS: Final = "KMGTPE"

# Older than this, or in the future: the year is told instead of the hour (ls(1): half a Gregorian year, seconds).
_RECENT: Final = 31556952 // 2


def human_size(count: int, base: int = BINARY) -> str:
    """Give a size as `ls -h` does: 1023, 1.0K, 9.8M, 10M; rounded up, so that nothing looks smaller than it is.

    Args:
        base: DECIMAL for the units of `ls --si`: 999, 1.0k, 9.8M.
    """
    if count < base:
        return str(count)
    letters = _LETTERS if base == BINARY else _LETTERS.replace("K", "k")
    unit, power = base, 0
    while count >= base * unit and power < len(letters) - 1:
        unit, power = unit * base, power + 1
    tenths = -(-count * 10 // unit)
    if tenths < 100:
        return f"{tenths // 10}.{tenths % 10}{letters[power]}"
    whole = -(-count // unit)
    if whole == base and power < len(letters) - 1:
        return f"1.0{letters[power + 1]}"
    return f"{whole}{letters[power]}"


def base_of(*, human: bool, si: bool) -> int:
    """Give the base of the units that are asked for; 0 for none."""
    return DECIMAL if si else BINARY if human else 0


def amount(count: int, base: int = BINARY) -> str:
    """Give a size for a sentence: 512 B, 9.8 MiB; with DECIMAL as base 9.8 MB."""
    if count < base:
        return f"{count} B"
    size = human_size(count, base)
    return f"{size[:-1]} {size[-1]}{'iB' if base == BINARY else 'B'}"


def listing_time(mtime_ns: int, now: float) -> str:
    """Give a time as `ls -l` does: with the hour when it was of late, with the year otherwise."""
    seconds = mtime_ns // 1_000_000_000
    try:
        moment = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return str(seconds)
    recent = now - _RECENT < seconds <= now
    return time.strftime("%b %e %H:%M" if recent else "%b %e  %Y", moment)


def full_time(time_ns: int) -> str:
    """Give a time to the nanosecond with its zone, as stat(1) does."""
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    try:
        moment = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return f"@{seconds}.{fraction:09}"
    return time.strftime(f"%Y-%m-%d %H:%M:%S.{fraction:09} %z", moment)


def duration(seconds: float) -> str:
    """Give a duration in the two units that matter: 85 ms, 4.2 s, 3 min 5 s, 2 h 7 min, 12 d 4 h."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    for unit, name, below, below_name in ((86400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= unit:
            return f"{whole // unit} {name} {whole % unit // below} {below_name}"
    return f"{whole} s"
