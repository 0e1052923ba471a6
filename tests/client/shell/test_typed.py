"""What comes back of what was typed: everything that was, and nothing else."""

from __future__ import annotations

import pytest

from rsh.client.shell.typed import Typed, ours, split_at_keys


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


def test_what_is_typed_unseen_never_comes_back_nor_what_was_before_it() -> None:
    typed = Typed()
    typed.begin_line(b"ahead\r")
    typed.send(b"sec", hidden=True)
    typed.send(b"ret\r", hidden=True)
    typed.send(b"ls\r")
    typed.take_back(10, b"ahead\nsecret\nls\n")
    assert typed.take_ahead() == b"ls\n"


def test_unfinished_line_that_was_typed_unseen_takes_what_follows_with_it() -> None:
    typed = Typed()
    typed.begin_line()
    typed.send(b"sec", hidden=True)
    typed.send(b"ls\rnext")
    typed.take_back(10, b"secls\nnext")
    assert typed.take_ahead() == b"next"


def test_what_was_typed_for_a_line_before_it_comes_back_as_well() -> None:
    typed = Typed()
    typed.send(b"gone")
    assert typed.begin_line(b"one\rtwo") == 4
    typed.send(b"three")
    typed.take_back(4 + 3, b"two" + b"thr")
    assert typed.take_ahead() == b"twothree"


def test_keys_that_do_something_are_not_typed_before_the_line_is_there() -> None:
    assert split_at_keys(b"text\r\tmore \x1b[A\x03again\r") == (b"text\r\tmore \x1b[A", b"\x03again\r")
    assert split_at_keys(b"x" * 5000) == (b"x" * 4000, b"x" * 1000)
