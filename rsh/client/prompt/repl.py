"""The loop of the prompt: asks for lines, has each run, and says how it ended."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Callable, Iterable
from typing import Final, Protocol

from rsh.client.editor.history import History
from rsh.client.prompt.dispatch import run_line
from rsh.client.prompt.leaving import unfinished
from rsh.client.prompt.offline import Offline
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.shell.notes import no_shell, note, ring
from rsh.client.shell.shell import Called, Leave
from rsh.client.shell.terminal_shell import TerminalShell
from rsh.client.text.complaints import complain, say
from rsh.client.text.prompt_text import Place
from rsh.client.text.units import duration
from rsh.errors import Refused, RshError
from rsh.escape import printable

INTERRUPTED: Final = 130  # 128 + SIGINT, as a shell shows it

# What sets the keys of a shell sets ours instead: bash ends when it is to edit lines that come from a pipe.
_KEYS: Final = re.compile(r"\s*set\s+-o\s+(emacs|vi)\s*\Z")


class LineSource(Protocol):
    """What lines come from: a screen."""

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Show the prompt and wait for a line.

        Raises:
            EOFError: at the end. KeyboardInterrupt: the line was dropped. Called: the prompt has to give way.
        """

    def type_ahead(self, data: bytes) -> None:
        """Take what was typed while no line was asked for, and use it as if it were typed now."""

    def tell(self, note: str, ring: str, *, fresh_line: bool) -> None:
        """Say a few words behind the output of a line, and make the terminal ring; either may be empty."""

    def give_back(self) -> None:
        """Put the terminal back if it was left raw for a line that has not taken it over."""

    def leave(self, status: int) -> None:
        """End the program from a signal handler, leaving the terminal as it was found."""


class Repl:
    """Asks for lines and runs them till one ends the prompt."""

    def __init__(
        self,
        context: PromptContext,
        screen: LineSource,
        history: History,
        first: Iterable[str] = (),
        *,
        after_line: Callable[[], None] = lambda: None,
        offline: Offline | None = None,
    ) -> None:
        """Prepare.

        Args:
            first: lines to run before the first one is asked for; they are not kept.
            after_line: is called when a line has run.
            offline: decides about lines while the link is away.
        """
        self._offline = offline
        self._context = context
        self._screen = screen
        self._history = history
        self._first = first
        self._after_line = after_line
        self._warned = False  # the last line was one that would have left something behind

    def run(self) -> int:
        """Run the prompt; give what the program exits with."""
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda received, _: self._screen.leave(128 + received))
        # Ctrl-\ means nothing to a prompt. A handler is not inherited, as SIG_IGN would be by what runs here.
        signal.signal(signal.SIGQUIT, lambda *_: None)
        context, remote = self._context, self._context.remote
        account, system, home = remote.account, remote.system, remote.home
        try:
            self._begin()
            while True:
                try:
                    self._go_on(Place(account, system, context.shell.directory, home, context.status))
                except KeyboardInterrupt:  # between two lines
                    context.status = INTERRUPTED
        except Leave as leave:
            return leave.status or 0

    def _go_on(self, place: Place) -> None:
        """Ask for a line and run it."""
        text = self._read(place)
        if text is not None:
            try:
                self._run_if_possible(text)
            finally:
                self._screen.give_back()
            self._after_line()

    def _begin(self) -> None:
        """See the shell's beginning, and run the lines that come before all others."""
        from rsh.client.prompt.batch import run_batch

        shell = self._context.shell
        if isinstance(shell, TerminalShell) and not shell.begins_behind:
            _settle(self._context, shell)
        run_batch(self._first, lambda line: run_line(self._context, line), lambda: False)

    def _read(self, place: Place) -> str | None:
        """Ask for a line; None when it was dropped. Raises Leave at the end of the input."""
        context = self._context
        if ahead := context.shell.take_typed_ahead():
            self._screen.type_ahead(ahead)
        if missed := context.take_missed():
            words = f"[the connection was away for {duration(missed)}]"
            self._screen.tell(words, "", fresh_line=context.shell.fresh_line)
            context.shell.fresh_line = True
        try:
            with context.transfers.prompting():
                return self._screen.read(place, fresh_line=context.shell.fresh_line)
        except KeyboardInterrupt:
            context.status, context.shell.fresh_line = INTERRUPTED, True
            if self._offline is not None and self._offline.away():
                self._offline.ask()
            return None
        except Called:
            self._attend()
            self._run_waiting()
            return None
        except EOFError:
            if self._may_leave():
                raise Leave(0) from None
            return None

    def _attend(self) -> None:
        """Attend what goes on in the shell without us having asked for it."""
        shell = self._context.shell
        if isinstance(shell, TerminalShell):
            try:
                shell.attend()
            except RshError as error:
                complain("", error)

    def _may_leave(self) -> bool:
        """Say whether nothing is left behind, or the user was told and leaves all the same."""
        if self._warned or not (words := unfinished(self._context)):
            return True
        say(f"rsh: this would end {words}; leave again to do so\n")
        self._warned = True
        return False

    def _run_if_possible(self, text: str) -> None:
        """Run a line, unless it needs a connection that is not there."""
        if self._offline is None or not self._offline.holds(text):
            self._run_kept(text)
            self._run_waiting()

    def _run_waiting(self) -> None:
        """Run the lines that have waited for the connection."""
        for line in self._offline.ready() if self._offline is not None else ():
            say(f"rsh: {printable(line)}\n")
            self._context.shell.fresh_line = True
            self._run_kept(line)
            self._after_line()

    def _run_kept(self, text: str) -> None:
        """Run a line and keep it in the history; Ctrl-C ends it, not the prompt."""
        context = self._context
        item = self._history.begin(text, context.shell.directory) if context.shell.echoes else None
        begun, context.reading = time.monotonic(), 0.0
        warned, self._warned = self._warned, False
        try:
            if keys := _KEYS.match(text):
                context.settings.set("keys", keys[1])
                context.status, context.verb, context.complained = 0, "", False
            elif text.strip():
                run_line(context, text)
        except KeyboardInterrupt:
            say("\n")
            context.status = INTERRUPTED
        except Leave as leave:
            self._warned = warned
            if leave.asked and not self._may_leave():
                return
            raise
        finally:
            seconds = time.monotonic() - begun - context.reading
            self._history.end(item, context.status, seconds)
        self._tell(text, seconds)

    def _tell(self, text: str, seconds: float) -> None:
        context = self._context
        shells = text.strip() and not context.verb and not context.complained
        words = note(context.status if shells else 0, seconds, context.settings)
        bell = ring(text, context.status, seconds, context.settings)
        if words or bell:
            self._screen.tell(words, bell, fresh_line=context.shell.fresh_line)
            context.shell.fresh_line = context.shell.fresh_line or bool(words)


def _settle(context: PromptContext, shell: TerminalShell) -> None:
    """Wait for the shell to be there. A key that may have none still has all that concerns files.

    Raises:
        Refused: it was to be one that is there already, and is not, or does not answer.
    """
    try:
        shell.settle()
    except Refused as error:
        if shell.attached:
            raise
        say(no_shell(error))
        context.status = error.exit_status
