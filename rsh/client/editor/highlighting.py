"""Colours a line by its syntax while it is typed: Pygments reads the shell's language, our own scanner knows the rest.

Pygments is imported by a thread, and a line that is too long stays as it is: nothing here may make a key wait. A screen
module.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from typing import Any, Final, TypeAlias

from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.lexers import Lexer

from rsh.client.cli.table import find
from rsh.client.editor.lines import find_by_prefix
from rsh.client.text.syntax import LEADERS, PARTNERS, Scan, Word
from rsh.errors import UsageError

# A piece of the line and its class.
Span: TypeAlias = tuple[int, int, str]

# What is looked at with each key, in characters: some 3 ms.
LONGEST: Final = 4000

# Pygments' kinds of tokens, the more special ones first.
_CLASSES: Final = (
    ("Token.Keyword", "class:line.keyword"),
    ("Token.Name.Builtin", "class:line.builtin"),
    ("Token.Name.Variable", "class:line.variable"),
    ("Token.Literal.String.Interpol", "class:line.variable"),
    ("Token.Literal.String", "class:line.string"),
    ("Token.Comment", "class:line.comment"),
    ("Token.Operator", "class:line.operator"),
)


class LineLexer(Lexer):
    """Colours lines.

    Attributes:
        enabled: whether it does.
    """

    def __init__(self, is_known: Callable[[str], bool | None], refresh: Callable[[], None]) -> None:
        """Prepare; `load` makes it work.

        Args:
            is_known: says whether the shell over there knows a command, None while nobody has heard; it does not wait.
            refresh: has the line drawn again; called by another thread.
        """
        self.enabled = True
        self._is_known = is_known
        self._refresh = refresh
        self._bash: Any = None  # Pygments' lexer once it is there
        self._era = 0  # counted up when the same line may look different

    def load(self) -> None:
        """Import Pygments in a thread."""
        threading.Thread(target=self._load, name="highlighting", daemon=True).start()

    def _load(self) -> None:
        from pygments.lexers.shell import BashLexer

        self._bash = BashLexer(ensurenl=False, stripnl=False)
        self.forget()
        self._refresh()

    def forget(self) -> None:
        """Look at lines anew: what is known of commands may have changed."""
        self._era += 1

    def invalidation_hash(self) -> Hashable:
        """Tell prompt_toolkit when the same text may look different."""
        return self._era, self.enabled

    def lex_document(self, document: Document) -> Callable[[int], StyleAndTextTuples]:
        """Give the coloured pieces of each line."""
        text = document.text
        spans = list(self._spans(text)) if self.enabled and 0 < len(text) <= LONGEST else []
        if not spans:
            return lambda number: [("", document.lines[number])]
        lines = pieces(text, spans)
        return lambda number: lines[number] if number < len(lines) else []

    def _spans(self, text: str) -> Iterator[Span]:
        """Give what is coloured, later ones over earlier ones."""
        if self._bash is not None:
            for start, kind, value in self._bash.get_tokens_unprocessed(text + "\n"):
                if style := _class_of(str(kind)):
                    yield start, start + len(value), style
        yield from judged(text, self._is_known)


def judged(text: str, is_known: Callable[[str], bool | None]) -> Iterator[Span]:
    """Give what our scanner knows: whose command it is, whether anybody knows it, and a quote that is not closed."""
    blank = len(text) - len(text.lstrip())
    if text.startswith("!", blank):
        yield blank, blank + 1, "class:line.ours"
        return
    scan = Scan(text)
    for word in scan.words:
        if word.command and not word.target and word.text:
            style = _command_class(word, word.start == blank, scan, is_known)
            if style:
                yield word.start, word.end, style
    if scan.quote and scan.words and scan.words[-1].end == len(text):
        yield scan.words[-1].start, len(text), "class:line.open"


def _command_class(word: Word, first: bool, scan: Scan, is_known: Callable[[str], bool | None]) -> str:
    if first and word.text.startswith(":") and len(word.text) > 1:
        return "class:line.ours" if _is_ours(word.text[1:]) else "class:line.unknown"
    ours = find(word.text, "prompt") if first and not word.quoted else None
    if ours is not None and ours.bare and not scan.syntax:
        return "class:line.ours"
    if word.expands or "/" in word.text or "=" in word.text or word.text in _WORDS:
        return ""
    return "class:line.unknown" if is_known(word.text) is False else ""


# Words that begin commands and are none, and what the scanner sees as a command and a shell does not.
_WORDS: Final = LEADERS | frozenset([*PARTNERS, *PARTNERS.values(), "in", "function", "[[", "]]", "coproc", "["])


def _is_ours(name: str) -> bool:
    try:
        find_by_prefix(name)
    except UsageError:
        return False
    return True


def _class_of(kind: str) -> str:
    for beginning, style in _CLASSES:
        if kind.startswith(beginning):
            return style
    return ""


def pieces(text: str, spans: list[Span]) -> list[StyleAndTextTuples]:
    """Cut a text into coloured pieces, line by line."""
    styles = [""] * len(text)
    for start, end, style in spans:
        styles[start:end] = [style] * (min(end, len(text)) - start)
    lines: list[StyleAndTextTuples] = [[]]
    begin = 0
    for index in range(1, len(text) + 1):
        if index < len(text) and styles[index] == styles[begin] and text[index] != "\n" and text[begin] != "\n":
            continue
        if text[begin] == "\n":
            lines.append([])
        else:
            lines[-1].append((styles[begin], text[begin:index]))
        begin = index
    return lines
