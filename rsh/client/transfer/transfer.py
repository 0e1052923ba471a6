"""One transfer of the prompt: a copy that runs in a thread of its own and can be stopped from another."""

from __future__ import annotations

import copy
import threading
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from rsh.client.text.complaints import describe
from rsh.client.text.units import amount, duration
from rsh.client.transfer.tally import State, Tally
from rsh.errors import Code, RshError, SessionGone
from rsh.protocol.answer_records import Total

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.files.transfer.report import Report

Survey: TypeAlias = Callable[[], Iterable[Total]]

# Failures that are named when a transfer in the background ends.
_NAMED: Final = 5


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
        self.remote.session = self._opened  # type: ignore[assignment]  # it opens channels, and no more is asked of it

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
                self.tally.restarted()

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


def in_a_line(transfer: Transfer, state: State) -> str:
    """Say how a transfer stands."""
    share = "" if state.share is None else f"{state.share * 100:.0f}%, "
    left = "" if state.seconds_left is None else f", {duration(state.seconds_left)} left"
    return f"[{transfer.number}] {transfer.label} ({share}{amount(state.bytes)}, {amount(int(state.rate))}/s{left})"
