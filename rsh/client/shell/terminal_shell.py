"""The shell over there, as a prompt on a terminal sees it: one that lives, and all its state with it."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from rsh.client.shell.attached import passed_environment, run_attached
from rsh.client.shell.beginning import Beginning
from rsh.client.shell.joining import Joining, come_back
from rsh.client.shell.living import END_PATIENCE, LivingShell, new_token
from rsh.client.shell.notes import ending, gone
from rsh.client.shell.running_line import RunningLine
from rsh.client.shell.shell import Leave
from rsh.client.shell.telling import Telling
from rsh.client.shell.wishes import Wishes
from rsh.client.terminal.console import is_terminal, size
from rsh.client.terminal.passthrough import Buffer, Left, to_stdout
from rsh.client.text.complaints import say
from rsh.errors import Code, Refused, RshError, exit_status
from rsh.escape import printable
from rsh.protocol.requests import Attach
from rsh.session.deadline import Deadline

if TYPE_CHECKING:
    from rsh.client.api.remote import Remote
    from rsh.session.channel import Channel

# How long a shell may take to hear that we leave it, in seconds.
LEAVE_PATIENCE: Final = 1.0

TAKEN_OVER: Final = 255

# How long the end of the prompt waits for a shell that has hardly begun, in seconds.
PATIENCE: Final = 3.0


class TerminalShell(Telling):
    """Runs lines in a living shell, in the foreground here. As shell.Shell.

    Attributes:
        directory: where the shell stands; b"" is the home.
        fresh_line: the output so far ended with a newline, so that a prompt may follow.
        ahead: gives what was typed behind the line that is to run, and the prompt has read already.
        joining: how the next shell is come to.
        lives_on: the shell does, when we leave it.
        attached: the shell was there before us.
    """

    def __init__(self, remote: Callable[[], Remote], wishes: Wishes) -> None:
        """Prepare; nothing is asked of the other side yet.

        Args:
            remote: gives the connection, a new one when the last one was lost. Called by any thread.
            wishes: how programs have the terminal; the rest of it is filled in here.
        """
        super().__init__(wishes)
        self.directory = b""
        self.fresh_line = True
        self.ahead: Callable[[], bytes] = bytes
        wishes.modes, wishes.looks, wishes.detach = self._modes, False, self.detach
        self.joining = Joining()
        self.lives_on = True
        self.attached = False
        self._remote = remote
        self._beginning: Beginning | None = None  # nobody has attended to it yet
        self._asked = ""  # what the shell was called when it was asked for
        self._detached = ""  # the shell that we have left on purpose

    def keep_to_us(self) -> None:
        """Take note that the shell ends when we leave it: its server is in this process."""
        self.lives_on = False
        self.wishes.detach = None

    @property
    def echoes(self) -> bool:
        """Whether the terminal over there shows what is typed; if not, it may be a password."""
        return self._living is None or self._living.echoes

    @property
    def id(self) -> str:
        """What the shell is known by over there; "" while there is none."""
        return self._living.id if self._living is not None else ""

    @property
    def jobs(self) -> int:
        """How many jobs the shell has, running and stopped."""
        return self._living.jobs if self._living is not None else 0

    @property
    def running(self) -> bool:
        """Whether a line runs, and has the terminal."""
        return self._living is not None and self._living.running

    @property
    def called(self) -> str:
        """What its user calls it: its name, else its id; before it has answered, as it was asked for."""
        return self._living.name or self._living.id or self._asked if self._living is not None else ""

    def begin(self) -> LivingShell:
        """Have a shell started over there if there is none; does not wait for it."""
        if self._living is None or not self._living.alive:
            environment = passed_environment(terminal=True, language=self.wishes.transcoder is None)
            token = new_token()
            joining, self.joining = self.joining, Joining()
            self.attached = joining.attach
            remote = self._remote()
            self.wishes.session = remote.session
            request = joining.request(size(), self.directory, environment, token)
            self._asked = joining.name or ("" if isinstance(request, Attach) else request.id)
            channel = remote.open(request)
            self._living = LivingShell(
                channel, self._show_above, token=token, again=self._again, company=self, read_only=joining.read_only
            )
        return self._living

    def _again(self, request: Attach) -> Channel:
        """Open a channel to the same shell over whatever connection there is; called by the shell's thread."""
        remote = self._remote()
        self.wishes.session = remote.session
        return remote.open(request)

    def begin_behind(self, tell: Callable[[RshError | None], None]) -> None:
        """Let the shell begin while the prompt is already there.

        Args:
            tell: is called by a thread when the shell waits for a line, or has ended, or, with an error, cannot be.
        """
        living = self.begin()
        if self.attached:
            return  # What goes on in it comes before the prompt.

        def over(error: RshError | None) -> None:
            if living.ended is None and error is None:
                self.directory = self._here(living.directory)
            tell(error)

        self._beginning = Beginning(living, self._show_above, over)

    @property
    def waits(self) -> bool:
        """Whether it waits for a line, and there is a connection to give it one."""
        living = self._living
        return living is not None and living.alive and living.settled and living.connected and not living.running

    @property
    def begins_behind(self) -> bool:
        """Whether the shell is let begin while the prompt is there."""
        return self._beginning is not None

    @property
    def ended(self) -> int | None:
        """The shell's returncode once it has ended, as subprocess gives it."""
        return None if self._living is None else self._living.ended

    def settle(self) -> None:
        """See the shell's own beginning: what its rc files print, and ask, is for the user.

        Raises:
            Leave: they have ended it, which is told.
            RshError: there can be no shell.
        """
        beginning, self._beginning = self._beginning, None
        if beginning is not None and beginning.attend():
            self._attend(beginning)
        living = self._living
        if living is None or living.settled or not self.attached:
            living = self.begin()  # One to attach to that is not there is not replaced by a new one.
        if living.settled:
            return
        try:
            self._attend(RunningLine(living))
        except Leave:
            if living.ended is not None:
                say("rsh: the shell has ended before its first prompt: look at its startup files (rsh cat, rsh put)\n")
            raise

    def run(self, line: str) -> int:
        """Run a line to its end and give its exit status.

        Raises:
            Leave: the shell has ended, with the status that the prompt is to end with.
            RshError: the link went away, and the shell with it. When that was so before, the line has not been run: it
            was meant for where the shell stood.
        """
        if self._living is not None and not self._living.alive:
            self._attend(RunningLine(self._living))
        self.settle()
        living = self.begin()
        transcoder = self.wishes.transcoder
        ahead = transcoder.to_other_side(self.ahead()) if transcoder else self.ahead()
        ahead += living.take_typed_ahead()  # while the shell began
        return self._attend(RunningLine(living, transcoder.line(line) if transcoder else os.fsencode(line), ahead))

    def attend(self) -> None:
        """Attend what the prompt gave way to: another client's line, or the end of the shell.

        Raises:
            Leave: it has ended, or somebody has taken it over. RshError: it is lost.
        """
        living = self._living
        if living is None:
            return
        if living.running:
            started, self._started = self._started, None
            if started is not None:
                line = printable(os.fsdecode(self._here(started.line.partition(b"\n")[0])))
                say(f"rsh: {printable(started.who)} runs: {line}\n")
            self._attend(RunningLine(living))
        elif not living.alive:
            self._attend(RunningLine(living))

    def detach(self) -> None:
        """Leave the shell to itself: what is attended ends with Leave. Also called by the keyboard's thread."""
        living = self._living
        if living is not None:
            self._detached = living.name or living.id
            living.leave(Deadline(LEAVE_PATIENCE))

    def switch(self, joining: Joining) -> int:
        """Leave the shell to itself, and go to another one; give the status of its last line."""
        beginning, self._beginning = self._beginning, None
        if beginning is not None:
            beginning.attend()  # What it still says is for nobody, nor that it has been left.
        self.detach()
        self._living, self._detached, self.joining = None, "", joining
        self.settle()
        return self.begin().status

    def end(self) -> None:
        """End the shell: the prompt is left on purpose."""
        living, self._living = self._living, None
        if living is not None and living.alive:
            living.end(Deadline(END_PATIENCE))

    def let_go(self) -> None:
        """Want nothing more of the shell, which may live on: a connection that ends now is not made again for it."""
        living, self._living = self._living, None
        if living is not None:
            living.close()

    def take_typed_ahead(self) -> bytes:
        """Give what was typed while a line ran and no program has read."""
        if self._living is None:
            return b""
        ahead = self._living.take_typed_ahead()
        return bytes(self.wishes.transcoder.to_screen(ahead)) if self.wishes.transcoder else ahead

    def give_back(self) -> None:
        """Put back at our terminal what is left of all that lines have switched on: the prompt is over.

        A shell that is still reading its rc files may go on for a moment: one that is killed in them can leave locks.
        """
        if self._beginning is not None:
            self._beginning.wait_over(PATIENCE)
        if is_terminal(1) and (back := self._modes.undo()):
            to_stdout(back)

    def _attend(self, line: RunningLine | Beginning) -> int:
        self.fresh_line = True
        try:
            status = exit_status(run_attached(line, terminal=True, stdout=self._write, wishes=self.wishes))
        except Left as left:
            self._living = None
            say(f"rsh: {left}\n")
            raise Leave(left.exit_status) from left
        except RshError as error:
            lost, self._living = self._living, None
            self._conclude(error, had=lost is not None and lost.settled)
            raise
        living = self._living
        if living is None or living.ended is not None:
            self._living = None
            if living is not None and living.ended and living.ended < 0:
                say(f"rsh: the shell was ended by {ending(status)}\n")
            raise Leave(status)
        self.directory = self._here(living.directory)
        return status

    def _conclude(self, error: RshError, *, had: bool) -> None:
        """Raise Leave when the shell lives on and is not for us any more; Refused when it does not, and we do.

        FileError when a new one was to stand where the last one stood, and cannot.

        Args:
            had: we have had the shell, and not only asked for it.
        """
        if self._detached:
            self._living = None
            say(f"rsh: {come_back(self.wishes.host, self._detached)}\n")
            raise Leave(0) from error
        if isinstance(error, Refused) and error.code == Code.SUPERSEDED:
            self._living = None
            say(f"rsh: {printable(str(error))}\n")
            raise Leave(TAKEN_OVER) from error
        if isinstance(error, Refused) and error.code == Code.FORBIDDEN and had:
            words = "the shell is left to itself; files can still be had: try `help`"
            raise Refused(error.code, f"what this key may do has changed: {error}", advice=words) from error
        if isinstance(error, Refused) and error.code == Code.FILE and self.directory:
            before, self.directory = self.directory, b""
            raise gone(error, before) from error
        if isinstance(error, Refused) and error.code in (Code.INTERNAL, Code.NO_SHELL):
            raise Refused(error.code, str(error), advice="the next line begins a new shell") from error

    def _here(self, name: bytes) -> bytes:
        """Give a name of the other side as it is spelled here."""
        return name if self.wishes.spelling is None else self.wishes.spelling.here(name)

    def _write(self, data: Buffer) -> None:
        to_stdout(data)
        self.fresh_line = bytes(data[-2:]) == b"\r\n"  # A newline alone only goes down.
