"""Text of unknown origin, made fit for a terminal: nothing in it moves the cursor, hides, or turns the line around."""

from __future__ import annotations

from typing import Final

# Format characters that change the order or the look of what is around them (Unicode Standard Annex 9), and the
# separators that some terminals take for a new line.
_DECEPTIVE: Final = frozenset((0x061C, 0x200E, 0x200F, 0x2028, 0x2029, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))

_SAFE: Final = frozenset(b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789%+,-./:@]_{}~#")
_ISOLATED: Final = frozenset((b"{", b"}"))
_SPECIAL: Final = frozenset('!$&()*;<=>?[^`|\\"{}')  # in double quotes as well, or ls thinks so
_NOT_IN_DOUBLE: Final = _SPECIAL | frozenset("#~")
_NAMED: Final = {7: "\\a", 8: "\\b", 9: "\\t", 10: "\\n", 11: "\\v", 12: "\\f", 13: "\\r"}


# Letters apart from their accents, as macOS writes names of files, and the parts of a Korean syllable.
_APART: Final = "[^\\W\\d_][\u0300-\u036f\u3099\u309a]+|[\u1100-\u1112][\u1161-\u1175][\u11a8-\u11c2]?"


def composed(text: str) -> str:
    """Give a text as it is shown: letters joined with their accents (NFC). No other character becomes another one.

    What is compared, sent or stored are the bytes that a name has.
    """
    if text.isascii():
        return text
    import re
    from unicodedata import normalize

    return re.sub(_APART, lambda found: normalize("NFC", found[0]), text)


def printable(text: str | bytes) -> str:
    r"""Write out all in a text that a terminal would obey: `\x1b`, `\x0a`, `\u202e`, and `\xff` for a stray byte.

    Args:
        text: a str may carry stray bytes as os.fsdecode() leaves them; bytes are taken as UTF-8.
    """
    if isinstance(text, bytes):
        text = text.decode("utf-8", "surrogateescape")
    if text.isprintable():
        return composed(text)
    return composed("".join([_written_out(character) for character in text]))


def shell_quoted(name: bytes) -> str:
    """Give a file name as `ls --quoting-style=shell-escape` shows it: safe to see, and to paste into a shell.

    Plain when it needs no quotes, else in '...', with $'\\n' and $'\\377' for what cannot be shown.
    """
    text = composed(name.decode("utf-8", "surrogateescape"))
    if not text:
        return "''"
    if not _needs_quotes(name) and text == printable(text):
        return text
    if "'" in text and text.isprintable() and not _NOT_IN_DOUBLE.intersection(text[1:]) and text[0] not in _SPECIAL:
        return f'"{text}"'
    return _quoted(text)


def spelled_out(name: bytes) -> str:
    """Give a file name as shell_quoted does, but with all that is not ASCII by its bytes: there is another like it."""
    return "".join(["$'", *(_octal_or_plain(byte) for byte in name), "'"])


def _octal_or_plain(byte: int) -> str:
    plain = 0x20 <= byte < 0x7F and byte not in b"'\\"
    return chr(byte) if plain else f"\\{byte:03o}"


def _written_out(character: str) -> str:
    code = ord(character)
    if character.isprintable():
        return character
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x20 or 0x7F <= code < 0xA0:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code in _DECEPTIVE or 0xD800 <= code <= 0xDFFF else character


def _needs_quotes(name: bytes) -> bool:
    if name[0] in b"#~" or name in _ISOLATED:
        return True
    return any(byte < 0x80 and byte not in _SAFE for byte in name)


def _quoted(text: str) -> str:
    """Quote piece by piece as GNU ls does: 'plain'$'\\n''plain'."""
    out = ["'"]
    escaped = False
    for character in text:
        hidden = _written_out(character) != character
        if hidden and not escaped:
            out.append("'$'")
        elif escaped and not hidden and character != "'":
            out.append("''")
        escaped = hidden
        if hidden:
            out.append(_octal(character))
        else:
            out.append("'\\''" if character == "'" else character)
    out.append("'")
    return "".join(out)


def _octal(character: str) -> str:
    code = ord(character)
    if code in _NAMED:
        return _NAMED[code]
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))
