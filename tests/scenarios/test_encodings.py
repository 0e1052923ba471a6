"""The prompt with --encoding: over there names of files are bytes of another encoding, and are text here."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machines import Daemon
from tests.scenarios.screens import SIGN, Terminal

CTRL_U = "\x15"

# Codec, the name of a folder, and two of files in it that begin with the same character and go on differently.
NAMES = [
    ("gbk", "目录", "文件一", "文本二"),
    ("shift_jis", "資料", "ソース一", "ソフト二"),  # of the first character the second byte is a backslash
    ("latin-1", "dépôt", "façade", "fête"),
    ("koi8-r", "папка", "файл", "фильм"),
]
IDS = [each[0] for each in NAMES]


@pytest.fixture(params=NAMES, ids=IDS)
def names(request: pytest.FixtureRequest) -> tuple[str, ...]:
    found: tuple[str, ...] = request.param
    return found


def put_there(work: Path, codec: str, *names: str) -> None:
    """Make files over there."""
    for name in names:
        path = os.fsencode(work) + b"/" + name.encode(codec)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        Path(os.fsdecode(path)).write_text("content\n")


@pytest.fixture
def prompt(shared_daemon: Daemon, work: Path, names: tuple[str, ...]) -> Iterator[Terminal]:
    """A prompt that stands in `work`."""
    codec, folder, one, two = names
    put_there(work, codec, f"{folder}/{one}", f"{folder}/{two}")
    words = ("connect", "-q", "-X", "--encoding", codec, shared_daemon.host)
    editor = {"EDITOR": "sed -i s/content/edited/"}
    with Terminal(shared_daemon.home, *words, columns=160, variables=editor) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"cd {work}\r")
        terminal.until_line(f"/w{SIGN}")
        yield terminal


def clear(prompt: Terminal) -> None:
    """Clear the screen."""
    prompt.press(CTRL_U, "\x0c")
    prompt.until(lambda: len(prompt.lines) == 1)


def complete(prompt: Terminal, begun: str, whole: str) -> None:
    """Type the beginning of a line, and see what Tab makes of it, however long that takes."""
    prompt.press(begun, "\t")
    prompt.until_shown(whole)


def test_names_are_text_wherever_they_are_shown_and_typed(
    prompt: Terminal, work: Path, tmp_path: Path, names: tuple[str, ...]
) -> None:
    codec, folder, one, two = names
    prompt.press(f"ls {folder}\r")
    prompt.until(lambda: bool(re.search(rf"^({one} +{two}|{two} +{one})$", prompt.text, re.MULTILINE)))
    complete(prompt, f"cd {folder[0]}", f"cd {folder}/")
    prompt.press("\r")
    prompt.until_shown(f"/w/{folder}{SIGN.strip()}")
    clear(prompt)
    prompt.press("pwd\r")
    prompt.until_shown(f"\n{work}/{folder}")
    clear(prompt)
    prompt.press(f"lcd {tmp_path}\r")
    complete(prompt, f"get {one[:2]}", f"get {one}")
    prompt.press("\r")
    prompt.until((tmp_path / one).is_file)
    (tmp_path / f"{one}{two}").write_text("from here\n")
    complete(prompt, f"put {one}{two[0]}", f"put {one}{two}")
    prompt.press("./\r")
    sent = os.fsencode(work) + f"/{folder}/{one}{two}".encode(codec)
    prompt.until(lambda: os.path.isfile(sent))
    prompt.press(f":cat {one}{two}\r")
    prompt.until_shown("\nfrom here")
    prompt.press(f":rm {two}{one}\r")
    prompt.until_shown(f"rsh: rm: {two}{one}: No such file or directory")
    prompt.press(f"cat {one[0]}\t\t")  # both are offered
    prompt.until(lambda: prompt.text.rstrip().endswith(two) or f"{two} " in prompt.text.rpartition("cat ")[2])


def test_a_file_is_edited_under_its_name(prompt: Terminal, work: Path, names: tuple[str, ...]) -> None:
    codec, folder, one, _ = names
    path = os.fsencode(work) + f"/{folder}/{one}".encode(codec)
    prompt.press(f"edit {folder}/{one}\r")
    prompt.until(lambda: Path(os.fsdecode(path)).read_text() == "edited\n")


def test_sync_keeps_names_as_they_are_and_says_so(shared_daemon: Daemon, work: Path, tmp_path: Path) -> None:
    put_there(work, "gbk", "目录/文件")
    with Terminal(
        shared_daemon.home, "connect", "-X", "--encoding", "gbk", shared_daemon.host, columns=160
    ) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f":sync :{work}/目录 {tmp_path}/copy\r")
        terminal.until_shown("rsh: the names in these trees keep their bytes")
        terminal.until(lambda: os.path.exists(os.fsencode(tmp_path) + b"/copy/" + "文件".encode("gbk")))


def test_hostile_names_in_another_encoding_send_no_control_byte(shared_daemon: Daemon, work: Path) -> None:
    evil = [
        b"a\x1b]2;pwned\x07" + part
        for part in (b"\x9b31m", "\u202ex".encode("gb18030"), b"\xff", "中".encode("gb18030"))
    ]
    for name in evil:
        Path(os.fsdecode(os.fsencode(work) + b"/" + name)).touch()
    os.mkdir(os.fsencode(work) + b"/d\x1b]2;pwned\x07")
    for codec in ("gb18030", "latin-1"):
        words = ("connect", "-q", "-X", "--encoding", codec, shared_daemon.host)
        with Terminal(shared_daemon.home, *words, columns=200) as terminal:
            terminal.until_line(f":~{SIGN}")
            terminal.press(f"cd {work}\r")
            terminal.until_line(f"/w{SIGN}")
            terminal.press("ls\r", ":rm a*/x\r")
            terminal.until_shown("x: No such file")
            terminal.until_line(f"1{SIGN}")
            terminal.press(":cat a\t")
            terminal.until_shown("cat $'a")
            terminal.press(CTRL_U)
            complete(terminal, "cd d", "cd $'d\\x1b]2;pwned\\x07/'")
            terminal.press("\r")
            terminal.until(lambda: bool(re.search(r"/w/d.*pwned.*" + SIGN.strip() + r"\Z", terminal.text)))
            sent = terminal.sent.getvalue()
        assert not re.search(rb"\x1b\]2;pwned|\x07|\xc2\x9b|\xe2\x80\xae|(?<![\xc2-\xf4])\x9b", sent)


def test_a_line_that_cannot_be_written_over_there_is_not_run(shared_daemon: Daemon, work: Path) -> None:
    words = ("connect", "-q", "-X", "--encoding", "latin-1", shared_daemon.host)
    (work / "x").touch()
    with Terminal(shared_daemon.home, *words, columns=100) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"cd {work}; rm 中\r")
        terminal.until_shown("rsh: no '中' in iso8859-1: the line was not run")
        terminal.press(":rm 中\r")
        terminal.until_shown("rsh: rm: 中: no '中' in iso8859-1")
    assert (work / "x").exists()  # that `?` would have named
