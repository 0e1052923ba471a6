from __future__ import annotations

import pytest

from rsh.files.transfer import runs
from rsh.files.transfer.runs import Runs


def test_numbers_that_were_added_are_in_it() -> None:
    found = Runs()
    assert not found
    for number in (0, 1, 2, 7, 9, 10):
        found.add(number)
    assert found and [number for number in range(12) if number in found] == [0, 1, 2, 7, 9, 10]


def test_a_number_that_is_not_above_the_others_is_not_taken_in() -> None:
    found = Runs()
    for number in (5, 6, 5, 2):
        found.add(number)
    assert [number for number in range(9) if number in found] == [5, 6]


def test_a_million_in_a_row_are_one_run() -> None:
    found = Runs()
    for number in range(1_000_000):
        found.add(number)
    assert 999_999 in found and 1_000_000 not in found and len(found._starts) == 1


def test_beyond_its_room_every_number_counts_as_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "MAX_RUNS", 3)
    found = Runs()
    for number in (0, 2, 4):
        found.add(number)
    assert 1 not in found
    found.add(6)
    assert 1 in found and 100 in found
