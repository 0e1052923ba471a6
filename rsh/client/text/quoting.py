"""The quoting of a POSIX shell, as it is written while a word is being completed, and as $'...' is read.

How whole names are shown is escape.shell_quoted's business.
"""

from __future__ import annotations

import re
from typing import Final

_ESCAPE: Final = re.compile(r"\\(?:([abeEfnrtv\\'\"?])|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{1,4})|([0-7]{1,3}))")
_LETTERS: Final = dict(zip("abeEfnrtv\\'\"?", "\a\b\x1b\x1b\f\n\r\t\v\\'\"?", strict=True))

_SPECIAL: Final = re.compile(r"[\s'\"\\`$&|;<>(){}\[\]*?!#^]")
_SPECIAL_IN_DOUBLE: Final = re.compile(r"[\"\\`$]")

# What no terminal may be sent and no plain quote can carry: C0 and C1 controls, DEL, the marks that turn the direction
# of writing, and the surrogates that stand for bytes which are no UTF-8.
_UNPRINTABLE: Final = re.compile("[\0-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def unescape(text: str) -> str:
    """Turn the inside of $'...' into what it stands for; bytes that are no UTF-8 become what os.fsdecode makes them."""
    data = _ESCAPE.sub(_replacement, text).encode("utf-8", "surrogateescape")
    return data.decode("utf-8", "surrogateescape")


def quoted(name: str, quote: str = "", *, closed: bool = True) -> str:
    """Write a name so that a shell reads it back, going on in the quote that the user has opened.

    Args:
        quote: ', ", $' or "" for none; without one, special characters get a backslash. A name that no such quote can
            carry, because of its control characters, is written as $'...'.
        closed: end the quote; a directory's stays open, its files come next.
    """
    if quote == "$'" or _UNPRINTABLE.search(name):
        return "$'" + _escaped(name) + ("'" if closed or quote != "$'" else "")
    if quote == "'":
        return "'" + name.replace("'", "'\\''") + ("'" if closed else "")
    if quote == '"':
        return '"' + _SPECIAL_IN_DOUBLE.sub(r"\\\g<0>", name) + ('"' if closed else "")
    return _SPECIAL.sub(r"\\\g<0>", name)


def _escaped(name: str) -> str:
    """Write the inside of $'...'."""
    return _UNPRINTABLE.sub(_as_escape, name.replace("\\", "\\\\").replace("'", "\\'"))


def _as_escape(match: re.Match[str]) -> str:
    short = {"\n": "\\n", "\t": "\\t"}.get(match[0])
    if short:
        return short
    return "".join(f"\\x{byte:02x}" for byte in match[0].encode("utf-8", "surrogateescape"))


def _replacement(match: re.Match[str]) -> str:
    letter, byte, point, octal = match.groups()
    if letter:
        return _LETTERS[letter]
    if point:
        return chr(int(point, 16)).encode("utf-8", "surrogatepass").decode("utf-8", "surrogateescape")
    value = int(byte, 16) if byte else int(octal, 8) & 0xFF
    return bytes([value]).decode("utf-8", "surrogateescape")
