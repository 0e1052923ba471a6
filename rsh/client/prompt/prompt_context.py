"""The surroundings of a command at the prompt: those of any command, and what lives on from line to line."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from rsh.client.cli.context import Context
from rsh.client.cli.settings import Settings
from rsh.client.editor.history import History
from rsh.client.prompt.background import Transfers
from rsh.client.shell.shell import Shell
from rsh.client.shell.terminal_shell import TerminalShell
from rsh.client.shell.wishes import Wishes

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote


class PromptContext(Context):
    """What the commands of a prompt share.

    Attributes:
        shell: the shell over there; file commands start where it stands.
        history: what was typed; None in a batch.
        status: of the last line.
        complained: an error of the last line was told.
        reading: seconds of the last line that were spent before a pager: they are the reader's.
        settings: what can be set by `:set`.
        knows: says whether the shell over there has a command, None when nobody has heard; may wait for a moment.
        transfers: those that run.
        sourcing: how deep files run files.
        missed: seconds of an outage whose end has still to be told, as a command of ours had the terminal; 0: of none.
    """

    def __init__(
        self, outer: Context, wishes: Wishes | None = None, *, terminal: bool, settings: Settings | None = None
    ) -> None:
        """Take over the connection and the wishes of `rsh connect` itself.

        Args:
            wishes: how programs over there have the terminal here.
            terminal: lines run on a terminal over there.
        """
        super().__init__("prompt", lambda: outer.remote, host=outer.host)
        self.quiet, self.color, self.debug = outer.quiet, outer.color, outer.debug
        self.patience = outer.patience
        self.shell: Shell | TerminalShell = (
            TerminalShell(self.reconnected, wishes or Wishes()) if terminal else Shell(lambda: self.remote)
        )
        if isinstance(self.shell, TerminalShell):
            self.spelling = self.shell.wishes.spelling
            if outer.host is None:
                self.shell.keep_to_us()
        self.history: History | None = None
        self.status = 0
        self.complained = False
        self.reading = 0.0
        self.sourcing = 0
        self.missed = 0.0
        self._telling = threading.Lock()  # held while somebody looks whether that is still to be told
        self.knows: Callable[[str], bool | None] = lambda command: None
        self.settings = settings or Settings()
        self._outer = outer
        self.transfers = Transfers()
        self.carry = self.transfers.carry
        self._connecting = threading.Lock()  # held while a new connection is made in the place of a lost one

    @property
    def remote(self) -> Remote:
        """The other side, from where the shell stands; connected anew when the connection was lost."""
        from rsh.client.api.remote import dials_again

        remote = super().remote
        remote.directory = self.shell.directory
        if dials_again(self.host, self.patience):
            remote.renew_by(lambda: self.reconnected().session, self.patience)
        return remote

    @property
    def shows_progress(self) -> bool:
        """Whether a transfer shows how it goes."""
        return not self.quiet and self.settings.on("progress")

    @property
    def connected(self) -> Remote | None:
        """The other side if there is a connection; none is made."""
        return self._remote

    def reconnected(self) -> Remote:
        """Give the other side, over a new connection if the last one was lost; called by any thread."""
        with self._connecting:
            self.close_if_lost()
            return self.remote

    def take_missed(self) -> float:
        """Give what was missed, to whoever tells it now; called by any thread."""
        with self._telling:
            missed, self.missed = self.missed, 0.0
            return missed

    def __enter__(self) -> PromptContext:
        return self

    def __exit__(self, *exception: Any) -> None:
        self.transfers.abandon()
        if isinstance(self.shell, TerminalShell):
            if exception[0] is None:
                self.shell.end()
            self.shell.give_back()
            self.shell.let_go()
        super().__exit__(*exception)

    def jobs(self) -> int:
        """Count what works, or is stopped, in the background: transfers, and jobs of the shell."""
        return len(self.transfers) + (self.shell.jobs if isinstance(self.shell, TerminalShell) else 0)

    def detach(self) -> None:
        """Let the shell over there live on, to be attached to again."""
        if isinstance(self.shell, TerminalShell):
            self.shell.detach()

    def close(self) -> None:
        """End the connection; the next use makes a new one."""
        self._remote = None
        self._outer.close()

    def close_if_lost(self) -> bool:
        """Let go of a connection that has ended; say whether it had."""
        if self._remote is None or self._remote.session.error is None:
            return False
        remote, self._remote = self._remote, None
        self._outer.let_go()
        remote.session.close()  # But not the Remote: whoever waits in one of its methods goes on with the next session.
        return True
