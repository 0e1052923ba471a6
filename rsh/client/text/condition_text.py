"""The condition of a connection, in half a sentence."""

from __future__ import annotations

from rsh.errors import RshError
from rsh.escape import printable
from rsh.session.condition import Condition


def describe(condition: Condition, error: RshError | None = None) -> str:
    """Say how a connection is.

    Args:
        error: why its session is over, if it is.
    """
    if error is not None:
        return f"the session is over: {printable(str(error))}"
    if condition.connected:
        return f"connected for {_duration(condition.lasted)}"
    reason = f": {printable(condition.reason)}" if condition.reason else ""
    wait = condition.retry_in
    then = "dialling now" if wait is None else f"next attempt in {_duration(wait)}"
    return f"no connection for {_duration(condition.lasted)}{reason}; attempts: {condition.attempts}; {then}"


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
