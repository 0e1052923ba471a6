"""Which parts of a tree a transfer leaves out: rules in the form and with the meaning of gitignore(5).

The rules count from each directory that is named as a source, as if it held them in its `.gitignore`; a file that is
named itself is judged by its own name. The last rule that matches decides, `!` in front takes in again, and what is
below a directory that is left out is never looked at.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TypeAlias

from rsh.errors import UsageError

Rules: TypeAlias = Sequence[bytes]


class Filter:
    """Rules, made ready.

    Raises:
        UsageError: a rule that means nothing.
    """

    def __init__(self, rules: Rules) -> None:
        from pathspec import GitIgnoreSpec

        try:
            self._spec = GitIgnoreSpec.from_lines([_text(rule) for rule in rules])
        except ValueError as error:
            raise UsageError(f"not a gitignore pattern: {str(error)[:200]}") from error

    def keeps(self, path: bytes, *, directory: bool = False) -> bool:
        """Tell whether a path, from the source it belongs to, is part of the transfer."""
        return not self._spec.match_file(_text(path) + "/" if directory else _text(path))


def make_filter(rules: Rules) -> Filter | None:
    """Make a filter; None when there are no rules, so that nobody pays for them."""
    return Filter(rules) if rules else None


def _text(path: bytes) -> str:
    """Give a path as text. No pattern can hold a newline, and `.` and `$` of its expression take them for ends."""
    return os.fsdecode(path).replace("\n", "\x01")
