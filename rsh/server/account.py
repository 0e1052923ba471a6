"""The account that the daemon runs as, and what a client's key may do with it."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from rsh.errors import Code, Refused

# Of the daemon's own environment a command gets these, LC_* and XDG_*, and nothing else, as from a
# login: what happened to be set where the daemon was started is of no concern to a command.
INHERITED: Final = (b"PATH", b"LANG", b"LANGUAGE", b"TZ", b"TMPDIR", b"DBUS_SESSION_BUS_ADDRESS")

# With one of these a client would have programs over here run code that nobody asked for, also under a key that is
# limited in what it may do. sshd refuses them for the same reason.
DANGEROUS: Final = (b"LD_", b"DYLD_", b"GLIBC_", b"MALLOC_", b"BASH_FUNC_")
DANGEROUS_NAMES: Final = frozenset(
    (
        b"BASH_ENV ENV SHELLOPTS BASHOPTS IFS PS4 GCONV_PATH PYTHONSTARTUP PYTHONPATH PYTHONHOME "
        b"PERL5OPT PERL5LIB RUBYOPT NODE_OPTIONS"
    ).split()
)


class Account(Struct, frozen=True):
    """Who the daemon runs as."""

    name: str
    home: bytes
    shell: bytes
    system: str  # host name

    @classmethod
    def current(cls) -> Account:
        """Look the account of this process up.

        $HOME counts where it is ours, as for the paths of configuration and state; after `sudo` it may be another's.
        """
        system = socket.gethostname()
        try:
            entry = pwd.getpwuid(os.geteuid())
        except KeyError:  # A container may run as a number that nobody has given a name.
            return cls(str(os.geteuid()), os.environb.get(b"HOME", b"/"), b"/bin/sh", system)
        home = _own_home() or os.fsencode(entry.pw_dir or "/")
        return cls(entry.pw_name, home, os.fsencode(entry.pw_shell or "/bin/sh"), system)


class Grant(Struct, frozen=True):
    """What the key of a session may do."""

    label: str = ""  # for the log: the key's comment or fingerprint
    read_only: bool = False
    no_shell: bool = False
    path: str = (
        ""  # the only directory that there is for it, and files are all that it may ask for; "" for no such limit
    )
    linger: float | None = None  # seconds that a session of it is kept while its client is silent; None: as the daemon
    key: str = ""  # its fingerprint; "" where the kernel vouched

    def require_write(self) -> None:
        """Raise Refused when the key may only read."""
        if self.read_only:
            raise Refused(Code.FORBIDDEN, "this key is read-only")

    def require_shell(self) -> None:
        """Raise Refused when the key may run no commands."""
        if self.no_shell or self.read_only or self.path:
            raise Refused(Code.FORBIDDEN, "this key may not run commands")


def command_environment(
    account: Account, own: Mapping[bytes, bytes], asked: Mapping[bytes, bytes], *, everything: bool = False
) -> dict[bytes, bytes]:
    """Make the environment of a command.

    Args:
        own: the daemon's.
        asked: what the client sent.
        everything: pass all of `own` on: for the prompt on the user's own machine.

    Raises:
        Refused: the client asked for a variable that it may not set.
    """
    environment = {name: value for name, value in own.items() if everything or _inherited(name)}
    environment[b"HOME"] = account.home
    environment[b"USER"] = environment[b"LOGNAME"] = account.name.encode()
    environment[b"SHELL"] = account.shell
    environment.setdefault(b"PATH", b"/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")
    for name, value in asked.items():
        check_variable(name, value)
        environment[name] = value
    return environment


def _own_home() -> bytes:
    """Give $HOME if it is a folder of this account's; else b""."""
    home = os.environb.get(b"HOME", b"")
    try:
        ours = os.path.isabs(home) and os.stat(home).st_uid == os.geteuid()
    except OSError:
        return b""
    return home if ours else b""


def _inherited(name: bytes) -> bool:
    return name in INHERITED or name.startswith((b"LC_", b"XDG_"))


def check_variable(name: bytes, value: bytes) -> None:
    """Raise Refused unless a client may set this variable."""
    if not name or b"=" in name or b"\0" in name + value:
        raise Refused(Code.COMMAND, "malformed environment variable")
    if name in DANGEROUS_NAMES or name.startswith(DANGEROUS):
        raise Refused(Code.FORBIDDEN, f"variable {name.decode(errors='replace')} is never taken from a client")
