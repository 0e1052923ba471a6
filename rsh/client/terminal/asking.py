"""Questions to the user: on the terminal itself, for stdin may hold a batch or a file; or by an askpass program (R35).

RSH_ASKPASS or SSH_ASKPASS names a program that asks in a window; as with ssh(1), it is used where there is no terminal,
and RSH_ASKPASS_REQUIRE or SSH_ASKPASS_REQUIRE may be `never`, `prefer` or `force`.
"""

from __future__ import annotations

import os
import select
import subprocess
import termios
from collections.abc import Mapping
from typing import Any, Final

from rsh.client.text.complaints import say
from rsh.escape import printable

_DECLINE: Final = "\r\n\x03\x04\x1b"

_LINE: Final = 4096  # what a terminal gives at once at most


def ask_choice(question: str, letters: str, *, default: str, nobody: str = "") -> str:
    """Ask for one of some letters.

    Args:
        default: the answer of who says nothing. nobody: the one of nobody, or of who ends the input; "": the default.
    """
    program = askpass(os.environ, terminal=can_ask())
    while True:
        line = _run(program, question) if program else ask(f"{question} ")
        if line is None:
            return nobody or default
        answer = line.strip().lower()[:1]
        if not answer or (program and answer not in letters):  # A program would say the same for ever.
            return default
        if answer in letters:
            return answer


def ask_key(question: str, letters: str, *, default: str, until: int) -> str:
    """Ask for one of some letters, which counts without Enter; give the default at Enter, Ctrl-C, Ctrl-D or Escape.

    Args:
        until: a descriptor that becomes readable when nobody wants to know any more: the default then, as without a
            terminal.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return default
    try:
        before = _take_keys(terminal)
        try:
            os.write(terminal, f"{question} ".encode(errors="backslashreplace"))
            answer = _wanted_key(terminal, until, letters)
            os.write(terminal, f"{answer}\n".encode())
        finally:
            termios.tcsetattr(terminal, termios.TCSADRAIN, before)
    except (OSError, termios.error):
        return default
    finally:
        os.close(terminal)
    return answer or default


def confirm(question: str) -> bool:
    """Ask for a yes; no answer is a no."""
    program = askpass(os.environ, terminal=can_ask())
    if program:
        return _run(program, question, confirming=True) is not None
    return (ask(f"{question} [y/N] ") or "").strip().lower() in ("y", "yes")


def somebody() -> bool:
    """Say whether there is anybody to ask: at a terminal, or before a program that asks for us."""
    terminal = can_ask()
    return terminal or bool(askpass(os.environ, terminal=terminal))


def can_ask() -> bool:
    """Say whether there is a terminal."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def ask(question: str) -> str | None:
    """Ask for a line on the terminal; None when there is none, or its input ends."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        os.write(terminal, question.encode(errors="backslashreplace"))
        data = os.read(terminal, _LINE)
    except OSError:
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


def _take_keys(terminal: int) -> list[Any]:
    """Have each key given at once, Ctrl-C too, and shown by us; give how the terminal was."""
    before = termios.tcgetattr(terminal)
    mode = [*before[:6], list(before[6])]
    mode[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG)
    termios.tcsetattr(terminal, termios.TCSADRAIN, mode)
    return before


def _wanted_key(terminal: int, until: int, letters: str) -> str:
    """Wait for one of some letters; "" for a key that declines, or when nobody wants to know any more."""
    waiting = select.poll()
    waiting.register(terminal, select.POLLIN)
    waiting.register(until, select.POLLIN)
    while until not in dict(waiting.poll()):
        key = os.read(terminal, 1).decode("latin-1").lower()
        if not key or key in _DECLINE:
            break
        if key in letters:
            return key
    return ""


def _run(program: str, question: str, *, confirming: bool = False) -> str | None:
    """Have the program ask; None when it was cancelled."""
    environment = os.environ | ({"SSH_ASKPASS_PROMPT": "confirm"} if confirming else {})
    try:
        done = subprocess.run([program, question], stdout=subprocess.PIPE, env=environment, check=False)
    except OSError as error:
        say(f"rsh: {printable(program)}: {error.strerror}\n")
        return None
    return None if done.returncode else os.fsdecode(done.stdout).split("\n")[0]
