"""Marks for the terminal around prompt and output: it can jump from prompt to prompt, and knows where the shell stands.

OSC 133 (FinalTerm's shell integration), OSC 7 (working directory), OSC 2 (title). They move nothing on the screen.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rsh.client.cli.settings import Settings
from rsh.client.text.prompt_text import Fragments, Place, tilde
from rsh.escape import printable

# Terminals that take unknown OSC sequences for what they are: nothing. The Linux console and others print them.
_KNOWN: Final = (
    "xterm",
    "tmux",
    "screen",
    "rxvt",
    "foot",
    "alacritty",
    "kitty",
    "wezterm",
    "ghostty",
    "konsole",
    "vte",
)

PROMPT_BEGINS: Final = "\x1b]133;A\x1b\\"
LINE_BEGINS: Final = "\x1b]133;B\x1b\\"
OUTPUT_BEGINS: Final = "\x1b]133;C\x1b\\"


# What stands for itself in the path of a URL (RFC 3986, unreserved, and the slash). To import urllib takes 3 ms.
_PLAIN: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


def wants_marks(environment: Mapping[str, str]) -> bool:
    """Say whether the terminal takes marks, and its user: RSH_MARKS=0 turns them off."""
    return environment.get("RSH_MARKS", "") != "0" and environment.get("TERM", "").startswith(_KNOWN)


def before_prompt(place: Place, settings: Settings) -> str:
    """Mark the end of a line's output, and tell the terminal where the shell over there stands, in its title too."""
    told = f"\x1b]133;D;{place.status}\x1b\\" if settings.on("marks") else ""
    if settings.on("location"):
        host = quoted(place.host.encode("utf-8", "surrogateescape"))
        told += f"\x1b]7;file://{host}{quoted(place.directory or place.home)}\x1b\\"
    if settings.on("title"):
        told += f"\x1b]2;rsh: {printable(place.host)}: {tilde(place.directory, place.home)}\x1b\\"
    return told


def quoted(path: bytes) -> str:
    """Give bytes as they stand in a URL; as urllib.parse.quote_from_bytes."""
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in path)


def around(shown: Fragments) -> Fragments:
    """Mark the beginning and the end of the prompt: before its last blank, as escapes go with the character behind.

    The blank has a colour of its own, though it is none: prompt_toolkit does not send plain blanks at a line's end.
    """
    begin, end = ("[ZeroWidthEscape]", PROMPT_BEGINS), ("[ZeroWidthEscape]", LINE_BEGINS)
    if not shown or not shown[-1][1].endswith(" "):
        return [begin, *shown, end]
    style, text = shown[-1]
    return [begin, *shown[:-1], (style, text[:-1]), end, ("class:prompt.end", " ")]
