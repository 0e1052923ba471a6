"""Output of jobs while the prompt is shown, line by line."""

from __future__ import annotations

import pytest

from rsh.client.editor.above import LONGEST, Above


def shown(above: Above) -> str:
    return "".join(text for _, text, *_ in above.fragments())


def test_line_that_comes_in_pieces_is_printed_once_whole() -> None:
    above = Above()
    assert above.take(b"a\nlo") == b"a\n"
    assert shown(above) == "lo\n"
    assert above.take(b"ad\xc3") == b""
    assert shown(above) == "load\ufffd\n"
    assert above.take(b"\xa9\nb\n") == b"load\xc3\xa9\nb\n"
    assert shown(above) == ""


def test_line_that_redraws_itself_is_shown_as_it_is_now() -> None:
    above = Above()
    assert above.take(b"\r10%\r\x1b[31m20%\r") == b""
    assert shown(above) == "20%\n"


@pytest.mark.parametrize("data", [b"\a", b"\x1b[0m", b"a\n\x1b]0;title\x07"])
def test_what_nobody_sees_is_no_line(data: bytes) -> None:
    above = Above()
    assert above.take(data) == data
    assert shown(above) == ""


def test_line_without_end_does_not_take_all_memory() -> None:
    above = Above()
    assert above.take(b"x" * (LONGEST + 1)) == b"x" * (LONGEST + 1) + b"\r\n"
    assert shown(above) == ""


def test_nothing_is_lost_when_the_prompt_ends() -> None:
    above = Above()
    above.take(b"one")
    assert shown(above) == "one\n"
    above.take(b"two")
    assert above.end() == b"two\r\n"
    assert (above.end(), shown(above)) == (b"", "")
