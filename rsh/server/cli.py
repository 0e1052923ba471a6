"""`rsh-server`: the daemon's command line."""

from __future__ import annotations

import argparse
import os
import resource
import signal
import sys
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from rsh import __version__
from rsh.errors import FileError, RshError, UsageError, error_name
from rsh.escape import printable
from rsh.server import logs
from rsh.server.options import Options

if TYPE_CHECKING:
    from rsh.server.daemon import Daemon


def main(argv: Sequence[str] | None = None) -> int:
    """Run the daemon, or one of the small commands around it; give the exit status."""
    try:
        arguments = parser().parse_args(argv)
        if arguments.command == "authorize":
            return authorize(arguments.line)
        if arguments.command == "url":
            return print_url(arguments.address)
        return serve(arguments)
    except RshError as error:
        print(f"rsh-server: {printable(str(error))}", file=sys.stderr)
        if error.advice:
            print(printable(error.advice), file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as all that is wrong is said."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(message, advice=f"try '{self.prog} --help'")


def parser() -> argparse.ArgumentParser:
    """Describe the command line; man page and completions are held against it."""
    defaults = Options()
    top = _Parser(prog="rsh-server", description="Give shells, commands and files of this account to authorised keys.")
    top.add_argument("--version", action="version", version=f"rsh-server {__version__}")
    top.add_argument(
        "--bind",
        action="append",
        metavar="ADDR",
        help="listen on host:port, [v6]:port, :port (all families), unix:PATH or fd:N; may be repeated "
        f"(default {defaults.bind[0]})",
    )
    top.add_argument("--socket", default="", metavar="PATH", help="Unix socket for the same user; `none` for none")
    top.add_argument("--motd", default="", metavar="FILE", help="message of the day: shown to whoever opens a prompt")
    for name, words in LIMITS.items():
        default = getattr(defaults, name)
        flag = "--" + name.replace("_", "-")
        top.add_argument(flag, type=_positive, default=default, metavar="N", help=f"{words} (default {default})")
    for name, words in WAITS.items():
        default = getattr(defaults, name)
        top.add_argument(
            f"--{name}", type=_seconds, default=default, metavar="S", help=f"{words} (default {default:g})"
        )
    for name, words in SIZES.items():
        default = getattr(defaults, name)
        flag = "--" + name.replace("_", "-")
        top.add_argument(flag, type=_size, default=default, metavar="SIZE", help=f"{words} (default {default >> 20}M)")
    top.add_argument(
        "--job-ttl",
        type=_duration,
        default=defaults.job_ttl,
        metavar="TIME",
        help=f"how long a detached command is remembered after its end (default {defaults.job_ttl / 86400:g}d)",
    )
    top.add_argument(
        "--session-ttl",
        type=_duration,
        default=defaults.session_ttl,
        metavar="TIME",
        help=f"how long a shell lives with nobody attached (default {defaults.session_ttl / 86400:g}d)",
    )
    top.add_argument("--log-level", choices=logs.LEVELS, default="info", help="least level that is logged")
    top.add_argument("--log-json", action="store_true", help="log JSON objects, one a line")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", title="commands")
    adding = commands.add_parser("authorize", help="let a key in: the line that `rsh key` prints")
    adding.add_argument("line", nargs="?", default="-", help="that line; - reads it from standard input")
    showing = commands.add_parser("url", help="print what `rsh trust` wants to pin this daemon")
    showing.add_argument("address", nargs="?", default="", help="host or host:port as clients reach it")
    return top


LIMITS = {
    "max_connections": "connections in all",
    "max_per_address": "connections from one address",
    "max_unauthenticated": "connections that have not logged in yet, in all",
    "max_unauthenticated_per_address": "the same from one address",
    "max_channels": "requests at work in one session",
    "max_sessions": "sessions of one key, those that are away included",
    "max_shells": "living shells of one key",
    "max_jobs": "detached commands, running and remembered",
}

WAITS = {
    "linger": "seconds that a session is kept whose client is silent",
    "grace": "seconds that a session is kept whose connection was closed",
    "drain": "seconds that requests at work get to finish after SIGTERM",
}

SIZES = {
    "job_output": "output that is kept of a detached command, the newest",
    "job_disk": "what all detached commands may take on the disk",
}

# The smallest size, in bytes: the log of a job has its pieces.
LEAST_SIZE = 1 << 20


def serve(arguments: argparse.Namespace) -> int:
    """Be the daemon until a signal ends it."""
    # The daemon's modules are imported here: `authorize` and `url` need none of them.
    from rsh.server.daemon import Daemon

    _refuse_foreign_root()
    logs.set_up(arguments.log_level, as_json=arguments.log_json)
    _raise_descriptor_limit()
    signals = _Signals()
    daemon = Daemon(_options(arguments))
    daemon.start()
    try:
        for address in daemon.addresses:
            _tell(f"listening on {address}")
    except FileError:
        daemon.stop()  # Whoever waits for that line would do so for ever.
        raise
    while signals.get() == signal.SIGHUP:
        daemon.reload()
    threading.Thread(target=_stop, args=(daemon, signals), name="stopping").start()
    while again := signals.get():
        if again != signal.SIGHUP:
            daemon.hurry()
    return 0


class _Signals:
    """The signals that have come, in a pipe.

    A handler in Python runs only when the main thread does. A signal that comes in the moment before that waits for
    something would be heard of with the next one, so the C handler writes it down: signal.set_wakeup_fd.
    """

    def __init__(self) -> None:
        self._come, self._write = os.pipe()
        os.set_blocking(self._write, False)
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)

    def get(self) -> int:
        """Wait for the next one; 0 is none, but the end."""
        return os.read(self._come, 1)[0]

    def end(self) -> None:
        """Have a 0 come."""
        os.write(self._write, b"\0")


def _stop(daemon: Daemon, signals: _Signals) -> None:
    try:
        daemon.stop()
    finally:
        signals.end()


def authorize(line: str) -> int:
    """Add one line, or the lines of standard input, to the authorised keys."""
    from rsh.trust.authorized import AuthorizedKeys
    from rsh.trust.certificate import fingerprint

    lines = _given().splitlines() if line == "-" else [line]
    added = [text for text in lines if text.strip() and not text.lstrip().startswith("#")]
    if not added:
        raise UsageError("no key given", advice="give the line that `rsh key` prints on the client")
    for text in added:
        entry = AuthorizedKeys.of_account().append(text)
        _tell(f"authorised {fingerprint(entry.der)} {printable(entry.comment)}")
    return 0


def _given() -> str:
    """Read standard input, which may be closed, and anything."""
    return sys.stdin.buffer.read().decode(errors="replace") if sys.stdin is not None else ""


def print_url(address: str) -> int:
    """Print the address and fingerprint that a client pins."""
    import socket

    from rsh.transport.address import parse
    from rsh.trust.identity import identity
    from rsh.trust.known_hosts import url

    where = parse(address or socket.gethostname())
    if where.kind != "tcp" or not where.host:
        raise UsageError("give the host name and port by which clients reach this daemon")
    _tell(url(where.host, where.port, identity("host").fingerprint))
    return 0


def _tell(line: str) -> None:
    """Print a line on standard output. Raises FileError: it takes none."""
    try:
        print(line, flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # The end of the interpreter must not try again.
        raise FileError(error_name(error), b"write error") from error


def _options(arguments: argparse.Namespace) -> Options:
    numbers = {name: getattr(arguments, name) for name in (*LIMITS, *WAITS, *SIZES, "job_ttl", "session_ttl")}
    return Options(bind=tuple(arguments.bind or ()), socket=arguments.socket, motd=arguments.motd, **numbers)


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 up")
    return int(text)


def _seconds(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return number


def _size(text: str) -> int:
    factor = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}.get(text[-1:].upper())
    digits = text if factor is None else text[:-1]
    size = int(digits) * (factor or 1) if digits.isdecimal() and len(digits) < 16 else 0
    if size < LEAST_SIZE:
        raise argparse.ArgumentTypeError(f"{text!r} is no size from 1M up; write bytes, or 64M, 2G")
    return size


def _duration(text: str) -> float:
    factor = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}.get(text[-1:])
    try:
        number = float(text if factor is None else text[:-1]) * (factor or 1.0)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise argparse.ArgumentTypeError(f"{text!r} is no time; write seconds, or 5m, 2h, 7d")
    return number


def _raise_descriptor_limit() -> None:
    """Allow as many descriptors as the system lets us have: the soft limit is often 1024."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 65536) if hard > 0 else 65536, hard))
    except (OSError, ValueError):
        pass


def _refuse_foreign_root() -> None:
    """Refuse to be root by sudo: whose shells these would be is not what whoever typed it had in mind."""
    if os.geteuid() == 0 and os.environ.get("SUDO_UID", "0") != "0":
        raise UsageError(
            "refusing to run as root for another user", advice="run it as the user whose shells it is to give"
        )


if __name__ == "__main__":
    sys.exit(main())
