"""Reads shell lines far enough to split them into words, to see what is unfinished, and to complete the last word.

A scanner, not a parser: what a line means is for the shell that runs it. It knows quotes, expansions, operators,
here-documents and the reserved words that need a partner (POSIX.1-2017, Shell Command Language, 2.2 to 2.10).
"""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

from rsh.client.text.quoting import unescape

_OPERATOR: Final = re.compile(r"<<<|<<-|&>>|;;&|&&|\|\||;;|;&|\|&|<<|>>|<&|>&|<>|>\||&>|[;&|<>()\n]")
_PLAIN: Final = re.compile(r"[^\s'\"\\`$#(){};&|<>]+")  # runs of these need no look at each character
_PLAIN_IN_QUOTES: Final = re.compile(r"[^\"\\`$]+")
_ANSI_QUOTED: Final = re.compile(r"(?:[^'\\]|\\.)*", re.DOTALL)
_BRACES: Final = re.compile(r"\{[^\s{}]*(?:,|\.\.)[^\s{}]*\}")
ASSIGNMENT: Final = re.compile(r"[A-Za-z_]\w*(?:\[[^]]*\])?\+?=")
_EXPANSION: Final = re.compile(r"`|\$(?=[\w{(@*#?!$-])")
_WILDCARD: Final = re.compile(r"[][*?]")

_REDIRECTIONS: Final = frozenset(["<", ">", ">>", "<<", "<<-", "<<<", "<&", ">&", "<>", ">|", "&>", "&>>"])
LEADERS: Final = frozenset(
    ["if", "then", "else", "elif", "while", "until", "do", "{", "!", "time"]
)  # a command comes next
PARTNERS: Final = {
    "if": "fi",
    "for": "done",
    "while": "done",
    "until": "done",
    "select": "done",
    "case": "esac",
    "{": "}",
}
_WAITING: Final = frozenset(["|", "|&", "&&", "||"])  # the line goes on after these


class Word(Struct):
    """One word as the shell would see it.

    Attributes:
        text: without its quotes; expansions stay as they were written.
        start, end: where it stands in the line.
        pattern: `text` with quoted wildcards and a quoted ~ made harmless ([*], ./~).
        quoted: some of it is quoted. expands: it holds an unquoted $, ` or brace expansion.
        command: it stands where a command's name stands. target: it stands after a redirection.
    """

    text: str
    start: int
    end: int
    pattern: str = ""
    quoted: bool = False
    expands: bool = False
    command: bool = False
    target: bool = False


class Operator(Struct):
    """One operator: "|", ">", newline."""

    text: str
    start: int


class _Code:
    """A stretch of shell code: the whole line, or what stands in $( ), ` ` or ( )."""

    def __init__(self, closer: str, begin: int) -> None:
        self.closer = closer
        self.begin = begin
        self.tokens: list[Word | Operator] = []
        self.word: Word | None = None  # being read
        self.open: list[str] = []  # reserved words that are awaited, innermost last
        self.command_next = True
        self.target_next = False


class Scan:
    """What was found in one line.

    With `loose_braces` a } closes what { has opened wherever it is a word, as in zsh: `f() { ls }`.

    Attributes:
        tokens: words and operators of the innermost code: of $( ) when the line ends inside one.
        quote: the quote that is open at the end: ', ", $' or \\ (a lone backslash), else "".
        wants: what is missing for the line to be whole; empty when it is.
        heredoc: the delimiter of the here-document that the line ends in, else "".
        syntax: the first unquoted piece that only a shell understands, else "".
    """

    def __init__(self, text: str, *, loose_braces: bool = False) -> None:
        self.text = text
        self._loose_braces = loose_braces
        self.quote = ""
        self.syntax = ""
        self._at = 0
        self._codes = [_Code("", 0)]
        self._heredocs: list[tuple[str, bool]] = []  # delimiter, tabs are stripped
        self._unclosed: list[str] = []
        while self._at < len(text):
            self._step()
        self._end_word()
        self.tokens = self._codes[-1].tokens
        self.wants = self._missing()
        self.heredoc = self._heredocs[0][0] if self._heredocs else ""

    @property
    def words(self) -> list[Word]:
        """The words of the line, without its operators."""
        return [token for token in self.tokens if isinstance(token, Word)]

    def _missing(self) -> list[str]:
        missing = [word for code in self._codes for word in [*code.open, code.closer] if word]
        missing += [delimiter for delimiter, _ in self._heredocs] + self._unclosed
        missing += [self.quote] if self.quote else []
        last = next((token for token in reversed(self.tokens) if token.text != "\n"), None)
        if isinstance(last, Operator) and last.text in _WAITING:
            missing.append("command")
        return missing

    def _step(self) -> None:
        """Read one character or construct of code."""
        text, at, code = self.text, self._at, self._codes[-1]
        char = text[at]
        if plain := _PLAIN.match(text, at):
            self._add(plain[0])
        elif char in " \t":
            self._end_word()
            self._at += 1
        elif code.closer and text.startswith(code.closer, at):
            self._close_code()
        elif char in "'\"\\" or text.startswith("$'", at):
            self._quoted(char)
        elif _EXPANSION.match(text, at):
            self._expansion()
        elif text.startswith("((", at) and code.word is None and code.command_next:
            self._arithmetic()
        elif char == "#" and code.word is None:
            self._note(char)
            self._at = (text.find("\n", at) + 1 or len(text) + 1) - 1
        elif operator := _OPERATOR.match(text, at):
            self._operator(operator[0])
        else:
            self._brace_or_other(char)

    def _brace_or_other(self, char: str) -> None:
        if _BRACES.match(self.text, self._at):
            self._note(char)
            self._open_word().expands = True
        self._add(char)

    def _note(self, syntax: str) -> None:
        self.syntax = self.syntax or syntax

    def _open_word(self) -> Word:
        code = self._codes[-1]
        if code.word is None:
            command = code.command_next and not code.target_next
            code.word = Word("", self._at, self._at, command=command, target=code.target_next)
        return code.word

    def _add(self, text: str) -> None:
        """Take unquoted text into the word, and step over it."""
        word = self._open_word()
        word.text += text
        word.pattern += text
        self._at += len(text)

    def _add_quoted(self, text: str) -> None:
        """Take what a quote gave into the word."""
        word = self._open_word()
        home = "./" if text.startswith("~") and not word.text else ""
        word.quoted = True
        word.text += text
        word.pattern += home + _WILDCARD.sub(r"[\g<0>]", text)

    def _end_word(self) -> None:
        code = self._codes[-1]
        word, code.word = code.word, None
        if word is None:
            return
        word.end = self._at
        code.tokens.append(word)
        if word.target:
            code.target_next = False
            before = code.tokens[-2]
            if before.text in ("<<", "<<-"):
                self._heredocs.append((word.text, before.text == "<<-"))
        elif word.command or (self._loose_braces and word.text == "}"):
            self._reserved(code, "" if word.quoted else word.text)

    def _reserved(self, code: _Code, text: str) -> None:
        """Follow the reserved words, and see whether a command may come next."""
        if code.open and text == code.open[-1]:
            code.open.pop()
        elif text in PARTNERS:
            code.open.append(PARTNERS[text])
        code.command_next = text in LEADERS or bool(ASSIGNMENT.match(text))

    def _operator(self, operator: str) -> None:
        code = self._codes[-1]
        if operator in _REDIRECTIONS and code.word is not None and code.word.text.isdigit() and not code.word.quoted:
            code.word = None  # The 2 of 2> is part of the operator.
        self._end_word()
        self._note(operator)
        code.tokens.append(Operator(operator, self._at))
        self._at += len(operator)
        if operator in _REDIRECTIONS:
            code.target_next = True
            return
        code.command_next, code.target_next = True, False
        if operator == "(":
            self._codes.append(_Code(")", self._at - 1))
        elif operator == "\n":
            self._read_heredocs()

    def _close_code(self) -> None:
        """Step over the closer; what stood in $( ) is a piece of the word outside, ( ) is not."""
        self._end_word()
        closed = self._codes.pop()
        outer = self._codes[-1]
        self._at += len(closed.closer)
        if outer.word is None:
            outer.command_next = True
        else:
            piece = self.text[closed.begin : self._at]
            outer.word.text += piece
            outer.word.pattern += piece

    def _quoted(self, char: str) -> None:
        """Read what a quote or a backslash quotes."""
        self._open_word()
        if char == "'":
            self._single_quoted()
        elif char == '"':
            self._double_quoted()
        elif char == "$":
            self._ansi_quoted()
        elif self._at + 1 == len(self.text):
            self.quote, self._at = "\\", len(self.text)
        else:
            if self.text[self._at + 1] != "\n":
                self._add_quoted(self.text[self._at + 1])
            self._at += 2

    def _single_quoted(self) -> None:
        begin = self._at + 1
        end = self.text.find("'", begin)
        if end < 0:
            self.quote, end = "'", len(self.text)
        self._add_quoted(self.text[begin:end])
        self._at = min(end + 1, len(self.text))

    def _ansi_quoted(self) -> None:
        begin = self._at + 2
        match = _ANSI_QUOTED.match(self.text, begin)
        end = match.end() if match else begin
        self._add_quoted(unescape(self.text[begin:end]))
        if not self.text.startswith("'", end):
            self.quote, end = "$'", len(self.text)
        self._at = min(end + 1, len(self.text))

    def _double_quoted(self) -> None:
        self._at += 1
        self._add_quoted("")
        while self._at < len(self.text) and not self._unclosed:
            char = self.text[self._at]
            if plain := _PLAIN_IN_QUOTES.match(self.text, self._at):
                self._add_quoted(plain[0])
                self._at = plain.end()
            elif char == '"':
                self._at += 1
                return
            elif _EXPANSION.match(self.text, self._at):
                self._expansion_in_quotes()
            else:
                self._backslash_in_quotes()
        if not self._unclosed:
            self.quote = '"'

    def _backslash_in_quotes(self) -> None:
        """Take a character that may or may not be quoted by a backslash; POSIX 2.2.3."""
        pair = self.text[self._at : self._at + 2]
        meant = pair[0] == "\\" and pair[1:] in ('"', "\\", "$", "`", "\n")
        self._add_quoted(pair[1:].strip("\n") if meant else pair[0])
        self._at += 2 if meant else 1

    def _expansion_in_quotes(self) -> None:
        depth = len(self._codes)
        self._expansion()
        while len(self._codes) > depth and self._at < len(self.text):
            self._step()
        if len(self._codes) > depth:
            self._unclosed.append('"')

    def _expansion(self) -> None:
        """Read $name, ${...}, $(...), $((...)) or `...`."""
        text, at = self.text, self._at
        self._note(text[at])
        self._open_word().expands = True
        if text.startswith("$((", at):
            self._arithmetic()
        elif text.startswith("${", at):
            self._skip_to("}")
        elif text.startswith("$(", at):
            self._codes.append(_Code(")", at))
            self._at += 2
        elif text[at] == "`":
            self._codes.append(_Code("`", at))
            self._at += 1
        else:
            self._add(text[at : at + 2])

    def _arithmetic(self) -> None:
        self._note("((")
        self._open_word().expands = True
        self._skip_to("))")

    def _skip_to(self, closer: str) -> None:
        end = self.text.find(closer, self._at)
        if end < 0:
            self._unclosed.append(closer)
        self._add(self.text[self._at : len(self.text) if end < 0 else end + len(closer)])

    def _read_heredocs(self) -> None:
        """Pass over the bodies of the here-documents that begin after this newline."""
        while self._heredocs and self._at < len(self.text):
            delimiter, strip = self._heredocs[0]
            end = (self.text.find("\n", self._at) + 1 or len(self.text) + 1) - 1
            line = self.text[self._at : end]
            self._at = min(end + 1, len(self.text))
            if (line.lstrip("\t") if strip else line) == delimiter:
                self._heredocs.pop(0)
