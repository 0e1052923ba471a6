from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from rsh.client.text.units import DECIMAL, base_of, duration, full_time, human_size, listing_time


@pytest.mark.parametrize(
    "count", [0, 1, 1023, 1024, 1025, 1500, 9999, 10239, 10240, 10241, 1048575, 1048576, 2**30 + 1, 10**13]
)
def test_sizes_are_those_of_ls(count: int, tmp_path: Path) -> None:
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(count)
    expected = subprocess.check_output(
        ["ls", "-lh", str(path)], text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"}
    )
    assert human_size(count) == expected.split()[4]


@pytest.mark.parametrize("count", [0, 999, 1000, 1001, 9999, 10000, 999_999, 1_000_000, 10**13 + 1])
def test_decimal_sizes_are_those_of_ls(count: int, tmp_path: Path) -> None:
    path = tmp_path / "f"
    with path.open("wb") as file:
        file.truncate(count)
    command = ["ls", "-l", "--si", str(path)]
    expected = subprocess.check_output(command, text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert human_size(count, DECIMAL) == expected.split()[4]


def test_units_are_those_that_are_asked_for() -> None:
    assert [base_of(human=human, si=si) for human, si in ((False, False), (True, False), (True, True))] == [
        0,
        1024,
        1000,
    ]


def test_the_largest_size_has_words() -> None:
    assert human_size(2**62) == "4.0E"
    assert human_size(2**72).endswith("E")


@pytest.mark.parametrize("age", [-100, 10, 86400, 100 * 86400, 182 * 86400, 183 * 86400, 5000 * 86400])
def test_times_are_those_of_ls(age: int, tmp_path: Path) -> None:
    now = time.time()
    path = tmp_path / "f"
    path.touch()
    os.utime(path, (now - age, now - age))
    line = subprocess.check_output(["ls", "-l", str(path)], text=True, env={"LC_ALL": "C", "PATH": "/usr/bin:/bin"})
    assert listing_time(path.stat().st_mtime_ns, now) in line


@pytest.mark.parametrize("nanoseconds", [2**62, -(2**63), 2**63 - 1])
def test_a_time_beyond_the_calendar_is_still_shown(nanoseconds: int) -> None:
    assert listing_time(nanoseconds, 0.0)
    assert full_time(nanoseconds)


def test_a_full_time_has_nanoseconds_and_a_zone() -> None:
    assert full_time(1_500_000_000_123_456_789).endswith(time.strftime(" %z", time.localtime(1_500_000_000)))
    assert ".123456789 " in full_time(1_500_000_000_123_456_789)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.0123, "12.3 ms"), (4.24, "4.2 s"), (185, "3 min 5 s"), (7620, "2 h 7 min"), (1_052_000, "12 d 4 h")],
)
def test_durations_name_the_units_that_matter(seconds: float, words: str) -> None:
    assert duration(seconds) == words
