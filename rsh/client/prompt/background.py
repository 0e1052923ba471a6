"""Transfers at the prompt: each in a thread of its own, in the foreground till Ctrl-Z, or with `&` in the background.

The main thread waits for the one in the foreground, shows how it goes, and stops it when Ctrl-C comes. What comes of
one in the background is told above the prompt, or before the next one if a line is running: a program over there may
have the whole screen.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Final

from rsh.client.cli.context import Context
from rsh.client.dialling.reaching import reach_again
from rsh.client.terminal.echo import EchoOff
from rsh.client.text.complaints import say
from rsh.errors import SessionGone, UsageError

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.client.transfer.tally import Tally
    from rsh.client.transfer.transfer import Survey, Transfer
    from rsh.files.transfer.report import Report

# How long the end of a stopped transfer is waited for: its thread may be in a read of a slow disk.
_STOPPING: Final = 5.0


# How the verbs are told in sum.
_SAID: Final = {"put": "sent", "mput": "sent", "get": "fetched", "mget": "fetched"}


class Suspended(BaseException):
    """Ctrl-Z: the transfer in the foreground goes on in the background."""


class Transfers:
    """The transfers of one prompt. For its main thread, but for what the transfers' own threads call.

    Attributes:
        totals: files and bytes that were moved, by what was done with them.
    """

    def __init__(self) -> None:
        self.above: Callable[[bytes], None] | None = None  # shows text above the prompt; None: there is no such place
        self.totals: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()  # guards everything below, and the totals
        self._all: dict[int, Transfer] = {}  # those whose end has not been told
        self._notices: list[str] = []  # not shown yet
        self._prompting = False  # the prompt is on the screen

    def __len__(self) -> int:
        with self._lock:
            return sum(not transfer.done.is_set() for transfer in self._all.values())

    def unfinished(self) -> str:
        """Say what would be lost if we left now; "" for nothing."""
        count = len(self)
        return f"{count} running transfer{'s' if count > 1 else ''}" if count else ""

    def running(self) -> list[Transfer]:
        """Give those that have not ended, the oldest first."""
        with self._lock:
            return [transfer for _, transfer in sorted(self._all.items()) if not transfer.done.is_set()]

    def find(self, number: int) -> Transfer:
        """Give one that is running. Raises UsageError."""
        for transfer in self.running():
            if transfer.number == number:
                return transfer
        raise UsageError(f"no transfer {number}", advice="':jobs' lists them")

    # --- starting ---

    def carry(
        self,
        context: Context,
        label: str,
        move: Callable[[Remote, Tally], Report],
        survey: Survey | None,
        *,
        json: bool,
        once: bool = False,
    ) -> Report | None:
        """Make a transfer, in the background if the line wants it; None when it goes on there.

        Args:
            once: it must not be made a second time when the daemon was restarted beneath it.

        Raises:
            RshError: it failed as a whole. KeyboardInterrupt: it was stopped.
        """
        background, context.background = context.background, False
        transfer = self.start(context, label, move, survey, once=once)
        if background:
            say(f"[{transfer.number}] {label}\n")
            return None
        if not self.wait(context, transfer, json=json):
            return None
        if transfer.error is not None:
            raise transfer.error
        return transfer.report

    def start(
        self,
        context: Context,
        label: str,
        move: Callable[[Remote, Tally], Report],
        survey: Survey | None,
        *,
        once: bool = False,
    ) -> Transfer:
        """Begin a transfer in a thread of its own; nothing is shown."""
        from rsh.client.transfer.transfer import Transfer  # the first prompt does not wait for it

        remote = context.remote

        def again(gone: SessionGone, stopped: threading.Event) -> Remote:
            if once and not gone.unheard:
                raise gone
            return reach_again(context.reconnected, context.patience, gone, stopped)

        with self._lock:
            number = max(self._all, default=0) + 1
            transfer = self._all[number] = Transfer(number, context.verb, label, remote, survey)
        # Ends when its transfer does, at the latest when its channels are closed; nobody has to join it.
        name = f"rsh-transfer-{number}"
        threading.Thread(target=transfer.run, args=(move, again, self._ended), name=name, daemon=True).start()
        return transfer

    def wait(self, context: Context, transfer: Transfer, *, json: bool = False, stops: bool = True) -> bool:
        """Wait in the foreground, and show how it goes; False when it went to the background.

        What is typed meanwhile is for the next line, and shown there: it would tear what shows how it goes.

        Args:
            stops: Ctrl-C ends it; otherwise only the waiting.

        Raises:
            KeyboardInterrupt, when it was stopped.
        """
        from rsh.client.transfer.progress import display

        with self._lock:
            transfer.told = True
        try:
            with (
                _suspending(context.asks),
                EchoOff() if context.asks and not context.quiet else nullcontext(),
                display(context, transfer.tally, transfer.survey, json=json),
            ):
                transfer.done.wait()
        except Suspended:
            self._leave_alone(transfer)
            say(f"\n[{transfer.number}] {transfer.label} &\n")
            return False
        except KeyboardInterrupt:
            if not stops:
                self._leave_alone(transfer)
                raise
            transfer.stop()
            transfer.done.wait(_STOPPING)
            self._forget(transfer)
            raise
        self._forget(transfer)
        return True

    def finish(self) -> int:
        """Wait for all that run, tell what came of them, and give the worst status."""
        status = 0
        for transfer in self.running():
            transfer.done.wait()
            status = max(status, transfer.status)
        self._show()
        return status

    def abandon(self) -> None:
        """Stop all that run: the prompt ends."""
        for transfer in self.running():
            transfer.told = True
            transfer.stop()

    # --- telling ---

    @contextmanager
    def prompting(self) -> Iterator[None]:
        """While entered the prompt is on the screen: what ends is told at once."""
        self._show()
        self._prompting = self.above is not None
        try:
            yield
        finally:
            self._prompting = False

    def _ended(self, transfer: Transfer) -> None:
        with self._lock:
            self._count(transfer)
        self._tell(transfer)

    def _count(self, transfer: Transfer) -> None:
        """Add what a transfer has moved to the totals. The lock is held."""
        if transfer.report is not None:
            word = _SAID.get(transfer.verb, "synced")
            files, size = self.totals.get(word, (0, 0))
            self.totals[word] = files + transfer.report.files, size + transfer.report.bytes

    def _tell(self, transfer: Transfer) -> None:
        """Tell the end of a transfer that nobody waits for."""
        with self._lock:
            if transfer.told:
                return
            transfer.told = True
            del self._all[transfer.number]
            self._notices.append(transfer.outcome())
        if self._prompting:
            self._show()

    def _show(self) -> None:
        with self._lock:
            notices, self._notices = self._notices, []
        for notice in notices:
            if self._prompting and self.above is not None:
                self.above(notice.encode(errors="backslashreplace"))
            else:
                say(notice)

    def _leave_alone(self, transfer: Transfer) -> None:
        """Let it go on by itself; if it has ended meanwhile its end is told."""
        with self._lock:
            transfer.told = False
        if transfer.done.is_set():
            self._tell(transfer)

    def _forget(self, transfer: Transfer) -> None:
        with self._lock:
            self._all.pop(transfer.number, None)


@contextmanager
def _suspending(wanted: bool) -> Iterator[None]:
    """Have Ctrl-Z raise Suspended in the main thread; in a batch it stops the whole client, as usual."""
    if not wanted or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTSTP, _suspend)
    try:
        yield
    finally:
        signal.signal(signal.SIGTSTP, before)


def _suspend(number: int, frame: object) -> None:
    raise Suspended
