from __future__ import annotations

import pytest

from rsh.files.stream.effort import LEVELS, Effort

BLOCK = 256 * 1024
RATIO = 3.0


def elsewhere() -> bool:
    return False


def here() -> bool:
    return True


class Machine:
    """A compressor and a link of some speeds, in bytes a second: what a block takes of each."""

    def __init__(self, link: float, *, level_1: float = 400e6, ratio: float = RATIO) -> None:
        self.link = link
        self.level_1 = level_1
        self.ratio = ratio
        self.now = 1.0

    def run(self, effort: Effort, megabytes: int) -> list[int]:
        """Send so much; give the levels that were used."""
        levels = []
        for _ in range(megabytes * 4):
            level = effort.level
            levels.append(level)
            compressing = BLOCK / (self.level_1 / level**0.9) if level else 0.0
            wire = BLOCK / (self.ratio * (1 + level / 40)) if level else BLOCK
            # The link works on the blocks before while we compress this one.
            writing = max(wire / self.link - compressing, 1e-6)
            self.now += compressing + writing
            effort.account(BLOCK, compressing, writing, self.now)
        return levels


def test_a_slow_link_gets_high_levels() -> None:
    levels = Machine(1e6).run(Effort(elsewhere), 100)
    assert levels[0] == 1
    assert levels[-1] == LEVELS[-1]


def test_a_middling_link_gets_what_the_compressor_can_keep_up_with() -> None:
    levels = Machine(20e6).run(Effort(elsewhere), 400)
    assert set(levels[-100:]) <= {3, 6, 9}


def test_a_link_faster_than_the_compressor_is_left_alone() -> None:
    levels = Machine(1200e6).run(Effort(elsewhere), 1000)
    assert levels.count(0) > 0.9 * len(levels)


def test_the_same_machine_is_never_compressed_to() -> None:
    assert set(Machine(700e6).run(Effort(elsewhere, near=True), 1000)) == {0}


def test_a_slow_link_that_looks_near_is_found_out() -> None:
    levels = Machine(10e6).run(Effort(elsewhere, near=True), 100)
    assert levels[0] == 0
    assert levels[-1] > 1


@pytest.mark.parametrize("near", [True, False])
def test_nothing_is_compressed_within_a_machine_however_slow_it_seems(near: bool) -> None:
    levels = Machine(1e6).run(Effort(here, near=near), 1000)
    assert set(levels[20:]) == {0}
    assert not near or set(levels) == {0}, "also while it is not known yet"


def test_what_is_found_to_be_within_a_machine_is_not_compressed_any_more() -> None:
    found: list[bool] = []
    machine, effort = Machine(10e6), Effort(lambda: bool(found), near=True)
    assert machine.run(effort, 100)[-1] > 1
    found.append(True)
    assert set(machine.run(effort, 1000)[20:]) == {0}


def test_always_means_always() -> None:
    assert 0 not in Machine(5000e6).run(Effort(elsewhere, near=True, always=True), 500)
    assert 0 not in Machine(10e6).run(Effort(here, near=True, always=True), 50)


def test_a_link_that_becomes_slow_is_noticed() -> None:
    machine, effort = Machine(1200e6), Effort(elsewhere)
    machine.run(effort, 200)
    machine.link = 5e6
    assert machine.run(effort, 2000)[-1] > 3
