from __future__ import annotations

import pytest

from rsh.client.terminal.escapes import Action, CommandLine, EscapeReader, Typed, help_text, parse_escape
from rsh.errors import UsageError


def typed(*pieces: bytes, character: int | None = ord("~"), pause: float = 0.1) -> list[Typed]:
    """Give what comes of some pieces, text that follows text joined."""
    reader = EscapeReader(character)
    found: list[Typed] = []
    for number, piece in enumerate(pieces):
        for each in reader.feed(piece, number * pause):
            if isinstance(each, bytes) and found and isinstance(found[-1], bytes):
                found[-1] += each
            else:
                found.append(each)
    return found


def bytewise(data: bytes) -> list[bytes]:
    return [bytes([byte]) for byte in data]


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        (b"~.", [Action.DISCONNECT]),
        (b"ls\r~.", [b"ls\r", Action.DISCONNECT]),
        (b"x~.", [b"x~."]),
        (b"~~.", [b"~."]),
        (b"\r~~\r~.", [b"\r~\r", Action.DISCONNECT]),
        (b"\r~x", [b"\r~x"]),
        (b"~s~R~?", [Action.STATUS, Action.RECONNECT, Action.HELP]),
        (b"~d", [Action.DETACH]),
        (b"~\x1a", [Action.SUSPEND]),
        (b"~#~&~C", [Action.LIST, Action.BACKGROUND, Action.COMMAND_LINE]),
        (b"\x1b[200~a\r~.\r\x1b[201~\r~.", [b"\x1b[200~a\r~.\r\x1b[201~\r", Action.DISCONNECT]),
        (b"\x1b\x1b[200~\r~.", [b"\x1b\x1b[200~\r~."]),
        (bytes(range(1, 0x7E)), [bytes(range(1, 0x7E))]),
    ],
)
def test_escapes_are_taken_out_at_the_beginning_of_a_line(keys: bytes, found: list[Typed]) -> None:
    assert typed(keys) == found
    assert typed(*bytewise(keys)) == found


def test_the_character_waits_for_what_it_means() -> None:
    assert typed(b"~") == []
    assert typed(b"~", b"x") == [b"~x"]


def test_another_character_and_none() -> None:
    assert typed(b"~.\r%.", character=ord("%")) == [b"~.\r", Action.DISCONNECT]
    assert typed(b"~.\x1c\x1c\x1c", character=None) == [b"~.\x1c\x1c\x1c"]


def test_quit_three_times_at_once_ends_the_client() -> None:
    assert typed(b"\x1c\x1c\x1c") == [b"\x1c\x1c", Action.KILL]
    assert typed(b"\x1c", b"\x1c", b"\x1c") == [b"\x1c\x1c", Action.KILL]
    assert typed(b"\x1c\x1cx\x1c") == [b"\x1c\x1cx\x1c"]
    assert typed(b"\x1c", b"\x1c", b"\x1c", pause=0.6) == [b"\x1c\x1c\x1c"]


@pytest.mark.parametrize(
    ("text", "character"), [(None, 126), ("none", None), ("%", 37), ("^A", 1), ("^]", 29), ("^a", 1), ("^", 94)]
)
def test_the_option_names_a_key(text: str | None, character: int | None) -> None:
    assert parse_escape(text) == character


@pytest.mark.parametrize("text", ["", "ab", "^AB", "ä", "\n"])
def test_the_option_refuses_the_rest(text: str) -> None:
    with pytest.raises(UsageError):
        parse_escape(text)


def test_help_names_every_escape() -> None:
    lines = "\n".join(help_text(1))
    assert all(f"^A{key} " in lines for key in (".", "d", "^Z", "#", "&", "C", "R", "s", "?", "^A"))


def test_the_command_line_is_edited_and_understood() -> None:
    line = CommandLine()
    shown = b"".join(line.feed(byte) for byte in b"xx\x7f\x7f\x7fstat\r")
    assert shown == b"xx\b \b\b \bstat\r\n"
    assert (line.done, line.action) == (True, Action.STATUS)


@pytest.mark.parametrize(
    ("keys", "action"), [(b"disconnect\r", Action.DISCONNECT), (b"d\r", None), (b"\r", None), (b"status\x03", None)]
)
def test_a_command_line_that_says_nothing(keys: bytes, action: Action | None) -> None:
    line = CommandLine()
    for byte in keys:
        line.feed(byte)
    assert (line.done, line.action) == (True, action)
