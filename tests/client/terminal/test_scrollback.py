"""What is shown again asks nothing of the terminal."""

from __future__ import annotations

import pytest

from rsh.client.terminal.scrollback import without_questions


@pytest.mark.parametrize(
    "question",
    [
        b"\x1b[c",
        b"\x1b[>c",
        b"\x1b[0c",
        b"\x1b[6n",
        b"\x1b[?6n",
        b"\x1b[5n",
        b"\x1b[?2004$p",
        b"\x1b[>q",
        b"\x1b[18t",
        b"\x1b[?u",
        b"\x1b]11;?\x07",
        b"\x1b]10;?\x1b\\",
        b"\x1bP+q544e\x1b\\",
        b"\x1bP$qm\x1b\\",
        b"\x05",
    ],
)
def test_questions_are_left_out(question: bytes) -> None:
    data = b"before" + question + b"after"
    assert without_questions(data, len(data)) == b"beforeafter"


@pytest.mark.parametrize(
    "shown", [b"\x1b[31mred\x1b[m", b"\x1b[2J\x1b[H", b"\x1b[?1049h", b"\x1b]0;title\x07", b"\x1b[8;24;80t", b"cn"]
)
def test_everything_else_stays(shown: bytes) -> None:
    assert without_questions(shown, len(shown)) == shown


def test_what_comes_now_is_untouched() -> None:
    assert without_questions(b"a\x1b[6nb\x1b[6n", 6) == b"ab\x1b[6n"
