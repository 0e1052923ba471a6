from __future__ import annotations

import os
from pathlib import Path

import pytest

from rsh.errors import UsageError
from rsh.files.disk.durability import LARGE, Durability


@pytest.mark.parametrize(
    ("policy", "size", "single", "by_itself"),
    [
        ("auto", 1, True, True),
        ("auto", 1, False, False),
        ("auto", LARGE, False, True),
        ("file", 1, False, True),
        ("none", LARGE, True, False),
    ],
)
def test_what_is_synced_by_itself(policy: str, size: int, single: bool, by_itself: bool, tmp_path: Path) -> None:
    durability = Durability(policy)
    assert durability.before_placing(size, single=single) is by_itself
    fd = os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY)
    durability.finish(fd, single=single)
    os.close(fd)


def test_a_directory_that_is_gone_is_told() -> None:
    durability = Durability()
    durability.before_placing(1, single=False)
    with pytest.raises(OSError, match="Bad file descriptor"):
        durability.finish(-1, single=False)
    Durability("none").finish(-1, single=False)


def test_a_policy_that_nobody_knows_is_refused() -> None:
    with pytest.raises(UsageError, match="unknown durability"):
        Durability("sometimes")
