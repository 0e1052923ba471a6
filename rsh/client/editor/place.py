"""Where in a line completion was asked for, and what it makes of the names that fit, quoted as was begun."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from rsh.client.editor.expansion import Source, behind_variables, fitting, is_pattern, quoted_rest
from rsh.client.editor.name import Name
from rsh.client.text.quoting import quoted
from rsh.client.text.syntax import ASSIGNMENT, Scan, Word
from rsh.escape import composed, printable

# A pattern that fits more names stays as it is.
_MOST_EXPANDED: Final = 200

# Commands of a shell that take directories only.
_FOR_DIRECTORIES: Final = frozenset(("cd", "pushd", "rmdir", "chdir"))


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


class Place:
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

    def value(self) -> Place | None:
        """Give the place of the value, or of its part behind the last colon, when an assignment is being typed."""
        word = self.scan.words[-1] if self.scan.words else None
        if word is None or not word.command or word.end != len(self.text):
            return None
        name = ASSIGNMENT.match(self.text, word.start)
        if name is None:
            return None
        colon = 0 if word.quoted else self.text.rfind(":", name.end()) + 1
        place = Place(self.text, max(name.end(), colon))
        place.begin += self.begin
        return place

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

    def behind_variables(
        self, paths: Source, value: Callable[[str], str | None], folders: Source | None = None
    ) -> list[Completion]:
        """Give the files below a folder that variables name; they stay as they are written."""
        words, quote = self.scan.words, self.scan.quote
        if not words or words[-1].end != len(self.text) or not words[-1].expands or quote not in ("", '"'):
            return []
        word = words[-1]
        found = behind_variables(self.text[word.start :], word, value)
        if found is None or (word.quoted and not (quote or found.bare)):
            return []
        files = self.suitable(paths, word, folders)
        start = self.begin + word.start + found.start
        return [_rest(name, len(found.folder), start, quote) for name in files(found.folder + found.beginning)]

    def suitable(self, paths: Source, word: Word, folders: Source | None) -> Source:
        """Give where the paths for a word come from: some commands take directories only.

        Args:
            folders: gives those alone; None: they are picked out of the paths.
        """
        if _command_of(self.scan, word) not in _FOR_DIRECTORIES:
            return paths
        return folders or _only_directories(paths)


def _rest(name: Name, known: int, start: int, quote: str) -> Completion:
    rest = name.text[known:]
    text = quoted_rest(rest + "/" * name.directory, quote, closed=not name.directory)
    shown = composed(quoted(rest)) + ("@" if name.link else "/" if name.directory else "")
    return Completion(start, text + ("" if name.directory else " "), shown, name.directory, name.about)


def _only_directories(paths: Source) -> Source:
    return lambda word: [name for name in paths(word) if name.directory]


def _command_of(scan: Scan, word: Word) -> str:
    """Give the name of the command whose argument a word is."""
    before = [each.text for each in scan.words if each.command and each.start < word.start]
    return before[-1] if before else ""


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
    shown = composed(quoted(last)) + ("@" if name.link else "/" if name.directory else "")
    return Completion(start, insert, shown, name.directory, name.about)
