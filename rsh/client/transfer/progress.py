"""Shows how a transfer goes: bars on a terminal, a line now and then anywhere else, or JSON events for programs.

Each is a thread that looks at a Tally; the transfer itself never waits for whoever reads. Nothing of it is imported or
counted before a transfer has taken long enough to be worth a look.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from rsh.client.cli.context import Context
from rsh.client.terminal.console import is_terminal
from rsh.client.text.complaints import say
from rsh.client.text.condition_text import describe
from rsh.client.text.units import BINARY, amount, duration
from rsh.client.transfer.printing import abandoning
from rsh.client.transfer.status_key import StatusKey
from rsh.client.transfer.tally import State, Tally, retries
from rsh.files.transfer.report import Abandoned, Progress
from rsh.protocol.answer_records import Total
from rsh.session.deadline import Deadline

_BARS_AFTER: Final = 0.5  # seconds; what is done sooner needs no bar
_BARS_EVERY: Final = 0.1
_LINES_EVERY: Final = 10.0
_EVENTS_EVERY: Final = 1.0
_LOOK_EVERY: Final = 0.25  # for who asks how it stands
_LOST_AFTER: Final = 1.0  # a connection that is back sooner was not missed


class Display:
    """Looks at a tally again and again, in a thread of its own, until it is left. This one shows nothing."""

    first = _EVENTS_EVERY
    every = _EVENTS_EVERY

    def __init__(self, context: Context, tally: Tally, survey: Callable[[], Iterable[Total]] | None) -> None:
        self.context = context
        self.tally = tally
        self._survey = survey
        self._over = threading.Event()
        self._key = StatusKey()
        # Ends when the event is set; joined by __exit__. The counting beside it ends with its channel or tree.
        self._thread = threading.Thread(target=self._run, name="rsh-progress", daemon=True)

    def __enter__(self) -> Display:
        self._key.__enter__()
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._thread.join()
        self._key.__exit__()

    def begin(self) -> None:
        """Prepare to show: the transfer takes long."""

    def show(self, state: State) -> None:
        """Show how it stands."""

    def answer(self, state: State) -> None:
        """Say how it stands: somebody has asked."""
        say(self.words(state))

    def words(self, state: State) -> str:
        """Give a state as a line."""
        return f"rsh: {self.context.verb}: {in_words(state, self.context.base)}\n"

    def end(self) -> None:
        """Take away what shall not stay."""

    def _watch(self) -> None:
        if self._pause(self.first):
            self.end()
            return
        session = self.context.begin().session
        forget = session.watch(lambda condition: self.tally.retried() if condition.connected else None)
        try:
            self._show_all()
        finally:
            forget()

    def _show_all(self) -> None:
        if self._survey is not None:
            counting = threading.Thread(target=self.tally.count, args=(self._survey,), name="rsh-survey", daemon=True)
            counting.start()
        self.begin()
        try:
            while True:
                self.show(self._look())
                if self._pause(self.every):
                    break
        finally:
            self.end()

    def _pause(self, seconds: float) -> bool:
        """Wait for the end, so long at most, and answer who asks meanwhile; say whether it is over."""
        deadline = Deadline(seconds)
        while not deadline.expired:
            if self._over.wait(min(deadline.left() or 0.0, _LOOK_EVERY)):
                return True
            if self._key.asked():
                self.answer(self._look())
        return self._over.is_set()

    def _look(self) -> State:
        """Give how it stands, and how the connection is if there has been none for a while."""
        condition = self.context.begin().session.condition
        lost = not condition.connected and condition.lasted > _LOST_AFTER
        return self.tally.state()._replace(lost=condition if lost else None)

    def _run(self) -> None:
        try:
            self._watch()
        except Abandoned as abandoned:
            self.tally.abandon(abandoned)


class Silent(Display):
    """Shows nothing, whoever asks."""

    def __enter__(self) -> Display:
        self._key.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._key.__exit__()


class Lines(Display):
    """A line on stderr every ten seconds, for logs."""

    first = every = _LINES_EVERY

    def show(self, state: State) -> None:
        """Print one line."""
        say(self.words(state))


class Events(Display):
    """JSON objects on stdout: `file` for each large file, `progress` every second."""

    def show(self, state: State) -> None:
        """Print what there is to tell."""
        self._files()
        from rsh.client.transfer.events import tell

        with abandoning():
            tell("progress", fields(state))

    def answer(self, state: State) -> None:
        """Print an event more."""
        self.show(state)

    def end(self) -> None:
        """Print what has not been told yet."""
        self._files()

    def _files(self) -> None:
        from rsh.client.cli.json_output import text_fields
        from rsh.client.transfer.events import tell

        with abandoning():
            for path, size in self.tally.take_started():
                tell("file", {**text_fields("path", path), "size": size})


def fields(state: State) -> dict[str, Any]:
    """Give a state for a program: exact numbers, null for what is not known yet."""
    total = state.total if state.total and state.total.complete else None
    return {
        "bytes": state.bytes,
        "items": state.items,
        "total_bytes": total.bytes if total else None,
        "total_items": total.items if total else None,
        "rate": round(state.rate),
        "seconds_left": None if state.seconds_left is None else round(state.seconds_left, 1),
        "elapsed": round(state.elapsed, 3),
        "away": round(state.lost.lasted, 1) if state.lost else None,
        "retries": state.retries,
    }


def in_words(state: State, base: int = BINARY) -> str:
    """Give a state as a line for people: what is not known yet is "scanning"."""
    done, again = amount(state.bytes, base), f", {retries(state)}" if state.retries else ""
    if state.lost:
        return f"{done}, {state.items} files{again}; {describe(state.lost)}"
    total, share, rate = state.total, state.share, amount(int(state.rate), base)
    if total is None or share is None:
        found = f" (scanning: {amount(total.bytes, base)} so far)" if total else " (scanning)" if state.scanning else ""
        return f"{done}{found}, {rate}/s, {state.items} files{again}"
    left = "" if state.seconds_left is None else f", {duration(state.seconds_left)} left"
    whole = amount(total.bytes, base)
    return f"{share * 100:.0f}%, {done} of {whole}, {rate}/s, {state.items} of {total.items} files{again}{left}"


@contextmanager
def shown(
    context: Context, survey: Callable[[], Iterable[Total]] | None = None, *, json: bool = False
) -> Iterator[Progress | None]:
    """Show a transfer while entered, as its output wants it: give what the transfer has to tell.

    Args:
        survey: counts what there is to be moved; called by another thread, and only if it takes long.
        json: print events for programs.
    """
    tally = Tally()
    with display(context, tally, survey, json=json):
        yield tally if context.shows_progress else None


def display(
    context: Context, tally: Tally, survey: Callable[[], Iterable[Total]] | None, *, json: bool = False
) -> Display:
    """Give what shows a tally while it is entered; as shown()."""
    if not context.shows_progress:
        return Silent(context, tally, None)
    if tally.state().total is not None:
        survey = None  # It has been counted, or somebody is at it.
    if json:
        return Events(context, tally, survey)
    if not is_terminal(2) or os.environ.get("TERM", "") in ("", "dumb", "unknown"):
        return Lines(context, tally, survey)
    return Bars(context, tally, survey)


class Bars(Display):
    """Bars on the terminal; what draws them is loaded when there is something to draw."""

    first = _BARS_AFTER
    every = _BARS_EVERY

    def __init__(self, context: Context, tally: Tally, survey: Callable[[], Iterable[Total]] | None) -> None:
        super().__init__(context, tally, survey)
        self._bars: Any = None

    def begin(self) -> None:
        """Load rich, 0.1 s, beside the transfer."""
        from rsh.client.transfer.bars import TransferBars

        self._bars = TransferBars(color=self.context.color != "never", base=self.context.base)

    def show(self, state: State) -> None:
        """Draw."""
        self._bars.draw(state)

    def answer(self, state: State) -> None:
        """Print a line above the bars, which stays."""
        if self._bars is None:
            super().answer(state)
        else:
            self._bars.print_above(self.words(state).rstrip("\n"))

    def end(self) -> None:
        """Take the bars away."""
        if self._bars is not None:
            self._bars.close()
