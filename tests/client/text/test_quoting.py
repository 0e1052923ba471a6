"""Quoting: what is written is read back, by us and by bash."""

from __future__ import annotations

import os
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rsh.client.text.quoting import quoted, unescape
from rsh.client.text.syntax import Scan

HARD = [
    "a b",
    "it's",
    'say "x"',
    "a$b`c`",
    "back\\slash",
    "new\nline",
    "\x1b[31m",
    "\udcff\udc80",
    "*?[x]",
    "é\u202eb",
    "a!b#c",
]


def test_unescape_keeps_what_bash_does_not_know() -> None:
    assert unescape(r"\q\x41\101\e") == "\\qAA\x1b"


@pytest.mark.parametrize("quote", ["", "'", '"', "$'"])
@pytest.mark.parametrize("name", HARD)
def test_bash_reads_back_what_was_quoted(name: str, quote: str) -> None:
    line = os.fsencode("printf %s " + quoted(name, quote))
    assert subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout == os.fsencode(name)


@given(st.binary(min_size=1, max_size=20).filter(lambda data: b"\0" not in data), st.sampled_from(["", "'", '"', "$'"]))
def test_we_read_back_what_was_quoted(name: bytes, quote: str) -> None:
    line = "x " + quoted(os.fsdecode(name), quote)
    assert [word.text for word in Scan(line).words] == ["x", os.fsdecode(name)]


@given(st.binary(max_size=20), st.sampled_from(["", "'", '"', "$'"]))
def test_no_control_character_is_left(name: bytes, quote: str) -> None:
    assert not {unicodedata.category(char) for char in quoted(os.fsdecode(name), quote)} & {"Cc", "Cs"}


@pytest.mark.parametrize(("quote", "text"), [("", "a\\ b"), ("'", "'a b"), ('"', '"a b'), ("$'", "$'a b")])
def test_quote_stays_open_when_more_comes(quote: str, text: str) -> None:
    assert quoted("a b", quote, closed=False) == text
