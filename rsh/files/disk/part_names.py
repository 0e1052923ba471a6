"""What a file is called while it is on its way: `.NAME.rsh-XXXXXXXX.part`.

The eight digits follow from NAME, so that the next try finds what this one has left, and so that a file of the user's
that only looks like a part is known for one. Where that name is taken a part is called `.rsh-XXXXXXXX.part`, by chance.
"""

from __future__ import annotations

import os
from itertools import count
from typing import Final

from xxhash import xxh32_hexdigest

# Names of chance need not be secret, O_EXCL decides; a start for each process makes a second try rare.
_numbers: Final = count(int.from_bytes(os.urandom(4), "big"))

_BEFORE: Final = b".rsh-"
_AFTER: Final = b".part"
_DIGITS: Final = 8
_END: Final = _DIGITS + len(_AFTER)
_ROOM: Final = 255 - len(b"." + _BEFORE) - _END  # what is left of the longest file name


def part_name(target: bytes = b"") -> bytes:
    """Give the name that a part of `target` has; without one, a fresh name."""
    if target:
        return b".%b%b%b%b" % (target[:_ROOM], _BEFORE, xxh32_hexdigest(target).encode(), _AFTER)
    return b"%b%08x%b" % (_BEFORE, next(_numbers) & 0xFFFF_FFFF, _AFTER)


def is_part(name: bytes) -> bool:
    """Tell whether a name is that of a part."""
    if not name.endswith(_AFTER) or not name.startswith(b".") or name[-_END - len(_BEFORE) : -_END] != _BEFORE:
        return False
    target, digits = name[1 : -_END - len(_BEFORE)], name[-_END : -len(_AFTER)]
    if not target or len(target) == _ROOM:  # by chance, or of a name that was too long to be all in here
        return len(digits) == _DIGITS and not digits.strip(b"0123456789abcdef")
    return digits == xxh32_hexdigest(target).encode()
