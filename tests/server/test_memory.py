from __future__ import annotations

import subprocess
import sys

from rsh.server.memory import MANY, MUCH, SETTLED, Memory

# In a process of its own: what it keeps must not depend on what other tests have left.
WASTE = """
from rsh.server.memory import give_back
from tests.machines import status_of
import os
held = [bytes(600) for _ in range(100_000)]
kept = held[::1000]  # they keep the C library from shrinking the heap at its end
full = status_of(os.getpid(), "VmRSS")
del held
give_back()
print(full - status_of(os.getpid(), "VmRSS"))
"""


def test_memory_is_given_back_once_most_have_gone_and_what_they_had_at_work_has_ended() -> None:
    memory = Memory()
    looks = [memory.look(count) for count in (MANY, *[MANY // 2] * (SETTLED + 3), *[0] * SETTLED)]
    assert [number for number, given in enumerate(looks) if given] == [SETTLED + 1]


def test_few_sessions_leave_nothing_worth_looking_for() -> None:
    memory = Memory()
    assert not any(memory.look(count) for count in (MANY - 1, *[0] * 2 * SETTLED))


def test_much_is_given_back_whoever_has_left_it() -> None:
    memory = Memory()
    held = bytearray(b"x") * (MUCH + MUCH // 4)
    looks = [memory.look(count) for count in (1, *[0] * 2 * SETTLED)]
    assert [number for number, given in enumerate(looks) if given] == [SETTLED + 1]
    assert not any(memory.look(count) for count in (1, *[0] * 2 * SETTLED)), "as much as before is not too much"
    del held


def test_what_sessions_held_when_memory_was_given_back_counts_once_they_have_gone() -> None:
    memory = Memory()
    held = bytearray(b"x") * (MUCH + MUCH // 4)
    assert not any(memory.look(count, held.__len__) for count in (2, *[1] * 2 * SETTLED))
    looks = [memory.look(count) for count in (1, *[0] * 2 * SETTLED)]
    assert [number for number, given in enumerate(looks) if given] == [SETTLED + 1]


def test_what_was_freed_between_what_is_used_goes_back_to_the_system() -> None:
    shrunk = subprocess.run([sys.executable, "-c", WASTE], check=True, capture_output=True).stdout
    assert int(shrunk) > 40_000  # KiB, of 60,000
