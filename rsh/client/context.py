"""What a command of the table is given beside its options: the other side, and how to print."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rsh.client.table import Where

if TYPE_CHECKING:
    from rsh.client.remote import Remote


class Context:
    """The surroundings of one command.

    Attributes:
        where: the command line or the prompt.
        verb: name of the command that runs, for messages.
        host: as the user typed it; None is this machine with no daemon.
        quiet: print errors only.
        color: "always", "auto" or "never", as the user wants it.
        debug: show tracebacks.
    """

    def __init__(self, where: Where, open_remote: Callable[[], Remote], *, host: str | None = None) -> None:
        self.where = where
        self.verb = ""
        self.host = host
        self.quiet = False
        self.color = "auto"
        self.debug = False
        self._open_remote = open_remote
        self._remote: Remote | None = None

    @property
    def remote(self) -> Remote:
        """The other side; connected when first asked for."""
        if self._remote is None:
            self._remote = self._open_remote()
        return self._remote

    def close(self) -> None:
        """End the connection, if there is one."""
        remote, self._remote = self._remote, None
        if remote is not None:
            remote.close()

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
