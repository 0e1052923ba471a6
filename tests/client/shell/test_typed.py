"""What comes back of what was typed: everything that was, and nothing else."""

from __future__ import annotations

import pytest

from rsh.client.shell.typed import Typed, ours


@pytest.mark.parametrize(
    ("unread", "typed"),
    [
        (b"two\n", b"one\rtwo\r"),
        (b"two\r", b"one\rtwo\r"),
        (b"ls -l\n", b"ls -x\x7fl\r"),
        (b"\xc3\xa4b", "äö".encode() + b"\x7fb"),
        (b"b\n", b"a\x15b\r"),
        (b"one three\n", b"one two\x17three\r"),
        (b"\x03x", b"\x16\x03x"),
        (b"raw\x7f", b"raw\x7f"),
        (b"on\n", b"\x04\x13\x11on\r"),
        (b"", b"read by somebody"),
    ],
)
def test_what_was_typed_comes_back(unread: bytes, typed: bytes) -> None:
    assert ours(unread, typed) == unread.replace(b"\r", b"\n")


@pytest.mark.parametrize("typed", [b"", b"\r", b"ls\r", b"vim\r:wq\r"])
def test_what_was_not_typed_does_not(typed: bytes) -> None:
    assert ours(b"!touch /tmp/mine\n", typed) == b""
    assert ours(b"!touch /tmp/mine\n:get x\n", typed) == b""


def test_only_whole_lines_come_back_behind_what_was_not_typed() -> None:
    assert ours(b"!mine; rm -r x\nls\n", b"rm -r x\rls\r") == b"ls\n"
    assert ours(b"theirsls\n", b"ls\r") == b""
    assert ours(b"theirs\nls\n", b"ls\r") == b"ls\n"


def test_parts_are_put_together_in_order() -> None:
    typed = Typed()
    typed.send(b"before")
    assert typed.begin_line() == 6
    typed.send(b"read;there;late;")
    typed.keep(b"here")
    typed.take_back(6 + len(b"read;there;"), b"there;")
    assert typed.take_ahead() == b"there;late;here"
    assert typed.take_ahead() == b""


def test_more_than_was_typed_cannot_have_come() -> None:
    typed = Typed()
    typed.send(b"abc")
    typed.take_back(2**61, b"!abc")
    typed.take_back(0, b"!x")
    assert typed.take_ahead() == b"abc"
