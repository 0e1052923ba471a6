from __future__ import annotations

import os
import typing
from pathlib import Path
from types import ModuleType

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import rsh
from rsh.client.api.spelling import Spelling, spelled_fields, spelling_of
from rsh.errors import FileError, UsageError
from rsh.escape import printable, shell_quoted
from rsh.protocol import answer_records, job_records, requests, shell_records, sync_records, transfer_records
from rsh.protocol.requests import List, Sync

# One of each kind: single bytes, with and without gaps, two and four bytes, half-width letters, shifts, two that make
# one character together, several bytes for one character, ASCII alone.
CODECS = (
    *("latin-1", "cp1252", "koi8-r", "iso8859-6", "iso8859-8", "gbk", "gb18030", "big5", "big5hkscs", "shift_jis"),
    *("cp932", "euc_jp", "euc_jis_2004", "euc_kr", "cp949", "johab", "iso2022_jp", "ascii"),
)

# Fields of bytes that are no names: digests, content, marks.
OTHERS = (
    *("anchors", "attributes", "content", "digest", "digests", "expected", "extended", "hashes", "identity", "token"),
    "unread",
)


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("gbk", "中文.txt"),
        ("shift_jis", "日本語 表.txt"),
        ("latin-1", "äöü ÿ"),
        ("koi8-r", "Привет"),
        ("gb18030", "é中🙂"),
    ],
)
def test_names_are_shown_in_their_characters_and_lead_back(codec: str, name: str) -> None:
    spelling = Spelling(codec)
    assert spelling.here(name.encode(codec)) == name.encode()
    assert spelling.there(name.encode()) == name.encode(codec)


@pytest.mark.parametrize("codec", CODECS)
@given(name=st.binary() | st.binary().map(lambda data: bytes(byte | 0x80 for byte in data)) | st.text().map(str.encode))
def test_whatever_a_name_holds_it_leads_back(codec: str, name: bytes) -> None:
    spelling = Spelling(codec)
    here = spelling.here(name)
    assert spelling.there(here) == name
    assert here.count(b"/") == name.count(b"/")
    assert here.count(b"\0") == name.count(b"\0")


@pytest.mark.parametrize("codec", CODECS)
@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_a_name_of_ours_leads_back_too_or_is_refused(codec: str, name: str) -> None:
    spelling = Spelling(codec)
    try:
        there = spelling.there(name.encode())
    except UsageError:
        assert not name.isascii()
        return
    again = spelling.here(there)
    assert spelling.there(again) == there
    assert again == name.encode() or printable(name) != name or name.encode(codec) == there


@pytest.mark.parametrize("codec", CODECS)
@given(st.binary())
def test_nothing_that_a_terminal_obeys_is_made_of_a_name(codec: str, name: bytes) -> None:
    here = Spelling(codec).here(name)
    for shown in (printable(here), shell_quoted(here)):
        assert not any(ord(each) < 0x20 or 0x7F <= ord(each) < 0xA0 for each in shown)
        assert printable(shown) == shown


def test_a_control_character_over_there_stays_a_byte() -> None:
    assert shell_quoted(Spelling("latin-1").here(b"a\x9bm")) == "'a'$'\\233''m'"
    assert shell_quoted(Spelling("gb18030").here("a\u202em".encode("gb18030"))) == "'a'$'\\201''6'$'\\247''1m'"


def test_a_character_that_does_not_exist_there_is_refused() -> None:
    with pytest.raises(UsageError, match="dir/हब: no 'ह' in gb2312"):
        Spelling("gb2312").there("dir/हब".encode())


def test_bytes_that_are_utf_8_by_chance_are_not_taken_for_it() -> None:
    spelling = Spelling("euc_kr")
    real, chance = "한글".encode("euc_kr"), "한글".encode()
    assert spelling.here(real) == "한글".encode()
    assert spelling.there(spelling.here(chance)) == chance


def test_only_names_of_other_encodings_are_spelled() -> None:
    assert spelling_of("gbk") is not None
    assert spelling_of("utf-8") is None


def test_requests_and_records_are_spelled_wherever_they_hold_names() -> None:
    spelling, here, there = Spelling("gbk"), "目录".encode(), "目录".encode("gbk")
    assert spelling.request(List((here, b"x"), here)) == List((there, b"x"), there)
    assert spelling.request(Sync(here, True, here, (here,))) == Sync(there, True, there, (here,))
    record = transfer_records.Packed(there, 0, 0, there, bytes(16))
    assert spelling.record(record) == transfer_records.Packed(here, 0, 0, there, bytes(16))


@pytest.mark.parametrize(
    "module", [requests, answer_records, job_records, shell_records, sync_records, transfer_records]
)
def test_every_field_of_bytes_is_a_name_or_known_as_none(module: ModuleType) -> None:
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, msgspec.Struct) and kind.__module__ == module.__name__:
            hints = typing.get_type_hints(kind)
            of_bytes = {field for field, hint in hints.items() if "bytes" in repr(hint)}
            assert of_bytes - {*spelled_fields(kind)} <= {*OTHERS, *(["rules"] if kind is Sync else [])}, kind
            assert not {*spelled_fields(kind)} & {*OTHERS}


# --- transfers ---


@pytest.fixture
def remote() -> typing.Iterator[rsh.Remote]:
    with rsh.connect() as connected:
        connected.spelling = Spelling("gbk")
        yield connected


def tree(top: Path) -> dict[bytes, bytes]:
    """Give what is in a folder."""
    found = [
        Path(os.fsdecode(folder)) / os.fsdecode(name) for folder, _, names in os.walk(bytes(top)) for name in names
    ]
    return {os.fsencode(path.relative_to(top)): path.read_bytes() for path in found}


def test_a_tree_has_its_names_there_and_comes_back_as_it_was(remote: rsh.Remote, tmp_path: Path) -> None:
    here, there, back = tmp_path / "数据", tmp_path / "there", tmp_path / "back"
    (here / "子目录").mkdir(parents=True)
    (here / "子目录" / "文件.txt").write_text("小")
    (here / "大").write_bytes(os.urandom(3_000_000))
    (here / os.fsdecode(b"stray\xff")).touch()
    (here / "链接").symlink_to("子目录/文件.txt")
    os.link(here / "大", here / "又大")
    there.mkdir()
    assert remote.put(here, to=there).ok
    top = os.fsdecode("数据".encode("gbk"))
    assert {*tree(there)} == {f"数据/{each}".encode("gbk") for each in ("大", "又大", "链接", "子目录/文件.txt")} | {
        "数据/".encode("gbk") + b"stray\xff"
    }
    assert os.readlink(os.fsencode(there / top) + b"/" + "链接".encode("gbk")) == "子目录/文件.txt".encode("gbk")
    back.mkdir()
    assert remote.get(there / "数据", to=back).ok
    assert tree(back) == {"数据/".encode() + name: content for name, content in tree(here).items()}
    assert (back / "数据" / "大").stat().st_nlink == 2


def test_a_name_that_cannot_be_written_there_fails_and_the_rest_goes_on(remote: rsh.Remote, tmp_path: Path) -> None:
    (tmp_path / "here" / "हिन्दी").mkdir(parents=True)
    (tmp_path / "here" / "हिन्दी" / "x").touch()
    (tmp_path / "here" / "中").touch()
    (tmp_path / "there").mkdir()
    report = remote.put(tmp_path / "here", to=tmp_path / "there")
    assert [(error.error, error.path) for error in report.failures] == [
        ("ESPELLING", os.fsencode(tmp_path / "here" / "हिन्दी"))
    ]
    assert os.listdir(bytes(tmp_path / "there" / "here")) == ["中".encode("gbk")]
    with pytest.raises(FileError, match="The encoding over there cannot write this name"):
        remote.put(tmp_path / "here" / "हिन्दी", to=tmp_path / "there")


def test_a_name_that_is_too_long_here_keeps_its_bytes(remote: rsh.Remote, tmp_path: Path) -> None:
    name = ("中" * 100).encode("gbk")  # 300 bytes of UTF-8
    (tmp_path / "there").mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "there" / os.fsdecode(name)).touch()
    assert remote.get(tmp_path / "there", to=tmp_path / "here").ok
    assert [*tree(tmp_path / "here")] == [b"there/" + name]


def test_failures_are_told_in_the_characters_of_here(remote: rsh.Remote, tmp_path: Path) -> None:
    for failing in (remote.ls, lambda path: [*remote.read(path)]):
        with pytest.raises(FileError, match="没有: No such file"):
            failing(tmp_path / "没有")
    assert "没有" in str(remote.rm(tmp_path / "没有")[0])
    assert "没有" in str(remote.get(tmp_path / "没有", to=tmp_path).failures[0])
    with pytest.raises(FileError, match="没有"):
        remote.write(tmp_path / "没有" / "x", [b"x"])
