"""Output by its offsets: what waits, what is missed, and what was there before us."""

from __future__ import annotations

import pytest

from rsh.client.shell.output import MAX_GAPS, MAX_WAITING, Output
from rsh.errors import ProtocolError
from rsh.protocol.shell_records import Attached, Gap


def attached(offset: int, end: int = 0) -> Attached:
    return Attached("0badc0de", "", offset, end, 0, 0, 0, False)


def test_output_is_taken_in_order_and_counted_by_then() -> None:
    output = Output()
    output.begin(attached(10), first=True)
    output.come(b"one", keep=True)
    output.come(b"two", keep=True)
    assert (output.arrived, output.taken) == (16, 10)
    assert (output.take(), output.taken) == (b"one", 13)
    assert (output.take(), output.taken, bool(output)) == (b"two", 16, False)


def test_output_of_nobody_is_counted_and_not_kept() -> None:
    output = Output()
    assert output.come(b"job", keep=False) == b"job"
    assert (output.arrived, bool(output)) == (3, False)


def test_so_much_is_kept_and_no_more_asked_for() -> None:
    output = Output()
    output.come(bytes(MAX_WAITING), keep=True)
    assert not output.full
    output.come(b"x", keep=True)
    assert output.full


def test_gap_counts_when_its_place_has_come_whichever_is_told_first() -> None:
    output = Output()
    output.miss(Gap(3, 10))
    assert output.arrived == 0
    output.come(b"one", keep=True)
    assert output.arrived == 10
    output.come(b"two", keep=True)
    output.miss(Gap(13, 20))
    assert output.arrived == 20


def test_connection_that_begins_later_tells_what_was_missed() -> None:
    output = Output()
    output.come(b"one", keep=True)
    assert output.begin(attached(5), first=False) == 2
    assert output.arrived == 5


@pytest.mark.parametrize("gap", [Gap(5, 4), Gap(9, 9)])
def test_gaps_that_cannot_be_are_refused(gap: Gap) -> None:
    output = Output()
    with pytest.raises(ProtocolError):
        for _ in range(MAX_GAPS + 1):
            output.miss(gap)


def test_what_was_asked_of_another_terminal_is_not_asked_of_ours() -> None:
    output = Output()
    output.begin(attached(0, end=7), first=True)
    assert output.come(b"one\x1b[6ntwo\x1b[6n", keep=True) == b"onetwo\x1b[6n"
    assert output.arrived == 14
