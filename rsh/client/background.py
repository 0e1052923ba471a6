"""Transfers at the prompt: each in a thread of its own, in the foreground till Ctrl-Z, or with `&` in the background.

The main thread waits for the one in the foreground, shows how it goes, and stops it when Ctrl-C comes. What comes of
one in the background is told above the prompt, or before the next one if a line is running: a program over there may
have the whole screen.
"""

from __future__ import annotations

import copy
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from rsh.client.complaints import describe, say
from rsh.client.context import Context
from rsh.client.progress import display
from rsh.client.repeat import reach_again
from rsh.client.tally import State, Tally
from rsh.client.units import amount, duration
from rsh.errors import Code, RshError, SessionGone, UsageError
from rsh.protocol.records import Total

if TYPE_CHECKING:
    from rsh.client.remote import Remote
    from rsh.files.report import Report

Survey: TypeAlias = Callable[[], Iterable[Total]]

# Failures that are named when a transfer in the background ends.
_NAMED: Final = 5

# How long the end of a stopped transfer is waited for: its thread may be in a read of a slow disk.
_STOPPING: Final = 5.0


# How the verbs are told in sum.
_SAID: Final = {"put": "sent", "mput": "sent", "get": "fetched", "mget": "fetched"}


class Suspended(BaseException):
    """Ctrl-Z: the transfer in the foreground goes on in the background."""


class _Opened:
    """A session that remembers which channels one transfer has opened, so that another thread can close them."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._channels: list[Any] = []
        self.stopped = threading.Event()

    def open(self, *arguments: Any, **options: Any) -> Any:
        """Open a channel; one that nobody wants any more is closed at once."""
        channel = self._session.open(*arguments, **options)
        self._channels.append(channel)
        if self.stopped.is_set():
            self.stop()
        return channel

    def stop(self) -> None:
        """Close all channels, and those that are yet to be opened."""
        self.stopped.set()
        for channel in list(self._channels):
            channel.close(Code.CANCELLED, "stopped", discard=True)

    def replace(self, session: Any) -> None:
        """Go on with another session."""
        self._session = session
        self._channels.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


class Transfer:
    """One transfer.

    Attributes:
        number: by which the user calls it.
        verb, label: what it does, in words safe for a terminal.
        tally: how far it is.
        done: set at its end; then `report` or `error` is.
    """

    def __init__(
        self, number: int, verb: str, label: str, remote: Remote, survey: Callable[[], Iterable[Total]] | None
    ):
        self.number = number
        self.verb = verb
        self.label = label
        self.tally = Tally()
        self.done = threading.Event()
        self.report: Report | None = None
        self.error: BaseException | None = None
        self.told = False  # somebody waits for it, or has heard what came of it
        self.survey = survey
        self.begun = time.monotonic()
        self.seconds = 0.0
        self._opened = _Opened(remote.session)
        # It keeps its directory when the shell goes elsewhere.
        self.remote = copy.copy(remote)
        self.remote.session = self._opened  # type: ignore[assignment]

    def run(
        self,
        move: Callable[[Remote, Tally], Report],
        again: Callable[[SessionGone, threading.Event], Remote],
        ended: Callable[[Transfer], None],
    ) -> None:
        """Do it; runs in a thread of its own.

        Args:
            again: gives the other side on a new session, when the one that there was is gone.
        """
        try:
            self.report = self._move(move, again)
        except BaseException as error:  # noqa: BLE001  raised again by whoever waits, told otherwise
            self.error = error
        self.seconds = time.monotonic() - self.begun
        self.done.set()
        ended(self)

    def _move(
        self,
        move: Callable[[Remote, Tally], Report],
        again: Callable[[SessionGone, threading.Event], Remote],
    ) -> Report:
        """Do it, and from the start as often as the daemon was restarted: what has arrived is found there."""
        while True:
            try:
                return move(self.remote, self.tally)
            except SessionGone as gone:
                self._opened.replace(again(gone, self._opened.stopped).session)
                self.tally.restart()

    def stop(self) -> None:
        """End it; a file that is on its way is left as a part, to be gone on with."""
        self._opened.stop()

    @property
    def status(self) -> int:
        """What a command that did this would exit with."""
        if self.report is not None:
            return self.report.exit_status
        return self.error.exit_status if isinstance(self.error, RshError) else 1

    def outcome(self) -> str:
        """Say in lines what came of it."""
        head = f"[{self.number}] "
        if self._opened.stopped.is_set():
            return f"{head}stopped: {self.label}\n"
        if self.report is None:
            error = self.error if isinstance(self.error, RshError) else RshError(f"internal error: {self.error!r}")
            return f"{head}failed: {self.label}\n{describe(self.verb, error)}\n"
        files = self.report.files
        moved = f"{files} file{'' if files == 1 else 's'}, {amount(self.report.bytes)} in {duration(self.seconds)}"
        lines = [f"{head}{'done' if self.report.ok else f'{self.report.failed} failed'}: {self.label} ({moved})"]
        lines += [describe(self.verb, error) for error in self.report.failures[:_NAMED]]
        if self.report.failed > _NAMED:
            lines.append(f"rsh: {self.verb}: {self.report.failed - _NAMED} more failed")
        return "\n".join(lines) + "\n"


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
    ) -> Report | None:
        """Make a transfer, in the background if the line wants it; None when it goes on there.

        Raises:
            RshError: it failed as a whole. KeyboardInterrupt: it was stopped.
        """
        background, context.background = context.background, False
        transfer = self.start(context, label, move, survey)
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
    ) -> Transfer:
        """Begin a transfer in a thread of its own; nothing is shown."""
        remote = context.remote

        def again(gone: SessionGone, stopped: threading.Event) -> Remote:
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

        Args:
            stops: Ctrl-C ends it; otherwise only the waiting.

        Raises:
            KeyboardInterrupt, when it was stopped.
        """
        with self._lock:
            transfer.told = True
        try:
            with _suspending(context.asks), display(context, transfer.tally, transfer.survey, json=json):
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


def in_a_line(transfer: Transfer, state: State) -> str:
    """Say how a transfer stands."""
    share = "" if state.share is None else f"{state.share * 100:.0f}%, "
    left = "" if state.seconds_left is None else f", {duration(state.seconds_left)} left"
    return f"[{transfer.number}] {transfer.label} ({share}{amount(state.bytes)}, {amount(int(state.rate))}/s{left})"
