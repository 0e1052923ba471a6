"""Processors that are kept from sleeping: what a figure is where nothing has to be woken up for it.

Where a processor is a virtual one, its host takes between 30 us and half a millisecond to go on with one that had
nothing to do, and a line of the living shell passes through seven threads.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

# Gives way to everything else (sched(7)), so that it takes no time from what is measured.
_IDLE: Final = """
import os
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
while True:
    pass
"""


@contextmanager
def processors_awake() -> Iterator[None]:
    """Keep every processor busy with something that gives way at once."""
    idlers = [subprocess.Popen([sys.executable, "-c", _IDLE]) for _ in os.sched_getaffinity(0)]
    try:
        time.sleep(0.5)  # until they have begun
        yield
    finally:
        for idler in idlers:
            idler.kill()
            idler.wait()
