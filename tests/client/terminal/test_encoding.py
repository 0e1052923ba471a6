from __future__ import annotations

import pytest

from rsh.client.terminal.encoding import Transcoder, checked, terminal_encoding
from rsh.errors import UsageError

TEXT = "中文 abc äöü"


@pytest.mark.parametrize(
    ("codec", "text"), [("gbk", "中文 abc"), ("latin-1", "äöü ÿ"), ("euc_jp", "日本"), ("big5", "中")]
)
def test_both_directions_are_converted_wherever_they_are_cut(codec: str, text: str) -> None:
    there, here = text.encode(codec), text.encode()
    for step in (1, 2, 3, 100):
        coder = Transcoder(codec, "utf-8")
        shown = b"".join(coder.to_screen(there[start : start + step]) for start in range(0, len(there), step))
        sent = b"".join(coder.to_other_side(here[start : start + step]) for start in range(0, len(here), step))
        assert (shown, sent) == (here, there)


def test_control_sequences_pass() -> None:
    coder = Transcoder("gbk", "utf-8")
    everything = bytes(range(128))
    assert coder.to_screen(everything) == everything
    assert coder.to_other_side(everything) == everything


def test_what_has_no_counterpart_is_seen_as_such() -> None:
    coder = Transcoder("latin-1", "utf-8")
    assert coder.to_other_side("a中b".encode()) == b"a?b"
    assert Transcoder("gbk", "utf-8").to_screen(b"a\xffb") == "a\N{REPLACEMENT CHARACTER}b".encode()
    assert Transcoder("utf-8", "latin-1").to_screen("中".encode()) == b"?"


def test_line_for_the_shell_is_converted_whole_or_not_at_all() -> None:
    coder = Transcoder("gbk", "utf-8")
    assert coder.line("ls 中\udcff") == b"ls \xd6\xd0\xff"
    with pytest.raises(UsageError, match="no 'ह' in gbk"):
        coder.line("rm ह")  # `?` in its place would name other files


@pytest.mark.parametrize("codec", ["gbk", "GB18030", "latin-1", "shift_jis", "koi8-r", "cp1252", "utf-8", "big5"])
def test_encodings_of_terminals_are_taken(codec: str) -> None:
    checked(codec)


@pytest.mark.parametrize(
    "codec",
    (
        *("no-such", "", "a\0b", "utf-16", "utf-32", "utf-7", "utf-8-sig", "cp037", "hex", "rot13", "base64", "zlib"),
        *("idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "hz", "mbcs"),
    ),
)
def test_others_are_refused(codec: str) -> None:
    with pytest.raises(UsageError):
        checked(codec)


def test_ours_is_that_of_the_locale() -> None:
    assert terminal_encoding()


@pytest.mark.parametrize(
    ("codec", "left", "shown"),
    [("gbk", b"\xd6", "\ufffd"), ("iso2022_jp", b"\x1b$B", ""), ("utf-8", b"\xe4\xb8", "\ufffd")],
)
def test_next_output_is_read_from_its_beginning(codec: str, left: bytes, shown: str) -> None:
    transcoder = Transcoder(codec, "utf-8")
    assert transcoder.to_screen(b"a" + left) == b"a"
    assert transcoder.end().decode() == shown
    assert transcoder.to_screen(b"next") == b"next"
    assert transcoder.end() == b""
