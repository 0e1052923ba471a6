"""Completes words that a shell would expand first: patterns in any component, and variables in front of a slash."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase
from typing import Final, TypeAlias

from msgspec import Struct

from rsh.client.editor.name import Name
from rsh.client.text.quoting import quoted
from rsh.client.text.syntax import Word

# An unquoted sign of a pattern.
_WILDCARD: Final = re.compile(r"(?<!\[)[*?]|\[(?![*?\[]\])")

# A variable as it is written where its value is to stand.
_VARIABLE: Final = re.compile(r"\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)

# A variable alone in quotes, as careful people write it.
_QUOTED_ALONE: Final = re.compile(r'"(\$(?:[A-Za-z_]\w*|\{[A-Za-z_]\w*\}))"(?=/|\Z)', re.ASCII)

# What else may stand in front of such a slash would have to be understood as only a shell does.
_MORE_THAN_VARIABLES: Final = re.compile(r"[`\\'\"*?\[(]")

# Folders that are looked into for one pattern: each is a question to the other side.
_MOST_FOLDERS: Final = 50


Source: TypeAlias = Callable[[str], Iterable[Name]]


def is_pattern(text: str) -> bool:
    """Tell whether a word, as Word.pattern has it, is a pattern."""
    return _WILDCARD.search(text) is not None


def fitting(word: Word, paths: Source) -> list[Name]:
    """Give the files that a pattern fits; when its last component is none, those whose names begin as that does."""
    patterns, texts = word.pattern.split("/"), word.text.split("/")
    if len(patterns) != len(texts):
        return []  # A quoted ~ or / makes them differ.
    folders = [""]
    for pattern, text in zip(patterns[:-1], texts[:-1], strict=True):
        folders = [name + "/" for folder in folders for name in _below(folder, pattern, text, paths)]
        if len(folders) > _MOST_FOLDERS:
            return []
    pattern, text = patterns[-1], texts[-1]
    if not is_pattern(pattern):
        return [name for folder in folders for name in paths(folder + text)]
    return [name for folder in folders for name in _matching(folder, pattern, paths)]


def _below(folder: str, pattern: str, text: str, paths: Source) -> list[str]:
    if not is_pattern(pattern):
        return [folder + text]
    return [name.text for name in _matching(folder, pattern, paths) if name.directory]


def _matching(folder: str, pattern: str, paths: Source) -> list[Name]:
    found = paths(folder + "." * pattern.startswith("."))
    return [name for name in found if fnmatchcase(name.text.removeprefix(folder), pattern)]


class Behind(Struct, frozen=True):
    """The folder that variables name, and what has been typed behind it.

    Attributes:
        start: where in the word that begins. folder: the path, with its slash. beginning: of a name in there.
        bare: it is not in the quotes that some of the word is in.
    """

    start: int
    folder: str
    beginning: str
    bare: bool = False


def behind_variables(typed: str, word: Word, value: Callable[[str], str | None]) -> Behind | None:
    """Find the folder in a word that begins with variables, and was `typed` so; None when it has no such form.

    Args:
        value: gives that of a variable; None when it is not known.
    """
    folder, slash, last = typed.rpartition("/")
    bare = _QUOTED_ALONE.sub(r"\1", folder)
    closed = bare != folder
    bare = bare.removeprefix('"')
    if not slash or not _VARIABLE.search(bare) or _MORE_THAN_VARIABLES.search(bare) or "$" in last:
        return None
    values = {name: value(name) for pair in _VARIABLE.findall(bare) for name in pair if name}
    if None in values.values():
        return None
    place = _VARIABLE.sub(lambda found: values[found[1] or found[2]] or "", bare) + slash
    if "$" in _VARIABLE.sub("", bare) or place.startswith("~"):
        return None
    return Behind(len(folder) + 1, place, word.text.rpartition("/")[2], closed)


def quoted_rest(name: str, quote: str, *, closed: bool) -> str:
    """Write the rest of a word in the quote that it was begun in."""
    text = quoted(name, quote, closed=closed)
    return text[1:] if quote and text.startswith(quote) else quote + text
