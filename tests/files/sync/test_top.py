from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.errors import FileError, ProtocolError
from rsh.files.sync.top import Top
from tests.machines import descriptors


@pytest.fixture
def top(tmp_path: Path) -> Iterator[Top]:
    (tmp_path / "top" / "a").mkdir(parents=True)
    (tmp_path / "top" / "a" / "file").write_text("content")
    (tmp_path / "top" / "link").symlink_to("a")
    os.mkfifo(tmp_path / "top" / "fifo")
    fd = os.open(tmp_path / "top", os.O_RDONLY)
    opened = Top(lambda name: b"file" if name == b"asked" else name)
    opened.open(fd)
    os.close(fd)
    yield opened
    opened.close()
    opened.close()


def test_a_file_below_is_opened(top: Top) -> None:
    fd = top.file(b"a/file")
    assert os.read(fd, 10) == b"content"
    os.close(fd)


def test_what_is_no_file_or_behind_a_link_is_not(top: Top) -> None:
    before = descriptors(os.getpid())
    for path, error in ((b"link/file", OSError), (b"fifo", FileError), (b"a", FileError), (b"none", OSError)):
        with pytest.raises(error):
            top.file(path)
    for path in (b"../top/a/file", b"/etc/passwd", b"", b"a//file", b"a/."):
        with pytest.raises(ProtocolError):
            top.above(path)
    assert descriptors(os.getpid()) <= before


def test_of_one_file_no_other_may_be_named(top: Top) -> None:
    top.only = b"asked"
    fd, name = top.above(b"asked")
    os.close(fd)
    assert name == b"file"
    with pytest.raises(ProtocolError):
        top.above(b"file")


def test_before_it_is_there_nothing_is() -> None:
    with pytest.raises(FileNotFoundError):
        Top(bytes).above(b"file")
