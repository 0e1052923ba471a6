"""Tells what a line of the prompt is: nothing, a local command, one of our commands, or a line for the shell there.

In this order: an empty line is nothing; `!cmd` is for the shell here; `:name` is always ours; a reserved bare word is
ours, unless the line holds what only a shell understands; anything else goes to the shell over there, untouched.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct

from rsh.client.cli.options import Options, UnknownOption, parse
from rsh.client.cli.table import Argument, Command, Kind, arguments, commands, find
from rsh.client.text.syntax import Scan, Word
from rsh.errors import UsageError

# Reserved words that are also programs over there: an option that is not ours is then meant for the program.
SHADOWING: Final = ("ls",)

# Commands that `&` sends to the background.
BACKGROUND: Final = ("put", "get", "mput", "mget", "sync")

# Commands whose whole rest is for the shell of this machine: `lls *.c | head` pipes here.
RAW: Final = ("lls",)

_FIRST_WORD: Final = re.compile(r"\s*(\S*)\s*(.*)", re.DOTALL)


class Nothing(Struct, frozen=True):
    """An empty line, or only a comment."""


class Local(Struct, frozen=True):
    """`!cmd`: for the shell of this machine; an empty command is an interactive one."""

    command: str


class Ours(Struct, frozen=True):
    """One of our commands, with its arguments parsed."""

    command: Command
    options: Options
    background: bool = False  # an `&` stood at its end


class Remote(Struct, frozen=True):
    """A line for the shell over there."""

    text: str


Line: TypeAlias = Nothing | Local | Ours | Remote


def read_line(text: str) -> Line:
    """Tell what a line is.

    Raises:
        UsageError: it is one of our commands, or meant to be one, and it is wrong; with advice.
    """
    stripped = text.strip()
    if not stripped or (stripped[0] == "#" and "\n" not in stripped):
        return Nothing()
    if stripped[0] == "!":
        return Local(stripped[1:].strip())
    if stripped[0] == ":" and len(stripped) > 1 and not stripped[1].isspace():
        return _with_colon(stripped)
    return _bare(text)


def is_remote(text: str) -> bool:
    """Say whether a line is for the shell over there."""
    try:
        return isinstance(read_line(text), Remote)
    except UsageError:
        return False


def is_unfinished(text: str, is_zsh: Callable[[], bool] = lambda: False) -> bool:
    """Say whether more has to come before the line can run: an open quote, a here-document, `do` without `done`.

    Args:
        is_zsh: says whether the shell over there is one; is asked where that matters.
    """
    command = text.lstrip().removeprefix("!")
    if not Scan(command).wants:
        return False
    return bool(Scan(command, loose_braces=True).wants) or not (is_remote(text) and is_zsh())


def find_by_prefix(name: str) -> Command:
    """Find a command of the prompt by its name, an alias, or a beginning that only one has.

    Raises:
        UsageError: there is none, or more than one.
    """
    exact = find(name, "prompt")
    if exact is not None:
        return exact
    known = commands("prompt")
    near = [command for command in known if any(each.startswith(name) for each in (command.name, *command.aliases))]
    if len(near) == 1:
        return near[0]
    if near:
        raise UsageError(f":{name} may be {', '.join(':' + command.name for command in near)}")
    from difflib import get_close_matches

    close = get_close_matches(name, [command.name for command in known], 1)
    advice = f"did you mean ':{close[0]}'?" if close else "all commands: help"
    raise UsageError(f"no command ':{name}'", advice=advice)


def _with_colon(text: str) -> Line:
    scan = Scan(text)
    command = find_by_prefix(scan.words[0].text[1:])
    if command.name in RAW:
        return Ours(command, _raw(command, text))
    background = _ends_in_background(command, scan, text)
    if scan.syntax and not background:
        raise UsageError(
            f":{command.name}: '{scan.syntax}' means something to a shell only",
            advice="quote it; or leave the colon off, and the shell over there has the line",
        )
    if scan.quote:
        raise UsageError(f":{command.name}: a quote is not closed")
    return Ours(command, _parse(command, scan.words[1:]), background)


def _bare(text: str) -> Line:
    command = find(_FIRST_WORD.sub(r"\1", text), "prompt")
    if command is None or not command.bare:
        return Remote(text)
    if command.name in RAW:
        return Ours(command, _raw(command, text))
    scan = Scan(text)
    background = _ends_in_background(command, scan, text)
    if (scan.syntax and not background) or scan.wants:
        return Remote(text)
    try:
        return Ours(command, _parse(command, scan.words[1:]), background)
    except UnknownOption:
        if command.name in SHADOWING:
            return Remote(text)
        raise


def _ends_in_background(command: Command, scan: Scan, text: str) -> bool:
    """Tell whether a transfer is to go on while the next line is typed: a lone `&` stands at the end."""
    return command.name in BACKGROUND and scan.syntax == "&" and text.rstrip().endswith("&")


def _raw(command: Command, text: str) -> Options:
    """Leave what follows the name to the shell here, as it is."""
    return Options({command.arguments[0].name: [_FIRST_WORD.sub(r"\2", text)]})


def _parse(command: Command, words: Sequence[Word]) -> Options:
    """Parse the words behind a command's name, and make paths of this machine what a shell would make them.

    Our commands expand wildcards (and ~ over there) themselves, so a quoted one is handed over as one that stands for
    itself only.
    """
    options = parse(command, [_Text(word) for word in words], "prompt")
    for argument in arguments(command, "prompt"):
        value = getattr(options, argument.name)
        if isinstance(value, _Text):
            setattr(options, argument.name, _plain(argument.kind, value))
        elif isinstance(value, list):
            setattr(options, argument.name, _each(command, argument, value, options))
    return options


class _Text(str):
    """A word's text that remembers what its quotes protected."""

    __slots__ = ("pattern",)
    pattern: str

    def __new__(cls, word: Word) -> _Text:
        text = super().__new__(cls, "./" + word.text if word.pattern.startswith("./~") else word.text)
        text.pattern = word.pattern
        return text


def _each(command: Command, argument: Argument, values: list[Any], options: Options) -> list[Any]:
    """Give the sources of a command as patterns, and its target as the plain name that it is."""
    copies = any(other.name == "target" for other in command.arguments)
    has_target = copies and options.target is None and len(values) > 1
    sources, targets = (values[:-1], values[-1:]) if has_target else (values, [])
    expands = argument.kind in ("local", "remote")
    made = [_plain(argument.kind, text, pattern=expands) for text in sources]
    return made + [_plain(argument.last or argument.kind, text) for text in targets]


def _plain(kind: Kind, text: Any, *, pattern: bool = False) -> Any:
    """Give a path of this machine with its ~ expanded; what lies over there is expanded there."""
    if not isinstance(text, _Text):
        return text
    given = text.pattern if pattern else str(text)
    return os.path.expanduser(given) if kind.startswith("local") else given
