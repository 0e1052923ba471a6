"""The exec service: a command's output into the lanes, the client's input into the command, its end into an Exit.

Output ends when the first process has ended and what it had written is sent. A background child that keeps the pipe
open does not keep the client waiting; what such a child writes later is nobody's.
"""

from __future__ import annotations

import array
import fcntl
import os
import select
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from rsh.errors import Code, Refused, RshError, error_name
from rsh.holder.gathering import Gathering
from rsh.protocol.frames import Buffer
from rsh.protocol.messages import Exit, Resize, Signal
from rsh.protocol.requests import Exec
from rsh.server.account import Account, Grant, command_environment
from rsh.server.process import Command
from rsh.server.standing import starting_directory
from rsh.session.channel import Channel

READ_SIZE: Final = 256 * 1024

# How long a terminal may still deliver after its last process: the kernel hands output over asynchronously.
TERMINAL_PATIENCE: Final = 0.05

# Shells whose `trap ... EXIT` and `pwd` say where they stood at the end.
POSIX_SHELLS: Final = (b"bash", b"zsh", b"sh", b"dash", b"ksh", b"mksh", b"ash")

# Shells that read the files of a login with -l; sshd says it by a dash in front of the name, which nobody can put there
# through the sh that opens the terminal.
LOGIN_SHELLS: Final = (*POSIX_SHELLS, b"fish", b"tcsh", b"csh")


def execute(
    channel: Channel, request: Exec, account: Account, grant: Grant, own: Mapping[bytes, bytes], *, everything: bool
) -> None:
    """Serve one Exec request until the command has ended and the client knows it.

    Raises:
        Refused: the key may not, or the command cannot be started.
    """
    grant.require_shell()
    environment = command_environment(account, own, request.environment, everything=everything)
    directory = starting_directory(account, request.directory)
    report, reported = _report_pipe() if request.report_directory else (-1, -1)
    try:
        command = Command(
            arguments_of(request.arguments, account, shell=request.shell, reported=reported),
            directory=directory,
            environment=environment,
            terminal=request.terminal,
            no_input=request.no_input,
            keep=(reported,) if reported >= 0 else (),
        )
    except Refused:
        _close(report, reported)
        raise
    _close(reported)
    try:
        _attend(channel, command, report)
    finally:
        command.close()
        _close(report)


def _attend(channel: Channel, command: Command, report: int) -> None:
    """Accept the request and move bytes until the command has ended."""
    channel.accept(bulk=not command.terminal)
    channel.listen(lambda message: _on_message(command, message))
    outputs: list[threading.Thread] = []
    inputs: list[threading.Thread] = []
    try:
        if command.errors >= 0:
            outputs.append(_start(_pump_errors, channel, command))
        if command.input >= 0:
            inputs.append(_start(_pump_input, channel, command))
    except RuntimeError:  # No thread can be had now.
        channel.close(Code.BUSY, "the server has no room for another command")
        command.end()
    _pump(channel, command, command.output, lane=0)
    status, number = command.wait()
    for thread in outputs:
        thread.join()
    channel.end(0)
    channel.end(1)
    channel.tell(Exit(status, number, _read_available(report) if report >= 0 else b""))
    channel.close()
    for thread in inputs:
        thread.join()


def _report_pipe() -> tuple[int, int]:
    try:
        return os.pipe()
    except OSError as error:
        raise Refused(Code.COMMAND, error_name(error)) from error


def _start(target: Callable[[Channel, Command], None], channel: Channel, command: Command) -> threading.Thread:
    thread = threading.Thread(target=target, args=(channel, command), daemon=True)
    thread.start()
    return thread


def _on_message(command: Command, message: Signal | Resize | Exit | None) -> None:
    if message is None:
        command.end()
    elif isinstance(message, Signal):
        command.signal(message.name)
    elif isinstance(message, Resize):
        command.resize(message.columns, message.rows)


def _pump_errors(channel: Channel, command: Command) -> None:
    _pump(channel, command, command.errors, lane=1)


def _pump(channel: Channel, command: Command, source: int, lane: int) -> None:
    """Send what a command writes until it is all sent; when nobody wants it any more, end the command."""
    poll = select.poll()
    poll.register(source, select.POLLIN)
    poll.register(command.ended, select.POLLIN)
    gather = Gathering(source).all_behind if command.terminal else bytes
    try:
        while data := _next_output(command, source, poll):
            channel.write(gather(data), lane=lane)
        for data in _last_output(command, source):
            channel.write(data, lane=lane)
    except RshError:
        command.end()


def _next_output(command: Command, source: int, poll: select.poll) -> bytes:
    """Wait for output while the first process lives; b"" when it has ended or has closed its side."""
    while True:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if command.ended in ready:
            return b""
        try:
            data = os.read(source, READ_SIZE)
        except BlockingIOError:
            continue
        except OSError:
            return b""  # EIO: nobody has the other side of the terminal any more.
        return data


def _last_output(command: Command, source: int) -> list[bytes]:
    """Give what is left in the pipe or terminal of a command whose first process has ended."""
    if not command.terminal:
        return [data] if (data := _read_available(source)) else []
    command.let_go_of_terminal()
    pieces: list[bytes] = []
    poll = select.poll()
    poll.register(source, select.POLLIN)
    # A background job may write for ever; what the command itself wrote is no more than a terminal's buffer.
    while (
        sum(map(len, pieces)) < READ_SIZE and poll.poll(TERMINAL_PATIENCE * 1000) and (data := _read_terminal(source))
    ):
        pieces.append(data)
    return pieces


def _pump_input(channel: Channel, command: Command) -> None:
    """Give the command what the client sends, until either has enough."""
    try:
        while data := channel.read(0):
            if not _write_all(command, data):
                return
        command.end_input()
    except (RshError, OSError):
        return  # The client is gone, which the listener hears too; or the command has closed its input.


def _write_all(command: Command, data: Buffer) -> bool:
    """Write all of `data`; False when the command has ended first."""
    poll = select.poll()
    poll.register(command.input, select.POLLOUT)
    poll.register(command.ended, select.POLLIN)
    rest = memoryview(data)
    while rest:
        ready = [descriptor for descriptor, _ in poll.poll()]
        if command.ended in ready:
            return False
        try:
            rest = rest[os.write(command.input, rest) :]
        except BlockingIOError:
            continue
    return True


def _read_terminal(source: int) -> bytes:
    try:
        return os.read(source, READ_SIZE)
    except OSError:
        return b""


def _read_available(source: int) -> bytes:
    """Read what is in a pipe now, without waiting for more."""
    count = array.array("i", [0])
    fcntl.ioctl(source, termios.FIONREAD, count)
    return os.read(source, count[0]) if count[0] else b""


def arguments_of(asked: Sequence[bytes], account: Account, *, shell: bool, reported: int = -1) -> list[bytes]:
    """Give the argument vector: the client's own, or the account's shell with the client's line, or that shell alone.

    Args:
        reported: a descriptor that the shell writes to at its end where it stands, or -1.

    Raises:
        Refused: nothing was asked for.
    """
    if shell and not asked:
        return [account.shell, b"-l"] if os.path.basename(account.shell) in LOGIN_SHELLS else [account.shell]
    if not asked or not asked[0]:
        raise Refused(Code.COMMAND, "EINVAL")
    if not shell:
        return list(asked)
    program, line = account.shell, asked[0]
    if reported >= 0:
        if os.path.basename(program) not in POSIX_SHELLS:
            program = b"/bin/sh"
        line = b"trap 'pwd >&%d' EXIT\n%s" % (reported, line)
    return [program, b"-c", line]


def _close(*descriptors: int) -> None:
    for descriptor in descriptors:
        if descriptor >= 0:
            os.close(descriptor)
