"""Completes the last word of a line: a pure function of the text and of a source of names.

What a word may become depends on where it stands: a command, one of our commands' arguments as the table declares
them, or an argument of a command over there, which is a path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Final

from rsh.client.cli.table import Command, commands, find
from rsh.client.editor.expansion import Source
from rsh.client.editor.lines import RAW, find_by_prefix
from rsh.client.editor.name import Name, Names
from rsh.client.editor.our_arguments import complete_ours
from rsh.client.editor.place import Completion, Place
from rsh.client.text.syntax import Scan, Word
from rsh.errors import UsageError

# A variable whose name is being typed.
_VARIABLE: Final = re.compile(r"(?<!\\)\$(\{?)([A-Za-z_]\w*|)\Z", re.ASCII)


def complete(text: str, names: Names) -> list[Completion]:
    """Give the completions of the word that ends where `text` ends; `text` is the line up to the cursor."""
    blank = len(text) - len(text.lstrip())
    if text.startswith("!", blank):
        here = Place(text, blank + 1)
        return here.behind_variables(names.here, os.environ.get) or _complete_shell(
            here, names.programs_here, names.here
        )
    place = Place(text)
    if (value := place.value()) is not None:
        return _complete_value(value, names) or _complete_variable(text, place.scan, names)
    if place.word is None:
        below = place.behind_variables(names.there, names.value_there, names.folders_there)
        return below or _complete_variable(text, place.scan, names)
    if place.word.text.startswith(":") and place.word.start == blank:
        return place.insert(name for name in _our_names(":") if name.text.startswith(text[blank:]))
    command = _ours(place.scan, place.word)
    if command is not None and command.name in RAW:
        return place.insert(names.here(place.word.text))
    if command is not None and not place.scan.syntax:
        return complete_ours(place, place.word, command, names)
    ours = _our_names("") if place.word.start == blank else []
    programs = partial(_with_ours, ours, names)
    return _complete_shell(place, programs, names.there, names.folders_there, names.arguments_there)


def _complete_value(value: Place, names: Names) -> list[Completion]:
    """Complete the value of an assignment: a path, as in bash."""
    below = value.behind_variables(names.there, names.value_there)
    return below or (value.insert(names.there(value.word.text)) if value.word is not None else [])


def _ours(scan: Scan, word: Word) -> Command | None:
    """Give the command of ours whose arguments are being typed."""
    first = scan.words[0] if scan.words else word
    if first.start == word.start or first.quoted:
        return None
    if first.text.startswith(":") and len(first.text) > 1:
        try:
            return find_by_prefix(first.text[1:])
        except UsageError:
            return None
    command = find(first.text, "prompt")
    return command if command is not None and command.bare else None


def _our_names(colon: str) -> list[Name]:
    """Give our commands as they are typed: all with a colon, the reserved words without."""
    known = [command for command in commands("prompt") if colon or command.bare]
    return [Name(colon + command.name, about=command.summary) for command in known]


def _with_ours(ours: list[Name], names: Names, word: str) -> Iterable[Name]:
    fitting = [name for name in ours if name.text.startswith(word)]
    known = {name.text for name in fitting}
    return [*fitting, *(name for name in names.programs_there(word) if name.text not in known)]


def _complete_variable(text: str, scan: Scan, names: Names) -> list[Completion]:
    """Complete the name behind a $, where the shell would put its value."""
    found = _VARIABLE.search(text)
    if found is None or scan.quote in ("'", "\\"):
        return []
    brace, word = found.groups()
    end = "}" if brace else ""
    fitting = [name.text for name in names.variables_there(word) if name.text.isidentifier()]
    return [Completion(found.start(2), name + end, name) for name in fitting]


def _complete_shell(
    place: Place,
    programs: Source,
    paths: Source,
    folders: Source | None = None,
    arguments: Callable[[str], Iterable[Name] | None] = lambda line: (),
) -> list[Completion]:
    """Complete a word of a line for a shell; what is known of a command's arguments comes before paths."""
    word = place.word
    if word is None:
        return []
    if word.command and "/" not in word.text and not word.text.startswith("~"):
        return place.insert(programs(word.text))
    files = place.suitable(paths, word, folders)
    if expanded := place.expand(files):
        return expanded
    if not word.target and (begin := _command_begin(place.scan, word)) is not None:
        known = arguments(place.text[begin:])
        if known is None:  # What it says when it comes goes before any path.
            return []
        if fitting := [name for name in known if _is_shown(name, word.text)]:
            return place.insert(fitting)
    return place.insert(files(word.text))


def _is_shown(name: Name, word: str) -> bool:
    """Say whether a name is offered: hidden files are behind a dot only, whatever a specification finds (R21)."""
    last = name.text.rstrip("/").rpartition("/")[2]
    return name.raw or not last.startswith(".") or word.rpartition("/")[2].startswith(".")


def _command_begin(scan: Scan, word: Word) -> int | None:
    """Give where the command begins whose argument a word is."""
    before = [each.start for each in scan.words if each.command and each.start < word.start]
    return before[-1] if before else None
