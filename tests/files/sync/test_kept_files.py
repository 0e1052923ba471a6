from __future__ import annotations

import os
from pathlib import Path

from rsh.files.sync.kept_files import KeptFiles


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_a_file_is_given_once_to_who_takes_it(tmp_path: Path) -> None:
    files, fd = KeptFiles(), opened(tmp_path / "a")
    files.keep(b"a", fd)
    assert [files.take(b"b"), files.take(b"a"), files.take(b"a")] == [-1, fd, -1]
    files.close()
    assert is_open(fd)
    os.close(fd)


def test_those_that_nobody_takes_are_closed_the_oldest_first_when_there_are_many(tmp_path: Path) -> None:
    files = KeptFiles()
    fds = [opened(tmp_path / str(number)) for number in range(20)]
    for number, fd in enumerate(fds):
        files.keep(b"%d" % number, fd)
    assert [is_open(fd) for fd in fds] == [False] * 4 + [True] * 16
    files.close()
    assert not any(map(is_open, fds))


def test_a_second_one_of_a_path_takes_the_place_of_the_first(tmp_path: Path) -> None:
    files, first, second = KeptFiles(), opened(tmp_path / "a"), opened(tmp_path / "b")
    files.keep(b"x", first)
    files.keep(b"x", second)
    assert not is_open(first) and files.take(b"x") == second
    os.close(second)
