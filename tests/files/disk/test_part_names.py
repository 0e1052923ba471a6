"""What a part is called, and what only looks like one."""

from __future__ import annotations

import pytest

from rsh.files.disk.part_names import is_part, part_name


@pytest.mark.parametrize("name", [b"x", b"x" * 255, b"x" * 236, b"\xff\n", b".hidden", b"a.rsh-12345678.part"])
def test_name_of_a_part_follows_from_that_of_the_file_and_fits(name: bytes) -> None:
    assert part_name(name) == part_name(name) != part_name(name[:-1] + b"y")
    assert len(part_name(name)) <= 255 and part_name(name).startswith(b"." + name[:200])
    assert is_part(part_name(name)) and is_part(part_name())
    assert not is_part(name)


LOOKALIKES = [
    b".part",
    b".x.part",
    b".rsh-.part",
    b".rsh-0123456z.part",
    b".rsh-0123456789.part",
    b"x.rsh-01234567.part",
]


@pytest.mark.parametrize("name", [*LOOKALIKES, b".x.rsh-01234567.part", part_name(b"x") + b"~", part_name(b"x")[1:]])
def test_name_that_only_looks_like_one_is_the_users(name: bytes) -> None:
    assert not is_part(name)
