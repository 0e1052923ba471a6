"""Which parts of a tree a transfer leaves out: rules in the form and with the meaning of gitignore(5).

The rules count from each directory that is named as a source, as if it held them in its `.gitignore`; a file that is
named itself is judged by its own name. The last rule that matches decides, `!` in front takes in again, and what is
below a directory that is left out is never looked at.

A rule may come from the other side, and no name may keep us at it: an expression of Python's holds up all threads while
it is matched, and one with `*a*a*a*a*b` in it tries the places for its letters in all combinations. So what stands
between two stars takes the first place that it finds and is done with it (an atomic group); as each star stands for
anything, no other place would do where that one does not.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from rsh.errors import UsageError

Rules: TypeAlias = Sequence[bytes]

# What pathspec makes of a star, of several that are as one, and of `**` at the beginning and within.
_STAR: Final = "[^/]*"
_STARS: Final = re.compile(r"(?:\[\^/\]\*){2,}")
_ANY_ABOVE: Final = "^(?:.+/)?"
_ANY_BETWEEN: Final = "(?:/.+)?"

# Brackets, of which pathspec forgets that they stand for no slash; and what must not be taken for some.
_BRACKETS: Final = re.compile(r"\\.|\[\^/\]|(?P<brackets>\[\^?\]?[^\]]*\])", re.DOTALL)
_NO_SLASH: Final = "(?!/)"

# A star with what stands between it and the next one: letters, `?` and brackets, each of which takes one letter.
_LETTER: Final = r"(?:\\.|\[\^/\](?![*+])|\(\?!/\)\[\^?\]?[^\]]*\]|[^][\\()/^$*+?{}|.])"
_BETWEEN_STARS: Final = re.compile(rf"\[\^/\]\*({_LETTER}+)(?=\[\^/\]\*)", re.DOTALL)


class Filter:
    """Rules, made ready.

    Raises:
        UsageError: a rule that means nothing.
    """

    def __init__(self, rules: Rules) -> None:
        from pathspec import GitIgnoreSpec

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FutureWarning)  # what a `[` in brackets may mean one day
                patterns = GitIgnoreSpec.from_lines([_text(rule) for rule in rules]).patterns
                self._spec = GitIgnoreSpec([_made_swift(pattern) for pattern in patterns])
        except (ValueError, re.error) as error:
            raise UsageError(f"not a gitignore pattern: {str(error)[:200]}") from error

    def keeps(self, path: bytes, *, directory: bool = False) -> bool:
        """Tell whether a path, from the source it belongs to, is part of the transfer."""
        return not self._spec.match_file(_text(path) + "/" if directory else _text(path))


def make_filter(rules: Rules | Filter) -> Filter | None:
    """Make a filter; None when there are no rules, so that nobody pays for them. One that is made already will do."""
    if isinstance(rules, Filter):
        return rules
    return Filter(rules) if rules else None


def _made_swift(pattern: Any) -> Any:
    """Give a pattern of pathspec's with an expression of ours; a comment has none."""
    return type(pattern)(re.compile(swift(pattern.regex.pattern)), pattern.include) if pattern.regex else pattern


def swift(expression: str) -> str:
    """Give an expression of pathspec's so that it matches what git does, in a time that hardly grows with its stars."""
    expression = _BRACKETS.sub(lambda found: _NO_SLASH * bool(found["brackets"]) + found[0], expression)
    expression = _BETWEEN_STARS.sub(r"(?>[^/]*?\1)", _STARS.sub(lambda _: _STAR, expression))
    first, *parts = expression.split(_ANY_BETWEEN)
    if not parts:
        return first
    above = first.removeprefix(_ANY_ABOVE)
    if above and above != first:
        first = f"^(?>(?:.+?/)??{above}(?=/))"
    return "".join([first, *(f"(?>(?:/.+?)??{part}(?=/))" for part in parts[:-1]), _ANY_BETWEEN, parts[-1]])


def _text(path: bytes) -> str:
    """Give a path as text. No pattern can hold a newline, and `.` and `$` of its expression take them for ends."""
    return os.fsdecode(path).replace("\n", "\x01")
