"""How a living shell is come to: a new one, perhaps with a name, or one that is there."""

from __future__ import annotations

import os
from collections.abc import Mapping

from msgspec import Struct

from rsh.escape import printable
from rsh.protocol.requests import Attach, Shell, Terminal

# What is shown of what a shell has printed before, in bytes.
SCROLLBACK = 64 * 1024


class Joining(Struct, frozen=True):
    """What is wished.

    Attributes:
        name: of a new shell, or id or name of the one to attach to.
        attach: it is there; "" is then the one that was left last.
        read_only: only look.
        steal: whoever is attached has to go.
        scrollback: bytes of what it has printed before that are shown.
    """

    name: str = ""
    attach: bool = False
    read_only: bool = False
    steal: bool = False
    scrollback: int = SCROLLBACK

    def request(
        self, size: tuple[int, int], directory: bytes, environment: Mapping[bytes, bytes], token: bytes
    ) -> Shell | Attach:
        """Give the request that asks for it."""
        terminal = Terminal(*size)
        if self.attach:
            return Attach(
                self.name,
                terminal,
                token,
                tail=self.scrollback,
                read_only=self.read_only,
                steal=self.steal,
                redraw=True,
            )
        return Shell(terminal, directory, dict(environment), id=os.urandom(4).hex(), name=self.name, token=token)


def come_back(host: str | None, name: str) -> str:
    """Say how to come back to a shell that was detached from."""
    return f"detached; to come back: rsh attach {quoted(host)} {quoted(name)}"


def quoted(word: str | None) -> str:
    """Give a host, or the name of a shell, as it is typed to a shell here; no host is our own."""
    import shlex  # the first prompt does not wait for it

    return printable(shlex.quote(word or "localhost"))
