from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from rsh.errors import FileError
from rsh.files.disk.listing import entries
from rsh.files.stream.stream import read_records, write_records
from rsh.protocol.answer_records import Entry, Heading
from rsh.protocol.record_stream import Failure
from tests.files.pipes import pipe_pair


@pytest.fixture
def top(tmp_path: Path) -> bytes:
    (tmp_path / "d" / "e").mkdir(parents=True)
    (tmp_path / "d" / "f").write_bytes(b"12345")
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("d")
    (tmp_path / "gone").symlink_to("nowhere")
    os.mkfifo(tmp_path / "pipe")
    return os.fsencode(tmp_path)


def shape(listed: object) -> object:
    if isinstance(listed, Heading):
        return ("heading", listed.path)
    if isinstance(listed, Failure):
        return (listed.error, listed.path)
    assert isinstance(listed, Entry)
    return (listed.kind, listed.name)


def test_directory_is_listed_in_order_under_its_heading(top: bytes) -> None:
    assert [shape(listed) for listed in entries([top])] == [
        ("heading", top),
        ("directory", b"d"),
        ("directory", b"empty"),
        ("symlink", b"gone"),
        ("symlink", b"link"),
        ("fifo", b"pipe"),
    ]


def test_files_come_first_and_what_is_missing_is_named(top: bytes) -> None:
    listed = [shape(item) for item in entries([b"d", b"missing", b"pipe", b"empty"], directory=top)]
    assert listed[:2] == [("ENOENT", b"missing"), ("fifo", b"pipe")]
    assert listed[2:] == [("heading", b"d"), ("directory", b"e"), ("file", b"f"), ("heading", b"empty")]


def test_recursive_listing_follows_no_link(top: bytes) -> None:
    headings = [item.path for item in entries([b"."], directory=top, recursive=True) if isinstance(item, Heading)]
    assert headings == [b".", b"./d", b"./d/e", b"./empty"]


def test_directory_itself_is_one_entry(top: bytes) -> None:
    (entry,) = entries([top + b"/d"], itself=True)
    assert isinstance(entry, Entry)
    status = os.stat(top + b"/d")
    assert (entry.path, entry.mode, entry.inode) == (top + b"/d", status.st_mode, status.st_ino)
    assert entry.owner == pwd.getpwuid(os.getuid()).pw_name


def test_link_is_shown_itself_or_followed(top: bytes) -> None:
    paths = [b"link", b"gone"]
    kept = [item for item in entries(paths, directory=top, itself=True) if isinstance(item, Entry)]
    followed = [item for item in entries(paths, directory=top, itself=True, follow=True) if isinstance(item, Entry)]
    assert [(item.kind, item.target) for item in kept] == [("symlink", b"d"), ("symlink", b"nowhere")]
    assert [(item.kind, item.target) for item in followed] == [("directory", b"d"), ("symlink", b"nowhere")]


def test_entry_says_by_which_path_it_is_reached(top: bytes) -> None:
    paths = [item.path for item in entries([b"d/"], directory=top) if isinstance(item, Entry)]
    assert paths == [b"d/e", b"d/f"]


def test_entries_survive_the_wire(top: bytes) -> None:
    os.utime(top + b"/d/f", ns=(0, -1))
    with open(top + b"/\xff\n", "wb"):
        pass
    near, far = pipe_pair(2**20)
    write_records(near, entries([top], recursive=True))
    assert list(read_records(far)) == list(entries([top], recursive=True))


def test_file_as_directory_is_a_failure(top: bytes) -> None:
    (failure,) = entries([b"d/f/x"], directory=top)
    assert isinstance(failure, Failure)
    assert str(FileError(failure.error)) == "Not a directory"
