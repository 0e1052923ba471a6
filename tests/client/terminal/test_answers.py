from __future__ import annotations

import pytest
from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES

from rsh.client.terminal.answers import without_answers


@pytest.mark.parametrize(
    "answer",
    [
        b"\x1b[?1;2c",  # DA1
        b"\x1b[>84;0;0c",  # DA2
        b"\x1bP!|00000000\x1b\\",  # DA3
        b"\x1b[?12;40;1R",  # DECXCPR
        b"\x1b[?2026;2$y",  # DECRQM
        b"\x1b[4;2$y",
        b"\x1b[?997;1n",
        b"\x1b[8;24;80t",
        b"\x1b[4;600;800t",
        b"\x1b]lthe title\x1b\\",
        b"\x1b]11;rgb:0000/0000/0000\x1b\\",
        b"\x1b]4;1;rgb:ffff/0000/0000\x07",
        b"\x1b]52;c;cm0gLXJmIH4K\x07",
        b"\x1bP1$r0m\x1b\\",
        b"\x1bP0+r\x1b\\",
        b"\x1bP1+r544e=787465726d\x1b\\",
        b"\x1bP>|XTerm(390)\x1b\\",
        b"\x1b[?1u",
        b"\x1b_Gi=31;OK\x1b\\",
    ],
)
def test_answers_are_no_keys(answer: bytes) -> None:
    assert without_answers(b"ls" + answer + answer + b" -l\r") == b"ls -l\r"


def test_keys_stay() -> None:
    for keys in ANSI_SEQUENCES:
        assert without_answers(keys.encode()) == keys.encode()


@pytest.mark.parametrize(
    "keys",
    [
        b"\x1b[12;40R",  # CPR, which the prompt asks for
        b"\x1b[<0;3;4M",  # the mouse
        b"\x1b[13;5u",
        b"\x1b[I\x1b[O",
        b"\x1b]10",  # Alt-] and digits
        b"\x1bP$x\r",
        b"\x1b_G\r\x1b\\",
        b"\xff\x1b",
    ],
)
def test_what_is_typed_stays(keys: bytes) -> None:
    assert without_answers(keys) == keys
