"""The two forms of a scenario: short in `make test`, long in `make soak`, which sets RSH_SOAK."""

from __future__ import annotations

import os
from typing import TypeVar

_Size = TypeVar("_Size")

SOAKING = bool(os.environ.get("RSH_SOAK"))


def sized(short: _Size, long: _Size) -> _Size:
    """Give the size of a scenario for the form that runs."""
    return long if SOAKING else short
