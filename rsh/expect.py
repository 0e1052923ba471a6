"""A living shell for programs, in the manner of pexpect: no child process, no terminal here, nothing scraped.

    with rsh.expect.connect("build") as shell:
        output, status = shell.run("cd src && make")
        shell.sendline("python3")
        shell.expect(">>> ")
        shell.sendline("print(6 * 7)")
        shell.expect(r"(\\d+)\\r\\n")
        shell.sendeof()
        shell.wait()

`expect`, `before`, `after`, `match`, EOF and TIMEOUT are pexpect's own; where a line ends, and with which status, the
shell over there says. While the connection is lost, or the daemon is restarted, calls wait, and the shell and what
runs in it go on. It needs pexpect: `pip install 'rsh[expect]'`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rsh.client.api.remote import Remote
from rsh.client.api.remote import connect as connect_remote
from rsh.client.shell.attachment import GivenUp
from rsh.client.shell.feed import Feed, LineEnd, Lost, ShellEnd
from rsh.client.shell.living import new_token
from rsh.errors import LinkError, RshError, UsageError, exit_status
from rsh.protocol.requests import Attach, Terminal
from rsh.protocol.requests import Shell as ShellRequest
from rsh.session.channel import Channel

try:
    from pexpect.exceptions import EOF, TIMEOUT
    from pexpect.spawnbase import SpawnBase
except ImportError as error:
    raise UsageError("rsh.expect needs pexpect", advice="pip install 'rsh[expect]'") from error

if TYPE_CHECKING:
    Base: TypeAlias = SpawnBase[Any]
else:
    Base = SpawnBase

__all__ = ["EOF", "TIMEOUT", "Result", "Shell", "connect"]


class Result(NamedTuple):
    """What came of a line.

    Attributes:
        output: all that it wrote to its terminal; a newline is `\\n`.
        status: as a shell shows it: 128+N for signal N.
    """

    output: Any
    status: int


def connect(host: str | None = None, **options: Any) -> Shell:
    """Connect to a machine and start a shell there; both end with the shell that is given.

    Args:
        host: as rsh.connect.
        options: those of Shell.
    """
    remote = connect_remote(host)
    try:
        return Shell(remote, owns=True, **options)
    except BaseException:  # interrupted, too: nobody else knows of this connection
        remote.close()
        raise


class Shell(Base):
    """A living shell over there, with pexpect's interface. Not to be used by several threads at once.

    Attributes:
        greeting: what its rc files have printed.
        status: of the last line that has ended.
        exitstatus, signalstatus: of the shell, once it has ended.
        running: a line runs; what is sent then is typed into the terminal.
        Otherwise those of pexpect.spawnbase.SpawnBase.
    """

    # What pexpect's types leave out or tell too widely.
    _decoder: Any
    _log: Any
    buffer_type: Any
    match: Any

    def __init__(
        self,
        remote: Remote,
        *,
        timeout: float | None = 30,
        encoding: str | None = "utf-8",
        codec_errors: str = "replace",
        dimensions: tuple[int, int] = (24, 80),
        env: Mapping[str, str] | None = None,
        owns: bool = False,
        **options: Any,
    ) -> None:
        """Start a shell and wait until it has read its rc files.

        Args:
            timeout: seconds that `expect` and `run` wait; None: for ever.
            encoding: of its output; None gives bytes.
            dimensions: rows and columns of its terminal.
            env: variables to set; TERM is `dumb` unless it is among them.
            owns: close the connection too, in the end.
            options: those of SpawnBase: maxread, searchwindowsize, logfile.

        Raises:
            RshError: there can be no shell.
        """
        super().__init__(timeout=timeout, encoding=encoding, codec_errors=codec_errors, **options)
        variables = {"TERM": "dumb"} | dict(env or {})
        token = new_token()
        request = ShellRequest(
            Terminal(dimensions[1], dimensions[0]),
            remote.directory,
            {os.fsencode(name): os.fsencode(value) for name, value in variables.items()},
            id=os.urandom(4).hex(),
            token=token,
        )
        self.running = True
        self.closed = self.terminated = False
        self.delayafterread = self.delaybeforesend = None
        self.name = f"<rsh shell at {remote.name or 'this machine'}>"
        self._remote = remote
        self._owns = owns
        self._rest = b""  # of a piece that was longer than was asked for
        self._typed = ""  # a line that is not finished
        self._feed = Feed(remote.session.open(request), token=token, again=self._again)
        self._living = self._feed.living
        self.greeting = self._finish(timeout)

    # --- what pexpect has not ---

    def run(self, line: str | bytes, timeout: float | None = -1) -> Result:
        """Run a line to its end.

        Args:
            timeout: in seconds; -1 is the shell's own.

        Raises:
            TIMEOUT: it still runs, and what it wrote stands in `before`; `wait` goes on. LinkError: so does this one
                when it wrote more without a connection than is kept over there; when the link went away for good, the
                shell is no longer `alive`. UsageError: another line still runs. EOF: the shell had ended before.
        """
        if self.running:
            raise UsageError("a line still runs", advice="wait() for it, or sendintr()")
        self.buffer = self._before = self.string_type()
        self._before = self.buffer_type()
        self._start(line)
        output = self._finish(self.timeout if timeout == -1 else timeout)
        return Result(output.replace(self.crlf, self.crlf[1:]), int(self.status or 0))

    def wait(self, timeout: float | None = -1) -> int:
        """Wait until the line that runs has ended; give its status. What it writes meanwhile is left in `before`."""
        if self.running:
            self.before = self._finish(self.timeout if timeout == -1 else timeout)
        return int(self.status or 0)

    # --- what pexpect.spawn has ---

    def send(self, text: str | bytes) -> int:
        """Type text: into what runs; while nothing does, a line for the shell, which runs once it is complete.

        Raises:
            EOF: there is no shell any more that a line could be for.
        """
        data = text.decode("utf-8", "surrogateescape") if isinstance(text, bytes) else text
        self._log(text, "send")
        self._send(data)
        return len(text)

    def _send(self, data: str) -> None:
        if not self.running:
            self._typed += data
            line, newline, data = self._typed.partition("\n")
            if not newline:
                return
            self._typed = ""
            self._start(line)
        if data:
            self._living.type(data.encode(self.encoding or "utf-8", "surrogateescape"))

    def sendline(self, line: str | bytes = "") -> int:
        """Type text and Enter."""
        return self.send(line + b"\n" if isinstance(line, bytes) else line + "\n")

    def write(self, text: str | bytes) -> None:
        """Type text."""
        self.send(text)

    def sendcontrol(self, letter: str) -> int:
        """Type Ctrl and a letter."""
        self._living.type(bytes([ord(letter.upper()) & 0x1F]))
        return 1

    def sendintr(self) -> None:
        """Type Ctrl-C."""
        self.sendcontrol("c")

    def sendeof(self) -> None:
        """Type Ctrl-D."""
        self.sendcontrol("d")

    def setwinsize(self, rows: int, columns: int) -> None:
        """Change the size of the terminal."""
        self._living.resize(columns, rows)

    def isalive(self) -> bool:
        """Say whether the shell lives."""
        return not self.terminated

    def close(self, force: bool = True) -> None:
        """End the shell, as a terminal that goes away does, and a connection that was made for it."""
        if self.closed:
            return
        self.closed = self.terminated = self.flag_eof = True
        self.running = False
        self._feed.close()
        if self._owns:
            self._remote.close()

    def read_nonblocking(self, size: int = 1, timeout: float | None = -1) -> Any:
        """Give output, at most so much; wait for some. What `expect` reads with.

        Raises:
            TIMEOUT: none came. EOF: the shell has ended.
        """
        data = self._read(size, self.timeout if timeout == -1 else timeout)
        while isinstance(data, LineEnd):
            data = self._read(size, self.timeout if timeout == -1 else timeout)
        text = self._decoder.decode(data, final=False)
        self._log(text, "read")
        return text

    def __enter__(self) -> Shell:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __str__(self) -> str:
        return f"{self.name}, before: {self._before.getvalue()[-100:]!r}"

    # --- inside ---

    def _again(self, request: Attach) -> Channel:
        """Open a channel to the same shell, by way of the next daemon if need be; called by the shell's thread."""
        try:
            return self._remote.persist(lambda: self._remote.session.open(request))
        except RshError as error:
            raise GivenUp(error) from error

    def _start(self, line: str | bytes) -> None:
        if self.terminated:
            raise EOF("the shell has ended")
        data = line if isinstance(line, bytes) else line.encode(self.encoding or "utf-8", "surrogateescape")
        self.running = True
        self._feed.start_line(data)

    def _finish(self, timeout: float | None) -> Any:
        """Give all output up to the end of the line; the shell's end is one too."""
        end = None if timeout is None else time.monotonic() + timeout
        while self.running:
            left = None if end is None else max(0.0, end - time.monotonic())
            try:
                data = self._read(self.maxread, left)
            except EOF:
                self.running = False
                break
            except (TIMEOUT, RshError):
                self.before = self._before.getvalue()
                raise
            if isinstance(data, bytes):
                text = self._decoder.decode(data, final=False)
                self._log(text, "read")
                self._before.write(text)
        output = self._before.getvalue()
        self._before, self._buffer = self.buffer_type(), self.buffer_type()
        return output

    def _read(self, size: int, timeout: float | None) -> bytes | LineEnd:
        """Give the next output, or the end of a line. Raises TIMEOUT, EOF, RshError."""
        if not self._rest:
            if self.flag_eof:
                raise EOF("the shell has ended")
            item = self._feed.next(timeout)
            if item is None:
                raise TIMEOUT("nothing came in time")
            if isinstance(item, LineEnd):
                self.status, self.running = item.status, False
                self._go_on()
                return item
            if isinstance(item, ShellEnd):
                raise self._concluded(item)
            if isinstance(item, Lost):
                raise LinkError(f"{item.size} bytes of output are lost: they were printed without a connection")
            self._rest = item
        data, self._rest = self._rest[:size], self._rest[size:]
        return data

    def _go_on(self) -> None:
        """Have what was sent while the line ran, and was not read by it, be the next line."""
        ahead = self._living.take_typed_ahead().decode(self.encoding or "utf-8", "surrogateescape")
        if ahead:
            self._send(ahead)

    def _concluded(self, item: ShellEnd) -> Exception:
        self.flag_eof = self.terminated = True
        self.running = False
        if item.returncode is None:
            return item.error or EOF("the shell has ended")
        self.status = exit_status(item.returncode)
        self.exitstatus = item.returncode if item.returncode >= 0 else None
        self.signalstatus = -item.returncode if item.returncode < 0 else None
        return EOF("the shell has ended")
