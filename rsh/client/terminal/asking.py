"""Questions to the user: on the terminal itself, for stdin may hold a batch or a file; or by an askpass program (R35).

RSH_ASKPASS or SSH_ASKPASS names a program that asks in a window; as with ssh(1), it is used where there is no terminal,
and RSH_ASKPASS_REQUIRE or SSH_ASKPASS_REQUIRE may be `never`, `prefer` or `force`.
"""

from __future__ import annotations

import os
import subprocess
import termios
from collections.abc import Mapping
from typing import Any, Final

_LINE: Final = 4096  # what a terminal gives at once at most


def ask_choice(question: str, letters: str, *, default: str) -> str:
    """Ask for one of some letters; give the default when there is nobody to ask, or he says nothing."""
    while True:
        answer = (ask(f"{question} ") or "").strip().lower()[:1]
        if not answer:
            return default
        if answer in letters:
            return answer


def confirm(question: str) -> bool:
    """Ask for a yes; no answer is a no."""
    program = askpass(os.environ, terminal=can_ask())
    if program:
        return _run(program, question, confirming=True) is not None
    return (ask(f"{question} [y/N] ") or "").strip().lower() in ("y", "yes")


def ask_secret(question: str) -> str | None:
    """Ask for a password or a code, which is not shown; None when there is nobody to ask."""
    program = askpass(os.environ, terminal=can_ask())
    return _run(program, question) if program else ask(question, hidden=True)


def can_ask() -> bool:
    """Say whether there is a terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def ask(question: str, *, hidden: bool = False) -> str | None:
    """Ask for a line on the terminal; None when there is none, or its input ends."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        before = _hide(terminal) if hidden else None
        try:
            os.write(terminal, question.encode(errors="backslashreplace"))
            data = os.read(terminal, _LINE)
        finally:
            if before is not None:
                termios.tcsetattr(terminal, termios.TCSADRAIN, before)
                os.write(terminal, b"\n")
    except (OSError, termios.error):
        return None
    finally:
        os.close(terminal)
    return os.fsdecode(data).rstrip("\n") if data else None


def askpass(environment: Mapping[str, str], *, terminal: bool) -> str:
    """Give the program that is to ask; "" for none."""
    program = environment.get("RSH_ASKPASS") or environment.get("SSH_ASKPASS") or ""
    require = environment.get("RSH_ASKPASS_REQUIRE") or environment.get("SSH_ASKPASS_REQUIRE") or ""
    if not program or require == "never":
        return ""
    if require in ("prefer", "force"):
        return program
    shows = environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY")
    return program if shows and not terminal else ""


def _hide(terminal: int) -> list[Any]:
    before = termios.tcgetattr(terminal)
    mode = [*before]
    mode[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSAFLUSH, mode)
    return before


def _run(program: str, question: str, *, confirming: bool = False) -> str | None:
    """Have the program ask; None when it was cancelled."""
    environment = os.environ | ({"SSH_ASKPASS_PROMPT": "confirm"} if confirming else {})
    try:
        done = subprocess.run([program, question], stdout=subprocess.PIPE, env=environment, check=False)
    except OSError:
        return None
    return None if done.returncode else os.fsdecode(done.stdout).split("\n")[0]
