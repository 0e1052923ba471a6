"""What a command of the table is given beside its options: the other side, and how to print."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from rsh.client.cli.table import Where
from rsh.client.text.units import BINARY

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.client.api.spelling import Spelling
    from rsh.files.transfer.report import Report


class Context:
    """The surroundings of one command.

    Attributes:
        where: the command line or the prompt.
        verb: name of the command that runs, for messages.
        host: as the user typed it; None is this machine with no daemon.
        quiet: print errors only.
        color: "always", "auto" or "never", as the user wants it.
        debug: show tracebacks. verbose: say whom we are connected with.
        patience: seconds to wait for a daemon that is gone, None: for ever.
        shared: the connection may be one that other commands use as well.
        asks: there may be somebody to ask.
        carry: at the prompt, makes a transfer that may go on in the background (background.Transfers.carry).
        background: the line at hand is to run there.
        welcome: the server has taken us.
        base: of the units that sizes are told in (units.BINARY, units.DECIMAL).
        spelling: how names are spelled over there; None: as they are.
        tells: it is ours to say that the connection is lost; the command shows nothing itself meanwhile.
    """

    def __init__(self, where: Where, open_remote: Callable[[], Remote], *, host: str | None = None) -> None:
        self.where = where
        self.verb = ""
        self.host = host
        self.quiet = False
        self.color = "auto"
        self.debug = False
        self.verbose = False
        self.patience: float | None = None
        self.shared = False
        self.asks = True
        self.carry: Callable[..., Report | None] | None = None
        self.background = False
        self._open_remote = open_remote
        self._remote: Remote | None = None
        self.welcome = False
        self.base = BINARY
        self.tells = False
        self.spelling: Spelling | None = None
        self._watching = ExitStack()  # who looks at the connection

    @property
    def shows_progress(self) -> bool:
        """Whether a transfer shows how it goes."""
        return not self.quiet

    @property
    def remote(self) -> Remote:
        """The other side, which has taken us; dialled when first asked for."""
        remote = self.begin()
        if not self.welcome:
            self.wait_connected()
        return remote

    def begin(self) -> Remote:
        """Give the other side before it has answered: a request made now saves a round trip.

        What comes of it is known after `wait_connected`.
        """
        if self._remote is None:
            self._remote = self._open_remote()
            self._remote.spelling = self.spelling
            if self.tells:
                from rsh.client.cli.outage import Outage

                outage = Outage(self._remote.session, quiet=self.quiet, verb=self.verb)
                self._remote.renewed = self._watching.enter_context(outage).follow
        return self._remote

    def wait_connected(self) -> None:
        """Wait until the server has taken us. Raises RshError: it has not, and why."""
        from rsh.client.dialling.dial import CONNECT_TIMEOUT
        from rsh.session.deadline import Deadline

        begun = time.monotonic()
        self.begin().wait_connected(Deadline(CONNECT_TIMEOUT))
        self.welcome = True
        if self.verbose:
            self._tell_whom(time.monotonic() - begun)

    def _tell_whom(self, took: float) -> None:
        """Say whom we are connected with, how, and after how many seconds."""
        from rsh.client.text.complaints import say
        from rsh.client.text.units import duration
        from rsh.escape import printable

        remote = self.begin()
        how = [remote.name or "this machine", *((remote.fingerprint, "TLS 1.3") if remote.fingerprint else ())]
        words = f"connected with {remote.account}@{remote.system} ({', '.join(how)}) after {duration(took)}"
        say(f"rsh: {self.verb}: {printable(words)}\n")

    def reconnected(self) -> Remote:
        """Give the other side, over a new connection if the last one was lost."""
        if self._remote is not None and self._remote.session.error is not None:
            self.close()
        return self.remote

    def close(self) -> None:
        """End the connection, if there is one."""
        if remote := self.let_go():
            remote.close()

    def let_go(self) -> Remote | None:
        """Give up the connection without ending it: the next use makes another one."""
        self._watching.close()
        remote, self._remote = self._remote, None
        self.welcome = False
        return remote

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
