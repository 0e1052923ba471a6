"""What a row of the table of commands is: a Command with its Arguments."""

from __future__ import annotations

from typing import Final, Literal, TypeAlias

from msgspec import Struct

Where: TypeAlias = Literal["cli", "prompt"]

# What a value names, which says how it is parsed and completed. "switch": an option without a value; "count": one
# that may be repeated, and means more then.
Kind: TypeAlias = Literal[
    "switch",
    "count",
    "local",  # a path on this machine
    "local-directory",
    "remote",  # a path over there: HOST:PATH on the command line, a bare path at the prompt
    "remote-directory",
    "remote-name",  # likewise, and no pattern
    "host",
    "command",  # words of a remote command; they end the options
    "assignment",  # NAME=VALUE
    "seconds",
    "number",
    "size",  # bytes: 10M
    "rate",  # bytes a second: 10M
    "exclude",  # a gitignore pattern
    "include",  # likewise, and becomes one with `!` in front
    "choice",
    "topic",  # name of a command of this table
    "transfer",  # number of one in the background of the prompt
    "shell",  # name of a living shell over there
    "work",  # one of both
    "setting",  # name of a setting (settings.py), then its value
    "word",
]
Group: TypeAlias = Literal["files", "running", "machine", "trust", "here", "prompt"]

BOTH: Final[frozenset[Where]] = frozenset(("cli", "prompt"))
CLI: Final[frozenset[Where]] = frozenset(("cli",))
PROMPT: Final[frozenset[Where]] = frozenset(("prompt",))


class Argument(Struct, frozen=True):
    """One option or positional argument.

    Attributes:
        name: attribute under which its value is found after parsing ("paths", "recursive").
        help: half a sentence for --help and the man page, no full stop.
        flags: ("-r", "--recursive"); empty for a positional.
        kind, last: what a value names; `last` tells when the last of several is something else (`put SRC... DST`).
        metavar: how the value is called in the usage.
        many: takes one or more values, as a list; an option may be repeated.
        optional: a positional that may be left out.
        choices: the only values allowed (kind "choice").
        default: value when not given, as it would be typed; None gives None, [] (many), False (switch) or 0 (count).
        where: a subset of the command's places.
    """

    name: str
    help: str
    flags: tuple[str, ...] = ()
    kind: Kind = "word"
    last: Kind | None = None
    metavar: str = ""
    many: bool = False
    optional: bool = False
    choices: tuple[str, ...] = ()
    default: str | None = None
    where: frozenset[Where] = BOTH

    @property
    def valued(self) -> bool:
        """Whether it has a value."""
        return self.kind not in ("switch", "count")


class Command(Struct, frozen=True):
    """One command.

    Attributes:
        name: as typed; at the prompt also as `:name`.
        summary: one line, imperative, no full stop.
        run: "module:function", imported when called: function(context: Context, options: Options) -> int (exit status).
        where: the command line, the prompt, or both.
        bare: reserved word at the prompt: works without the colon.
        aliases: other names for it.
        repeatable: it may be run again from the start when the daemon was restarted beneath it.
        examples: (line, what it does) pairs; on the command line "rsh " stands in front.
    """

    name: str
    summary: str
    run: str
    group: Group
    arguments: tuple[Argument, ...] = ()
    where: frozenset[Where] = BOTH
    bare: bool = False
    aliases: tuple[str, ...] = ()
    repeatable: bool = False
    examples: tuple[tuple[str, str], ...] = ()
