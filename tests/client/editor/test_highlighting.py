"""Colours of the line (issue: syntax highlighting of shell lines)."""

from __future__ import annotations

import threading

import pytest
from prompt_toolkit.document import Document

from rsh.client.editor.highlighting import LONGEST, LineLexer, judged, pieces
from tests.machines import SOON

KNOWN = {"cat", "grep", "make"}


def is_known(command: str) -> bool | None:
    return None if command == "unheard" else command in KNOWN


def marked(text: str) -> list[tuple[str, str]]:
    """Give what our scanner marks: the class, and the text."""
    return [(style.removeprefix("class:line."), text[start:end]) for start, end, style in judged(text, is_known)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("cat a | grpe b", [("unknown", "grpe")]),
        ("unheard of", []),
        ("./here && $EDITOR x && X=1", []),
        ("if cat; then make; fi", []),
        ("put a b", [("ours", "put")]),
        ("put a | cat", [("unknown", "put")]),
        ("  :ls -l", [("ours", ":ls")]),
        (":nothing", [("unknown", ":nothing")]),
        ("!anything at all", [("ours", "!")]),
        ("cat 'a b", [("open", "'a b")]),
        ('cat "a', [("open", '"a')]),
        ("cat 'a b'", []),
    ],
)
def test_commands_and_open_quotes_are_marked(text: str, found: list[tuple[str, str]]) -> None:
    assert marked(text) == found


def test_pieces_are_cut_at_lines_and_where_the_class_changes() -> None:
    assert pieces("ab\n\ncd", [(1, 4, "x"), (4, 5, "y")]) == [[("", "a"), ("x", "b")], [], [("y", "c"), ("", "d")]]


@pytest.fixture
def lexer() -> LineLexer:
    loaded = threading.Event()
    lexer = LineLexer(is_known, loaded.set)
    lexer.load()
    assert loaded.wait(SOON)
    return lexer


def line(lexer: LineLexer, text: str, number: int = 0) -> list[tuple[str, str]]:
    return [(piece[0], piece[1]) for piece in lexer.lex_document(Document(text))(number)]


def test_syntax_is_coloured(lexer: LineLexer) -> None:
    assert ("class:line.keyword", "for") in line(lexer, "for i in 1")
    assert ("class:line.comment", "# x") in line(lexer, "cat # x")
    assert ("class:line.string", "'x'") in line(lexer, "cat 'x'")
    assert line(lexer, "cat\necho 'x'", 1)[-1] == ("class:line.string", "'x'")


def test_text_stays_as_it_is(lexer: LineLexer) -> None:
    for text in ("for i in $(ls); do\n\techo \"a $i\" 'b\nc' # d\ndone", "", "\n", "a" * (LONGEST + 1), "\udcff '\x1b"):
        lines = range(len(text.split("\n")))
        assert "\n".join("".join(piece for _, piece in line(lexer, text, number)) for number in lines) == text


def test_nothing_is_coloured_when_it_is_not_wanted_or_too_long(lexer: LineLexer) -> None:
    assert line(lexer, "for " * LONGEST) == [("", "for " * LONGEST)]
    before = lexer.invalidation_hash()
    lexer.enabled = False
    assert line(lexer, "for i in 1") == [("", "for i in 1")]
    assert lexer.invalidation_hash() != before
