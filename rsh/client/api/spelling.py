r"""How names of files are spelled over there, when that is not UTF-8: the one place where they are converted.

Here names are UTF-8, all of them: those of files here, and those of the other side once they have come through this.
A name is made of characters of the other side's codec. What is none, what no terminal may be sent, and what would not
become the same bytes again stays as the bytes that it has, which are no UTF-8 and so are shown, and can be typed, as
`\xd6`. So every name that was ever shown leads back to its file.

Such bytes can happen to be a character of UTF-8 together. Then each is set apart as a surrogate, which stands for it
(PEP 383) and is no UTF-8 either: it is an ugly sight, and as exact.

`/` and NUL are never part of a character: each character begins with a byte that is not ASCII, and holds neither.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast, get_type_hints

import msgspec

from rsh.errors import UsageError
from rsh.escape import printable
from rsh.protocol import fields, requests

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

# The longest character of any codec, in bytes.
LONGEST: Final = 4

# What is set apart: surrogates, as UTF-8 would write them.
_STRAY: Final = 0xDC00
_APART: Final = re.compile(b"(\xed[\xb2\xb3][\x80-\xbf])")

# Fields that hold names, or what is spelled as these are; others that are called so are text already.
_NAMES: Final = re.compile(
    "agreed|arguments|basis|command|directory|environment|file|home|line|mount|names?|origin|paths?|rules|running"
    "|shell|sources?|target|text|word"
)


class Spelling:
    """Both directions of one codec."""

    def __init__(self, codec: str) -> None:
        """Prepare.

        Args:
            codec: one that leaves ASCII as it is (terminal.encoding.checked).
        """
        self._codec = codec

    def here(self, name: bytes) -> bytes:
        """Give a name or path of the other side as it is spelled here."""
        if name.isascii():
            return name
        return b"/".join([part if part.isascii() else self._part_here(part) for part in name.split(b"/")])

    def there(self, name: bytes) -> bytes:
        """Give a name or path as it is spelled over there.

        Raises:
            UsageError: it has a character that does not exist there.
        """
        if name.isascii():
            return name
        spelled, missing = self._spelled(name)
        if missing and self.here(spelled) != name:
            raise UsageError(f"{printable(name)}: no '{missing}' in {self._codec}")
        return spelled

    def exists(self, name: bytes) -> bool:
        """Say whether a name can be spelled over there, in as many bytes as a name may have."""
        try:
            return len(self.there(name)) <= fields.MAX_NAME
        except UsageError:
            return False

    def request(self, request: T) -> T:
        """Give a request with its names as they are spelled over there. Raises UsageError as `there`."""
        return _replaced(request, self.there)

    def sent(self, record: T) -> T:
        """Give a record of ours with its names as they are spelled over there, as far as they can be."""
        return _replaced(record, lambda name: name if name.isascii() else self._spelled(name)[0])

    def record(self, record: T) -> T:
        """Give a record of the other side with its names as they are spelled here."""
        return _replaced(record, self.here)

    # --- inside ---

    def _part_here(self, part: bytes) -> bytes:
        try:
            text = part.decode(self._codec)
            if text.isprintable() and self._spelled(text.encode())[0] == part:
                return text.encode()  # as nearly all are
        except UnicodeError:
            pass
        pieces = list(self._characters(part))
        found = b"".join(character.encode() or data for data, character in pieces)
        if self._spelled(found)[0] == part:
            return found
        found = b"".join(character.encode() or _set_apart(data) for data, character in pieces)
        return found if self._spelled(found)[0] == part else _set_apart(part)

    def _characters(self, part: bytes) -> Iterator[tuple[bytes, str]]:
        """Give the bytes of each character and it, "" for bytes that are to stay as they are."""
        position = 0
        while position < len(part):
            size, character = self._character(part, position)
            yield part[position : position + size], character
            position += size

    def _character(self, part: bytes, position: int) -> tuple[int, str]:
        """Give how many bytes stand at a position for what, "" where they are to stay as they are."""
        if part[position] < 0x80:
            return 1, ""
        for size in range(1, LONGEST + 1):
            data = part[position : position + size]
            try:
                character = data.decode(self._codec)
            except UnicodeDecodeError:
                continue
            fit = self._encoded(character) == data and printable(character) == character
            return len(data), character if fit else ""
        return 1, ""

    def _spelled(self, name: bytes) -> tuple[bytes, str]:
        """Give a name as it is spelled over there, and the first character that is not: they stay."""
        if spelled := self._spelled_at_once(name):
            return spelled, ""
        found, missing = b"", ""
        for index, piece in enumerate(_APART.split(name)):
            if index % 2:
                found += bytes([ord(piece.decode("utf-8", "surrogatepass")) - _STRAY])
                continue
            for character in piece.decode("utf-8", "surrogateescape"):
                data = self._encoded(character)
                missing = missing or ("" if data else character)
                found += data or character.encode()
        return found, missing

    def _spelled_at_once(self, name: bytes) -> bytes:
        """Give a name as it is spelled over there, b"" if that takes more thought."""
        try:
            spelled = name.decode().encode(self._codec)
        except UnicodeError:
            return b""
        same = all(spelled.count(byte) == name.count(byte) for byte in (b"/", b"\0", b"\x1b"))
        return spelled if same else b""

    def _encoded(self, characters: str) -> bytes:
        """Give characters in the codec, b"" when they are not in it."""
        if characters.isascii():
            return characters.encode()
        try:
            data = characters.encode(self._codec, "surrogateescape")
        except UnicodeEncodeError:
            return b""
        return b"" if data[0] < 0x80 or b"/" in data or b"\0" in data else data


def spelling_of(codec: str) -> Spelling | None:
    """Give the spelling of a codec; None where names need none, or, as our own are no UTF-8, can have none."""
    return None if codec == "utf-8" or sys.getfilesystemencoding() != "utf-8" else Spelling(codec)


def _set_apart(data: bytes) -> bytes:
    return "".join(chr(byte if byte < 0x80 else byte + _STRAY) for byte in data).encode("utf-8", "surrogatepass")


def _replaced(struct: T, spell: Callable[[bytes], bytes]) -> T:
    """Give a request or record with its names spelled in another way."""
    changed = {}
    for field in spelled_fields(cast("type", type(struct))):
        value = getattr(struct, field)
        found = _respelled(value, spell)
        if found != value:
            changed[field] = found
    return msgspec.structs.replace(struct, **changed) if changed else struct  # type: ignore[type-var]  # T is a Struct


def _respelled(value: Any, spell: Callable[[bytes], bytes]) -> Any:
    if isinstance(value, bytes):
        return spell(value)
    if isinstance(value, dict):
        return {spell(name): spell(each) for name, each in value.items()}
    return tuple(spell(each) for each in value)


@cache
def spelled_fields(kind: type) -> tuple[str, ...]:
    """Give the fields of a request or record that are spelled as names are.

    The rules of a sync are not: it goes through both trees in the order of bytes, and leaves names below what it was
    given as they are.
    """
    found = [field for field, hint in get_type_hints(kind).items() if _NAMES.fullmatch(field) and "bytes" in repr(hint)]
    return tuple(field for field in found if not (kind is requests.Sync and field == "rules"))
