from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rsh.escape import composed, printable, shell_quoted, spelled_out

NAMES = st.text(
    st.sampled_from("ab'\"\\ ~#{}?*$!`=-@:;,%^[]|&()<>\n\t\x01\x7f\x85é日\u202e\udcff\udc80"), min_size=1, max_size=8
).map(lambda text: text.encode("utf-8", "surrogateescape"))


@pytest.mark.parametrize("text", ["", "plain", "two words", "Grüße", "日本語", "back\\slash", "👩\u200d💻", "a\u00a0b"])
def test_printable_text_stays(text: str) -> None:
    assert printable(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\r\t", r"two\x0alines\x0d\x09"),
        ("\x7f\x80\x9b", r"\x7f\x80\x9b"),
        ("a\u202eb\u2066\u200f\u061c", r"a\u202eb\u2066\u200f\u061c"),
        ("\ud800", r"\ud800"),
        ("\udcff", r"\xff"),
        ("\u2028", r"\u2028"),
    ],
)
def test_what_a_terminal_would_obey_is_written_out(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_bytes_that_are_no_utf_8_are_written_out() -> None:
    assert printable(b"caf\xe9 \xc3\xa9") == r"caf\xe9 é"


@given(st.one_of(st.text(), st.binary()))
def test_nothing_dangerous_is_left_in_any_text(text: str | bytes) -> None:
    shown = printable(text)
    assert not {unicodedata.category(character) for character in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not {unicodedata.bidirectional(character) for character in shown} & {
        "RLO",
        "LRO",
        "RLE",
        "LRE",
        "RLI",
        "LRI",
    }


@pytest.mark.skipif(not shutil.which("bash"), reason="no bash")
@settings(max_examples=20)
@given(st.lists(NAMES, min_size=20, max_size=60))
@example([bytes([byte]) for byte in range(1, 256)])
@example([b"a" + bytes([byte]) + b"'" for byte in range(1, 256)])
def test_quoted_names_paste_back_into_a_shell(names: list[bytes]) -> None:
    command = "printf '%s\\0' " + " ".join(shell_quoted(name) for name in names)
    output = subprocess.run(["bash", "-c", command.encode()], capture_output=True, check=True).stdout
    assert output.split(b"\0")[:-1] == names


def gnu_quoted(names: list[bytes]) -> list[str]:
    """Ask ls itself. Its empty pair of quotes in front, left over when it changes its mind about the style, is cut."""
    output = subprocess.run(
        [b"ls", b"-d", b"-U", b"-1", b"--quoting-style=shell-escape", b"--", *names],
        capture_output=True,
        env=dict(os.environ, LC_ALL="C.UTF-8"),
        check=True,
    ).stdout
    lines = output.decode("utf-8").splitlines()
    return [line[2:] if re.match(r"'''.*'", line) else line for line in lines]


def test_names_are_quoted_as_ls_does(tmp_path: object, monkeypatch: pytest.MonkeyPatch) -> None:
    if b"shell-escape" not in subprocess.run(["ls", "--help"], capture_output=True, check=False).stdout:
        pytest.skip("no GNU ls")
    monkeypatch.chdir(str(tmp_path))
    names = [bytes([byte]) for byte in range(1, 256) if byte not in b"./"]
    names += [prefix + bytes([byte]) for byte in range(1, 256) if byte != 47 for prefix in (b"a", b"a'", b"' ", b"\n")]
    names += [bytes([byte]) + b"'a" for byte in range(1, 256) if byte != 47]
    names += ["é'日".encode(), "naïve name".encode(), b"a\xff\xfeb\nc'd", b"{}", b"-rf", b"a]", b"~root", b"a~"]
    for name in names:
        os.close(os.open(name, os.O_CREAT | os.O_WRONLY))
    assert [shell_quoted(name) for name in names] == gnu_quoted(names)


def test_name_that_turns_the_line_around_is_quoted() -> None:
    assert shell_quoted("a\u202eb".encode()) == r"'a'$'\342\200\256''b'"


def test_empty_name_is_visible() -> None:
    assert shell_quoted(b"") == "''"


@pytest.mark.parametrize("text", ["Grüße", "日本語", "が", "한국어", "Ą́", "naïveté", "\u0301alone", "Ελλάδα"])
def test_letters_are_shown_joined_with_their_accents(text: str) -> None:
    apart = unicodedata.normalize("NFD", text)
    assert composed(apart) == unicodedata.normalize("NFC", text)
    assert printable(apart) == shell_quoted(apart.encode()) == composed(apart)


@pytest.mark.parametrize("text", ["\u037e", "\u1fef", "\u212a", "\uf900", "\u2126", "a\u037e\u0301", "\u1fef\u0301"])
def test_no_other_character_becomes_another_one(text: str) -> None:
    assert composed(text) == text


def test_name_that_is_spelled_out_means_its_bytes_to_a_shell() -> None:
    for name in ("e\u0301 'x'\\1".encode(), b"\xff\n1"):
        assert subprocess.check_output(["bash", "-c", f"printf %s {spelled_out(name)}"]) == name
