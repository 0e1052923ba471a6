from __future__ import annotations

import os
from pathlib import Path

from rsh.files.sync.kept_parts import KeptParts


def opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def test_a_part_is_given_once_to_who_takes_it(tmp_path: Path) -> None:
    parts, fd = KeptParts(), opened(tmp_path / "a")
    parts.keep(b"a", fd)
    assert [parts.take(b"b"), parts.take(b"a"), parts.take(b"a")] == [-1, fd, -1]
    parts.close()
    assert is_open(fd)
    os.close(fd)


def test_those_that_nobody_takes_are_closed_the_oldest_first_when_there_are_many(tmp_path: Path) -> None:
    parts = KeptParts()
    fds = [opened(tmp_path / str(number)) for number in range(20)]
    for number, fd in enumerate(fds):
        parts.keep(b"%d" % number, fd)
    assert [is_open(fd) for fd in fds] == [False] * 4 + [True] * 16
    parts.close()
    assert not any(map(is_open, fds))


def test_a_second_part_of_one_file_takes_the_place_of_the_first(tmp_path: Path) -> None:
    parts, first, second = KeptParts(), opened(tmp_path / "a"), opened(tmp_path / "b")
    parts.keep(b"x", first)
    parts.keep(b"x", second)
    assert not is_open(first) and parts.take(b"x") == second
    os.close(second)
