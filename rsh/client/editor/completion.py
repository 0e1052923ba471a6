"""Completes the last word of a line: a pure function of the text and of a source of names.

What a word may become depends on where it stands: a command, one of our commands' arguments as the table declares
them, or an argument of a command over there, which is a path.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from msgspec import Struct
from msgspec.structs import replace

from rsh.client.cli.settings import SETTINGS, Setting
from rsh.client.cli.table import Argument, Command, Kind, arguments, commands, find
from rsh.client.editor.expansion import Source, behind_variables, fitting, is_pattern, quoted_rest
from rsh.client.editor.lines import RAW, find_by_prefix
from rsh.client.editor.name import Name
from rsh.client.text.quoting import quoted
from rsh.client.text.syntax import Scan, Word
from rsh.errors import UsageError
from rsh.escape import printable

# A variable whose name is being typed.
_VARIABLE: Final = re.compile(r"(?<!\\)\$(\{?)([A-Za-z_]\w*|)\Z", re.ASCII)

# A pattern that fits more names stays as it is.
_MOST_EXPANDED: Final = 200

# Commands of a shell that take directories only.
_FOR_DIRECTORIES: Final = frozenset(("cd", "pushd", "rmdir", "chdir"))


class Names(Protocol):
    """Where names come from. Every method gives those that fit the word, and may answer with none.

    Attributes:
        late: since this was last set to False, a question to the other side was not answered in time.
    """

    late: bool

    def here(self, word: str) -> Iterable[Name]:
        """Give paths of this machine."""

    def there(self, word: str) -> Iterable[Name]:
        """Give paths over there, from the shell's working directory."""

    def programs_here(self, word: str) -> Iterable[Name]:
        """Give commands of this machine."""

    def programs_there(self, word: str) -> Iterable[Name]:
        """Give commands over there."""

    def variables_there(self, word: str) -> Iterable[Name]:
        """Give variables of the shell over there."""

    def value_there(self, name: str) -> str | None:
        """Give the value of a variable of the shell over there; None when it has none, or nobody knows."""

    def arguments_there(self, line: str) -> Iterable[Name]:
        """Give words that may end a command, by what the shell over there knows of its arguments."""


class Completion(Struct, frozen=True):
    """One way to go on.

    Attributes:
        start: where in the line it begins; from there to the end it takes the text's place.
        text: what to insert, quoted as the user has begun to; with the blank or slash that follows.
        shown: how it is listed, safe for a terminal.
        directory: show it as one. about: what it is, in a few words.
    """

    start: int
    text: str
    shown: str
    directory: bool = False
    about: str = ""


class _Place:
    """Where completion was asked for.

    Attributes:
        text: the part of the line that one shell, or we, would read; `begin`: where that begins in the line.
        scan: what is in it. word: the word to complete, which is empty behind a blank or an operator.
    """

    def __init__(self, line: str, begin: int = 0) -> None:
        self.text = line[begin:]
        self.begin = begin
        self.scan = Scan(self.text)
        self.word = self._word()

    def _word(self) -> Word | None:
        """Find the word at the end; None where nobody can tell: in a comment, a here-document, behind a $."""
        size, words = len(self.text), self.scan.words
        if words and words[-1].end == size and words[-1] is self.scan.tokens[-1]:
            return None if words[-1].expands or self.scan.quote == "\\" else words[-1]
        probe = Scan(self.text + "x").words
        if not probe or probe[-1].start != size:
            return None
        return Word("", size, size, command=probe[-1].command, target=probe[-1].target)

    def insert(self, found: Iterable[Name]) -> list[Completion]:
        """Make what is inserted for each name: quoted as the word was begun, with what follows it."""
        if self.word is None:
            return []
        start = self.begin + self.word.start
        tilde = self.word.pattern.startswith("~")
        home = tilde and "/" in self.word.text
        # What comes as it is to stand in the line must not hold what acts on a terminal.
        return [
            _completion(name, start, self.scan.quote, home or (tilde and name.user))
            for name in found
            if (not name.raw or name.text.isprintable()) and (tilde or not name.user)
        ]

    def expand(self, paths: Source) -> list[Completion]:
        """Give the one completion that a pattern has: all names that fit it.

        When its last component is none, each of the names that begin as that does is one.
        """
        word = self.word
        if word is None or word.command or self.scan.quote or not is_pattern(word.pattern):
            return []
        found = fitting(word, paths)
        if not is_pattern(word.pattern.rpartition("/")[2]):
            return self.insert(found)
        if not 0 < len(found) <= _MOST_EXPANDED:
            return []
        home = word.pattern.startswith("~") and "/" in word.pattern
        start = self.begin + word.start
        text = " ".join(_completion(replace(name, directory=False), start, "", home).text.rstrip(" ") for name in found)
        return [Completion(start, text + " ", f"{len(found)} files")]

    def behind_variables(self, paths: Source, value: Callable[[str], str | None]) -> list[Completion]:
        """Give the files below a folder that variables name; they stay as they are written."""
        words, quote = self.scan.words, self.scan.quote
        if not words or words[-1].end != len(self.text) or not words[-1].expands or quote not in ("", '"'):
            return []
        word = words[-1]
        found = behind_variables(self.text[word.start :], word, value)
        if found is None or (word.quoted and not quote):
            return []
        files = _only_directories(paths) if _command_of(self.scan, word) in _FOR_DIRECTORIES else paths
        start = self.begin + word.start + found.start
        return [_rest(name, len(found.folder), start, quote) for name in files(found.folder + found.beginning)]


def _rest(name: Name, known: int, start: int, quote: str) -> Completion:
    rest = name.text[known:]
    text = quoted_rest(rest + "/" * name.directory, quote, closed=not name.directory)
    shown = quoted(rest) + ("@" if name.link else "/" if name.directory else "")
    return Completion(start, text + ("" if name.directory else " "), shown, name.directory, name.about)


def complete(text: str, names: Names) -> list[Completion]:
    """Give the completions of the word that ends where `text` ends; `text` is the line up to the cursor."""
    blank = len(text) - len(text.lstrip())
    if text.startswith("!", blank):
        here = _Place(text, blank + 1)
        return here.behind_variables(names.here, os.environ.get) or _complete_shell(
            here, names.programs_here, names.here
        )
    place = _Place(text)
    if place.word is None:
        below = place.behind_variables(names.there, names.value_there)
        return below or _complete_variable(text, place.scan, names)
    if place.word.text.startswith(":") and place.word.start == blank:
        return place.insert(name for name in _our_names(":") if name.text.startswith(text[blank:]))
    command = _ours(place.scan, place.word)
    if command is not None and command.name in RAW:
        return place.insert(names.here(place.word.text))
    if command is not None and not place.scan.syntax:
        return _expand_ours(place, command, names) or _complete_ours(place, place.word, command, names)
    ours = _our_names("") if place.word.start == blank else []
    return _complete_shell(place, lambda word: _with_ours(ours, word, names), names.there, names.arguments_there)


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


def _with_ours(ours: list[Name], word: str, names: Names) -> Iterable[Name]:
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
    place: _Place, programs: Source, paths: Source, arguments: Source = lambda line: ()
) -> list[Completion]:
    """Complete a word of a line for a shell; what is known of a command's arguments comes before paths."""
    word = place.word
    if word is None:
        return []
    if word.command and "/" not in word.text and not word.text.startswith("~"):
        return place.insert(programs(word.text))
    directories = _command_of(place.scan, word) in _FOR_DIRECTORIES
    files = _only_directories(paths) if directories else paths
    if expanded := place.expand(files):
        return expanded
    if not word.target and (begin := _command_begin(place.scan, word)) is not None:
        known = list(arguments(place.text[begin:]))
        if known:
            return place.insert(known)
    return place.insert(files(word.text))


def _only_directories(paths: Source) -> Source:
    return lambda word: [name for name in paths(word) if name.directory]


def _command_begin(scan: Scan, word: Word) -> int | None:
    """Give where the command begins whose argument a word is."""
    before = [each.start for each in scan.words if each.command and each.start < word.start]
    return before[-1] if before else None


def _command_of(scan: Scan, word: Word) -> str:
    """Give the name of the command whose argument a word is."""
    before = [each.text for each in scan.words if each.command and each.start < word.start]
    return before[-1] if before else ""


def _expand_ours(place: _Place, command: Command, names: Names) -> list[Completion]:
    """Expand a pattern where a command of ours takes files."""
    kinds = {argument.kind for argument in arguments(command, "prompt") if not argument.flags}
    if "local" in kinds:
        return place.expand(names.here)
    return place.expand(names.there) if "remote" in kinds else []


def _complete_ours(place: _Place, word: Word, command: Command, names: Names) -> list[Completion]:
    """Complete an argument of one of our commands."""
    before = [each.text for each in place.scan.words[1:] if each.start < word.start]
    known = {flag: argument for argument in arguments(command, "prompt") for flag in argument.flags}
    valued = known.get(before[-1]) if before and "--" not in before else None
    if valued is not None and valued.kind != "switch":
        return place.insert(_values(valued, valued.kind, word.text, names))
    if "--" not in before and word.text.startswith("-") and not word.quoted:
        flag, equals, value = word.text.partition("=")
        if equals and flag in known:
            found = _values(known[flag], known[flag].kind, value, names)
            return place.insert(Name(f"{flag}={name.text}", name.directory, name.about) for name in found)
        return place.insert(_options(known, word.text))
    index = _count_operands(before, known)
    if command.name == "set" and index == 1:
        return place.insert(_setting_values(before[0], word.text))
    return place.insert(_operands(command, index, word.text, names, has_target="-t" in before))


def _count_operands(before: list[str], known: dict[str, Argument]) -> int:
    """Count the operands that stand in front of the word."""
    count, ended, skip = 0, False, False
    for text in before:
        if skip:
            skip = False
        elif ended or text == "-" or not text.startswith("-"):
            count += 1
        elif text == "--":
            ended = True
        else:
            valued = known.get(text)
            skip = valued is not None and valued.kind != "switch"
    return count


def _options(known: dict[str, Argument], word: str) -> list[Name]:
    """Give the options that fit, each by its longest name unless a short one was begun."""
    found = [Name(flag, about=argument.help) for flag, argument in known.items() if flag.startswith(word)]
    return [name for name in found if name.text.startswith("--") or word == "-" or name.text == word]


def _operands(command: Command, index: int, word: str, names: Names, *, has_target: bool) -> list[Name]:
    positionals = [argument for argument in arguments(command, "prompt") if not argument.flags]
    if not positionals:
        return []
    argument = positionals[min(index, len(positionals) - 1)]
    if index >= len(positionals) and not argument.many:
        return []
    if argument.last is not None and index > 0 and not has_target:
        # It may be the target or one more source: nobody knows before the line is done.
        return _values(argument, argument.last, word, names) or _values(argument, argument.kind, word, names)
    return _values(argument, argument.kind, word, names)


def _setting_values(name: str, word: str) -> list[Name]:
    """Give what a setting may be set to."""
    setting: Setting | None = next((each for each in SETTINGS if each.name == name), None)
    if setting is None:
        return []
    known = ("on", "off") if setting.kind == "switch" else setting.choices
    return [Name(value) for value in known if value.startswith(word)]


def _values(argument: Argument, kind: Kind, word: str, names: Names) -> list[Name]:
    """Give what a value of this kind may be."""
    if kind in ("local", "local-directory"):
        return [name for name in names.here(word) if name.directory or kind == "local"]
    if kind.startswith("remote"):
        return [name for name in names.there(word) if name.directory or kind != "remote-directory"]
    if kind == "topic":
        return [Name(each.name, about=each.summary) for each in commands("prompt") if each.name.startswith(word)]
    if kind == "setting" and not argument.many:
        return [Name(each.name, about=each.about) for each in SETTINGS if each.name.startswith(word)]
    return [Name(choice) for choice in argument.choices if choice.startswith(word)]


def _completion(name: Name, start: int, quote: str, home: bool) -> Completion:
    if name.raw:
        return Completion(start, name.text + ("" if name.goes_on else " "), printable(name.text.strip()))
    text = name.text + "/" if name.directory else name.text
    prefix = ""
    if home:  # a ~ that is to be expanded must not be quoted
        prefix, slash, text = text.partition("/")
        prefix += slash
    elif text.startswith("~"):
        prefix = "./"
    insert = prefix + quoted(text, quote, closed=not name.directory) + ("" if name.directory else " ")
    last = text.rstrip("/").rpartition("/")[2] if text.strip("/") else text
    shown = quoted(last) + ("@" if name.link else "/" if name.directory else "")
    return Completion(start, insert, shown, name.directory, name.about)
