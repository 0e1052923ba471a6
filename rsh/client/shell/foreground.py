"""What signals and escapes mean while a program over there has our console."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.shell.handover import Handover, can_be_continued
from rsh.client.shell.keyboard import Keyboard
from rsh.client.terminal.console import size
from rsh.client.terminal.escapes import Action, EscapeReader, caret, help_text
from rsh.client.terminal.passthrough import Attachable, Left
from rsh.client.terminal.signals import name_of
from rsh.client.text.condition_text import describe
from rsh.escape import printable

if TYPE_CHECKING:
    from rsh.client.shell.wishes import Wishes
    from rsh.session.condition import Condition

# Seconds that a lost connection may take to be there again without a word.
PATIENCE: Final = 2.0

# Seconds without the answer that was asked for after which a connection is told to be silent.
SILENT: Final = 2.0

KILLED: Final = 128 + signal.SIGQUIT
DISCONNECTED: Final = 255

# Seconds between two sizes of the window that make a program draw its screen anew: some look at the last one only.
REDRAW_PAUSE: Final = 0.05


class Foreground:
    """One program on our console; a context manager, while which it is told how the connection is.

    Attributes:
        give_up: ends the stay with an exception (Passthrough.give_up); set before the first signal or key.
    """

    def __init__(self, process: Attachable, handover: Handover, wishes: Wishes) -> None:
        self.give_up: Callable[[BaseException], None] = _nothing
        self._process = process
        self._handover = handover
        self._wishes = wishes
        self._size = (0, 0)  # the last one that was told
        self._stop_watching: Callable[[], None] = _stop
        self._outage = threading.Lock()  # guards what follows
        self._timer: threading.Timer | None = None  # runs, or ran, since the connection was lost
        self._told = False  # that it was
        self._escapes: dict[Action, Callable[[], None]] = {
            Action.DISCONNECT: self._disconnect,
            Action.DETACH: self._detach,
            Action.SUSPEND: self._ask_to_suspend,
            Action.LIST: self._list,
            Action.BACKGROUND: self._background,
            Action.RECONNECT: self._reconnect,
            Action.STATUS: self._tell_status,
            Action.HELP: lambda: self._handover.say(*help_text(wishes.escape)),
            Action.KILL: self._kill,
        }

    def keyboard(self) -> Keyboard:
        """Make the keyboard of the program."""
        transcoder = self._wishes.transcoder
        return Keyboard(
            self._process,
            EscapeReader(self._wishes.escape),
            lambda action: self._escapes[action](),
            echo=self._handover.echo,
            convert=transcoder.to_other_side if transcoder else None,
        )

    # --- signals ---

    def act(self, number: int) -> None:
        """Act on a signal that this process got."""
        try:
            self._act(number)
        except Exception as error:  # noqa: BLE001  # a net for bugs: the terminal must be given back
            self.give_up(error)

    def _act(self, number: int) -> None:
        if number in (signal.SIGTERM, signal.SIGHUP) or (number == signal.SIGQUIT and self._wishes.quits):
            self.give_up(SystemExit(128 + number))
        elif number == signal.SIGTSTP:
            self._handover.suspend()
            self._redraw()
        elif number == signal.SIGCONT:
            self._handover.resume()
            self._tell_size()
        elif number == signal.SIGWINCH:
            self._tell_size()
        else:
            self._process.signal(name_of(number))

    def _tell_size(self) -> None:
        now = size()
        if now != self._size:
            self._size = now
            self._handover.window_changed(now[1])
            self._process.resize(*now)

    def _redraw(self) -> None:
        """Have a full-screen program draw everything: its window has another size for a moment."""
        columns, rows = self._size = size()
        self._process.resize(columns, rows - 1 if rows > 1 else 2)
        threading.Event().wait(REDRAW_PAUSE)
        self._process.resize(columns, rows)

    # --- escapes ---

    def _disconnect(self) -> None:
        self._handover.echo(b"\r\n")
        self.give_up(Left("disconnected", DISCONNECTED))

    def _kill(self) -> None:
        self._handover.echo(b"\r\n")
        self.give_up(Left("ended by Ctrl-\\ three times", KILLED))

    def _detach(self) -> None:
        if self._wishes.detach is None:
            self._handover.say("[rsh: this cannot live on without us: nothing to detach from]")
            return
        self._handover.echo(b"\r\n")
        self._wishes.detach()

    def _ask_to_suspend(self) -> None:
        """Have the terminal's whole foreground stop, as Ctrl-Z does; our own part is `act`'s."""
        if can_be_continued() and signal.getsignal(signal.SIGTSTP) != signal.SIG_IGN:
            os.killpg(0, signal.SIGTSTP)
        else:
            self._handover.say("[rsh: cannot be suspended: no shell here could continue it]")

    def _background(self) -> None:
        self._handover.say("[rsh: what has the terminal cannot go on in the background; suspend it, or detach]")

    def _list(self) -> None:
        session = self._wishes.session
        opened = [] if session is None else [printable(each) for each in session.describe_open()]
        self._handover.say("[rsh: open in this session:]", *(opened or ["  nothing that is known of"]))

    def _reconnect(self) -> None:
        session = self._wishes.session
        if session is None or session.condition.connected:
            self._handover.say("[rsh: connected already]")
            return
        self._handover.say("[rsh: reconnecting]")
        session.retry_now()

    def _tell_status(self) -> None:
        session = self._wishes.session
        name = printable(self._wishes.host) or "this machine"
        how = describe(session.condition, session.error) if session is not None else "no connection is known"
        if session is not None and session.condition.connected and session.unanswered > SILENT:
            how += f", last contact {time.monotonic() - session.heard:.0f} s ago"
        self._handover.say(f"[rsh: {name}: {how}]")

    # --- the connection ---

    def __enter__(self) -> Foreground:
        if self._wishes.session is not None:
            self._stop_watching = self._wishes.session.watch(self._condition_changed)
        self._wishes.renewed = self._session_renewed
        return self

    def __exit__(self, *exception: object) -> None:
        self._wishes.renewed = _stop
        self._stop_watching()
        with self._outage:
            if self._timer is not None:
                self._timer.cancel()

    def _condition_changed(self, condition: Condition) -> None:
        """Have a loss told when it lasts, and the end of one that was told. Any thread of the session's calls this."""
        with self._outage:
            if not condition.connected and self._timer is None:
                self._timer = threading.Timer(PATIENCE, self._tell_loss)
                self._timer.daemon = True
                self._timer.start()
            elif condition.connected and self._timer is not None:
                self._timer.cancel()
                self._timer = None
                if self._told:
                    self._told = False
                    threading.Thread(target=self._tell_return, name="connected again", daemon=True).start()

    def _session_renewed(self) -> None:
        """Watch the session that has taken the place of a lost one."""
        if (session := self._wishes.session) is not None:
            self._stop_watching()
            self._stop_watching = session.watch(self._condition_changed)
            self._condition_changed(session.condition)

    def _tell_loss(self) -> None:
        session = self._wishes.session
        with self._outage:
            if session is None or session.condition.connected or self._timer is None:
                return
            self._told = True
        leave = f"; {caret(self._wishes.escape)}. to leave" if self._wishes.escape is not None else ""
        self._handover.note(f"[rsh: {describe(session.condition, session.error)}{leave}]")

    def _tell_return(self) -> None:
        if self._handover.note("[rsh: connected again]"):
            self._redraw()


def _stop() -> None:
    """Do nothing: nothing is watched yet."""


def _nothing(failure: BaseException) -> None:
    """Do nothing: there is nothing yet to be given up."""
