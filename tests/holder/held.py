"""Interactive shells for tests: one held by a holder, and the oracle, the same shell at a terminal of this machine."""

from __future__ import annotations

import os
import socket
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import pexpect

from rsh.holder import wire
from rsh.protocol.requests import Shell, Terminal
from rsh.server.living import start_holder
from tests.machines import SOON

PROMPT = "<ready>"


class Held:
    """A shell in the hands of a holder, which we talk to as the daemon does.

    Attributes:
        directory: where it stands. ended: (status, signal) once it has ended.
    """

    def __init__(self, shell: str, home: Path, variables: Mapping[str, str] = {}) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", **variables}
        encoded = {os.fsencode(name): os.fsencode(value) for name, value in environment.items()}
        request = Shell(Terminal(80, 24))
        self.sock, self.process = start_holder(os.fsencode(shell), request, os.fsencode(home), encoded)
        self.sock.settimeout(SOON)
        self.directory = b""
        self.ended: tuple[int, int] | None = None

    def say(self, kind: int, payload: bytes) -> None:
        """Send the holder a message."""
        self.sock.sendall(wire.HEAD.pack(kind, len(payload)) + payload)

    def hear(self) -> tuple[int, bytes]:
        """Give the next message."""
        kind, length = wire.HEAD.unpack(self.sock.recv(wire.HEAD.size, socket.MSG_WAITALL))
        return kind, self.sock.recv(length, socket.MSG_WAITALL) if length else b""

    def end(self) -> tuple[int, str]:
        """Wait for the end of the line; give its status and what was printed."""
        output = b""
        while True:
            kind, payload = self.hear()
            if kind == wire.OUTPUT:
                output += payload
            elif kind == wire.REPORT:
                self.directory = payload[9:]
                return payload[8], shown(output)
            elif kind == wire.ENDED:
                self.ended = struct.unpack(">QBB", payload)[1:]
                return self.ended[0], shown(output)

    def begin(self, line: str | bytes) -> None:
        """Give it a line."""
        self.say(wire.RUN, os.fsencode(line))

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
            kind, payload = self.hear()
            assert kind in (wire.OUTPUT, wire.ECHO), output
            output += payload.decode(errors="replace")

    def close(self) -> None:
        """Hang up."""
        self.sock.close()
        self.process.wait(SOON)


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
    child.close(force=True)
    return output


def shown(output: bytes) -> str:
    """Give output with newlines as they were before the terminal."""
    return output.replace(b"\r\n", b"\n").decode(errors="surrogateescape")
