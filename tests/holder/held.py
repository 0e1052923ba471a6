"""Interactive shells for tests: one held by a holder, and the oracle, the same shell at a terminal of this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pexpect

from rsh.holder import wire
from rsh.protocol.requests import Shell, Terminal
from rsh.server import shells
from rsh.server.account import Grant
from rsh.server.shells import Terms
from tests.machines import SOON
from tests.terminals import hang_up

PROMPT = "<ready>"


class Held:
    """A shell in the hands of a holder, which we talk to as the daemon does.

    Attributes:
        directory: where it stands. ended: (status, signal) once it has ended.
        unread: what no program had read when the last line ended. jobs: how many it has, told behind the end of a line.
    """

    def __init__(self, shell: str, home: Path, variables: Mapping[str, str] = {}) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **variables}
        encoded = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
        request = Shell(Terminal(80, 24))
        self.place, self.sock = shells.start(
            os.fsencode(shell), request, os.fsencode(home), encoded, Grant(), Terms(lives_on=0.0)
        )
        self.sock.settimeout(SOON)
        self.directory = b""
        self.unread = b""
        self.jobs = 0
        self.ended: tuple[int, int] | None = None
        self._lines = 0
        self._position = 0  # of the output that was read
        self._over_at: int | None = None  # where the output of the line ends
        self._status = 0
        self.say(wire.ATTACH, wire.ATTACH_HEAD.pack(b"t" * 16, 0, 2**62, 0, 80, 24, 0))

    def say(self, kind: int, payload: bytes) -> None:
        """Send the holder a message."""
        with suppress(BrokenPipeError):  # It has ended, and we shall hear of it.
            self.sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)

    def hear(self) -> bytes:
        """Take the next message; give the output that was in it."""
        kind, length = wire.HEAD.unpack(self.sock.recv(wire.HEAD.size, socket.MSG_WAITALL))
        payload = self.sock.recv(length, socket.MSG_WAITALL) if length else b""
        if kind == wire.OUTPUT:
            self._position += length - wire.NUMBER.size
            self.say(wire.SEEN, wire.NUMBER.pack(self._position))
            return payload[wire.NUMBER.size :]
        if kind == wire.REPORT:
            _, self._over_at, _, self._status, _, unread = wire.REPORT_HEAD.unpack_from(payload)
            self.directory = payload[wire.REPORT_HEAD.size : length - unread]
            self.unread = payload[length - unread :]
        elif kind == wire.JOBS:
            (self.jobs,) = wire.JOBS_BODY.unpack(payload)
        elif kind == wire.ENDED:
            self._over_at, status, number = wire.ENDED_BODY.unpack(payload)
            self.ended, self._status = (status, number), status
        return b""

    def end(self) -> tuple[int, str]:
        """Wait for the end of the line; give its status and what was printed."""
        output = b""
        while self._over_at is None or self._position < self._over_at:
            output += self.hear()
        self._over_at = None
        return self._status, shown(output)

    def begin(self, line: str | bytes, typed: int = 0) -> None:
        """Give it a line."""
        self._lines += 1
        self.say(wire.RUN, wire.RUN_HEAD.pack(self._lines, typed, 0) + os.fsencode(line))

    def run(self, line: str | bytes) -> tuple[int, str]:
        """Run a line; give its status and what was printed."""
        self.begin(line)
        return self.end()

    def type(self, data: bytes) -> None:
        """Type."""
        self.say(wire.INPUT, data)

    def until(self, words: str) -> None:
        """Read output until some words were in it."""
        output = ""
        while words not in output:
            output += self.hear().decode(errors="replace")
            assert self._over_at is None, output

    def until_jobs(self, count: int) -> None:
        """Read until it has so many jobs."""
        while self.jobs != count:
            self.hear()

    def close(self) -> None:
        """Hang up."""
        self.sock.close()


def printed_locally(shell: str, home: Path, lines: Sequence[str]) -> str:
    """Give what the same shell prints when lines are typed at a terminal of this machine; without its prompts."""
    words = {
        "bash": ["--norc", "--noprofile", "--noediting"],
        "zsh": [
            "-f",
            *(word for name in ("zle", "prompt_cr", "prompt_sp", "bang_hist") for word in ("-o", f"no_{name}")),
        ],
    }.get(shell, [])
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "PS1": PROMPT, "PS2": ""}
    child: pexpect.spawn[bytes] = pexpect.spawn(
        shell, [*words, "-i"], env={**environment, "TERM": "dumb"}, cwd=str(home), echo=False, timeout=SOON
    )
    child.delaybeforesend = None
    begin = f"PS1='{PROMPT}' PS2=" + ("; set +o history +H" if shell == "bash" else "")
    for line in (begin, "echo begin'ning'", *lines, "echo do'ne'"):
        child.sendline(os.fsencode(line))
    child.expect([b"done\r\n", pexpect.EOF])
    output = shown(child.before or b"").replace(PROMPT, "").partition("beginning\n")[2]
    hang_up(child)
    return output


def shown(output: bytes) -> str:
    """Give output with newlines as they were before the terminal."""
    return output.replace(b"\r\n", b"\n").decode(errors="surrogateescape")
