"""The public API: a machine over there, and what can be done with it.

    with rsh.connect("build") as remote:
        remote.run(["make", "test"], check=True)
        remote.put("src", to="work/")

Paths may be str or bytes; relative ones are meant from `Remote.directory`, which is the home over there unless set.
Everything raises subclasses of rsh.errors.RshError.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, TypeAlias

from rsh.client.api.process import RemoteProcess, named
from rsh.client.api.remote_copies import Path
from rsh.client.api.remote_jobs import RemoteJobs
from rsh.client.api.remote_tree import RemoteTree
from rsh.client.dialling.dial import CONNECT_TIMEOUT, Dialled, Embedded, dial
from rsh.errors import CommandFailed, CommandTimeout, DeadlineExpired, SessionGone
from rsh.protocol import requests
from rsh.protocol.requests import Terminal
from rsh.session.deadline import Deadline
from rsh.session.session import Session

Command: TypeAlias = str | Sequence[str | bytes]


class CompletedCommand:
    """What came of a command; as subprocess.CompletedProcess.

    Attributes:
        args: what was run.
        returncode: its status, or minus the number of the signal that ended it.
        stdout, stderr: what it wrote: bytes, or str when an encoding was given.
        duration: seconds, from the request to its end.
    """

    def __init__(self, args: Command, returncode: int, stdout: Any, stderr: Any, duration: float) -> None:
        self.args = args
        self.returncode = returncode
        self.stdout = stdout
        self.stderr = stderr
        self.duration = duration

    def check_returncode(self) -> None:
        """Raise CommandFailed unless the status is 0."""
        if self.returncode:
            raise CommandFailed(self.args, self.returncode, self.stdout, self.stderr)

    def __repr__(self) -> str:
        return f"CompletedCommand(args={self.args!r}, returncode={self.returncode})"


def connect(
    host: str | None = None,
    *,
    timeout: float = CONNECT_TIMEOUT,
    reconnect_timeout: float | None = None,
    shared: bool = False,
    embedded: Embedded | None = None,
) -> Remote:
    """Connect to a machine.

    Args:
        host: `[user@]host[:port]`, `unix:PATH` or an alias of the configuration; None for this machine, with no daemon.
        timeout: seconds until the server must have answered.
        reconnect_timeout: seconds without a connection after which everything fails with LinkError; 0: at once, None:
            never. Until then calls wait, and go on where they were when the connection is back; and for so long a
            daemon is waited for that is being restarted.
        shared: go through the connection that this user's commands share, as with `rsh --mux auto`, and make it if
            there is none; `reconnect_timeout` is that one's then. What the configuration says of it does not count
            here: a program that lives long should not depend on a connection that others may end.
        embedded: for None: makes the stream to a server; by default one inside this process.

    Raises:
        UsageError, LinkError, TrustError, Refused.
    """
    if host is None and embedded is None:
        import importlib

        embedded = importlib.import_module("rsh.embedded").dial

    reach = partial(_reach, host, embedded=embedded, patience=reconnect_timeout, shared=shared)
    deadline = Deadline(timeout)
    try:
        dialled = reach(deadline=deadline)
    except SessionGone as gone:  # It was on its way out, and another one will be there in a moment.
        from rsh.client.dialling.reaching import reach_again

        dialled = reach_again(lambda: reach(deadline=deadline), deadline.left(), gone, threading.Event())
    return lasting(dialled, host, patience=reconnect_timeout, shared=shared)


def lasting(dialled: Dialled, host: str | None, *, patience: float | None, shared: bool) -> Remote:
    """Use a session that was begun, and after it, where the daemon can be dialled again, those with the next ones.

    Args:
        host, shared: as `connect`. patience: its `reconnect_timeout`.
    """
    if host is None or not dials_again(host, patience):
        return Remote(dialled)
    again = partial(_reach, host, patience=patience, shared=shared)
    return Remote(dialled, lambda: again(deadline=Deadline(CONNECT_TIMEOUT)).session, patience)


def dials_again(host: str | None, patience: float | None) -> bool:
    """Say whether there can be another session with a host, and is to be."""
    return host is not None and not host.startswith("fd:") and patience != 0


def _reach(host: str | None, *, deadline: Deadline, **how: Any) -> Dialled:
    """Dial and wait until the server has taken us."""
    dialled = dial(host, deadline=deadline, **how)
    try:
        dialled.session.wait_welcome(deadline)
    except BaseException:  # interrupted, too: nobody else knows of this session
        dialled.session.close()
        raise
    return dialled


class Remote(RemoteTree, RemoteJobs):
    """A machine over there; a context manager that disconnects at its end. Safe to be used by several threads.

    Attributes:
        name: as the user typed it, "" for this machine.
        fingerprint, key_kind: of its certificate, "" where the kernel vouches.
        encrypted: whether the bytes travel under TLS.
        directory: where relative paths and commands start; b"" is the home.

    The file methods are those of RemoteFiles and RemoteTree, those for detached commands of RemoteJobs.
    """

    def __init__(
        self, dialled: Dialled, again: Callable[[], Session] | None = None, patience: float | None = None
    ) -> None:
        """Use a session that was begun; requests may be made before the server has answered.

        Args:
            again, patience: as Renewing.
        """
        super().__init__(dialled.session, again, patience)
        self.name = dialled.name
        self.fingerprint, self.key_kind = dialled.fingerprint, dialled.key_kind
        self.encrypted = dialled.encrypted

    # --- connection ---

    def wait_connected(self, deadline: Deadline) -> None:
        """Wait until the server has taken us; raise why it did not."""
        self.session.wait_welcome(deadline)

    @property
    def account(self) -> str:
        """The account over there."""
        return self.session.wait_welcome(Deadline(CONNECT_TIMEOUT)).account

    @property
    def system(self) -> str:
        """The host name over there."""
        return self.session.wait_welcome(Deadline(CONNECT_TIMEOUT)).system

    @property
    def home(self) -> bytes:
        """The home directory over there."""
        return self.here(self.session.wait_welcome(Deadline(CONNECT_TIMEOUT)).home)

    @property
    def message(self) -> str:
        """The message of the day over there, as it came: lines of anything."""
        return self.session.wait_welcome(Deadline(CONNECT_TIMEOUT)).message

    @property
    def near(self) -> bool:
        """Tell whether the other side is, as far as its address says, on this machine."""
        if not self.name:
            return True
        from rsh.client.dialling.dial import resolve

        address = resolve(self.name)
        return address.kind != "tcp" or address.host == "localhost" or address.host.startswith(("127.", "::1"))

    def ping(self, timeout: float = CONNECT_TIMEOUT) -> tuple[float, int]:
        """Measure a round trip: seconds, and the clock over there in nanoseconds since 1970."""
        return self.persist(lambda: self.session.ping(Deadline(timeout)))

    def __enter__(self) -> Remote:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- commands ---

    def start(
        self,
        command: Command | None,
        *,
        cwd: Path | None = None,
        env: Mapping[Any, Any] | None = None,
        terminal: Terminal | None = None,
        directory_after: bool = False,
        no_input: bool = False,
    ) -> RemoteProcess:
        """Start a command and give it while it runs.

        Args:
            command: a str is a line for the shell over there; a sequence is an argument vector, passed unchanged;
                None is the account's login shell, which reads its lines from its input.
            cwd: where it runs; `directory` by default.
            env: variables to set; some, such as LD_PRELOAD, are refused.
            terminal: run it on a terminal of this size.
            directory_after: have `RemoteProcess.directory` say where its shell stood at the end.
            no_input: its stdin is empty from the start.

        Raises:
            LinkError: the session is over. That the command cannot be started is raised by the process's methods, as
                SessionGone is when the daemon is restarted beneath it.
        """
        words = tuple(map(os.fsencode, (command,) if isinstance(command, str) else command or ()))
        line = command is None or isinstance(command, str)
        name = named(words, line=line)
        where = os.path.join(self.directory, os.fsencode(cwd or b""))
        request = requests.Exec(
            words,
            line,
            where,
            {os.fsencode(name): os.fsencode(value) for name, value in (env or {}).items()},
            terminal,
            directory_after,
            no_input,
        )
        channel = self.persist(lambda: self.open(request, bulk=terminal is None), once=True)
        return RemoteProcess(channel, name, where)

    def run(
        self,
        command: Command,
        *,
        input: bytes | None = None,
        cwd: Path | None = None,
        env: Mapping[Any, Any] | None = None,
        timeout: float | None = None,
        check: bool = False,
        encoding: str | None = None,
    ) -> CompletedCommand:
        """Run a command to its end and capture its output; as subprocess.run.

        Args:
            command, cwd, env: as `start`.
            input: what it reads on stdin; None: nothing.
            timeout: seconds until it is ended and CommandTimeout raised.
            check: raise CommandFailed when its status is not 0.
            encoding: decode the output with it ("utf-8").

        Raises:
            CommandNotStarted, CommandTimeout, CommandFailed. LinkError: the session is over. SessionGone: the daemon
                was restarted, and the command had begun, or may have; one that had not is run by the next daemon.
        """
        from rsh.client.api.capture import capture

        begun = time.monotonic()
        stdout, stderr = bytearray(), bytearray()

        def once() -> int:
            process = self.start(command, cwd=cwd, env=env, no_input=input is None)
            try:
                return capture(process, input, stdout, stderr, Deadline(timeout))
            except DeadlineExpired as error:
                raise CommandTimeout(timeout or 0.0, bytes(stdout), bytes(stderr)) from error
            finally:
                process.close()

        returncode = self.persist(once, once=True)
        out, err = (bytes(each).decode(encoding) if encoding else bytes(each) for each in (stdout, stderr))
        completed = CompletedCommand(command, returncode, out, err, time.monotonic() - begun)
        if check:
            completed.check_returncode()
        return completed
