"""The end of programs that pexpect has on terminals, on a machine of any speed.

pexpect's own close() looks a tenth of a second after each signal whether the program has ended: on a busy machine it
hangs up one that was about to give its status, and fails when even SIGKILL takes longer.
"""

from __future__ import annotations

import fcntl
import os
import select
import signal
import sys
import termios
import time
from typing import Any

import pexpect

PATIENCE = 5.0  # seconds in which a program may end by itself once its terminal is gone; then it is killed


def end_of(child: pexpect.spawn[Any]) -> int:
    """Read to the end of a program; give its status, 128 and more for a signal."""
    child.expect(pexpect.EOF)
    child.wait()
    _close(child)
    return child.exitstatus if child.exitstatus is not None else 128 + (child.signalstatus or 0)


def untouched() -> list[Any]:
    """Give the modes that a terminal has at first; a program may have set others before we can look at its own."""
    ours, theirs = os.openpty()
    try:
        return termios.tcgetattr(theirs)
    finally:
        os.close(ours)
        os.close(theirs)


def take_terminal(child: pexpect.spawn[Any]) -> None:
    """Take the terminal away from a program; the kernel sends it SIGHUP."""
    _below(child).fileobj.close()


def press(keyboard: int, terminal: int, keys: bytes) -> None:
    """Type keys at one end of a raw terminal that nobody reads meanwhile, and see them arrive at the other.

    The kernel carries them from one end to the other when it finds the time.
    """
    wanted = _arrived(terminal) + len(keys)
    os.write(keyboard, keys)
    while _arrived(terminal) < wanted:
        time.sleep(0.001)


def _arrived(terminal: int) -> int:
    return int.from_bytes(fcntl.ioctl(terminal, termios.FIONREAD, bytes(4)), sys.byteorder)


def hang_up(child: pexpect.spawn[Any]) -> None:
    """Take the terminal away from a program, and see its end."""
    take_terminal(child)
    if child.isalive():
        assert child.pid is not None
        watched = os.pidfd_open(child.pid)
        select.select([watched], [], [], PATIENCE)
        os.close(watched)
        child.kill(signal.SIGKILL)
        child.wait()
    _close(child)


def _close(child: pexpect.spawn[Any]) -> None:
    _below(child).delayafterclose = 0  # nothing is left to be waited for
    child.close()


def _below(child: pexpect.spawn[Any]) -> Any:
    return child.ptyproc  # type: ignore[attr-defined]  # the stubs do not know ptyprocess
