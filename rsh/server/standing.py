"""Where a command over here begins: where the client asked for, or at home."""

from __future__ import annotations

import errno
import logging
import os
import stat
from typing import Final

from rsh.errors import Code, Refused, error_name
from rsh.escape import printable
from rsh.server.account import Account

log = logging.getLogger("rsh.server")

# Where those begin whose home cannot be entered, as those of sshd and login(1) do.
ROOT: Final = b"/"


def starting_directory(account: Account, asked: bytes) -> bytes:
    """Give where a command is to begin.

    Args:
        asked: by the client, b"" for nowhere in particular; from home on if it is relative.

    Raises:
        Refused: with an errno name: nobody can begin there.
    """
    directory = os.path.join(account.home, asked) if asked else account.home
    try:
        _check(directory)
    except Refused as error:
        if asked:
            raise
        log.info("! %s: %s; beginning at the root", printable(os.fsdecode(account.home)), error)
        return ROOT
    return directory


def _check(directory: bytes) -> None:
    try:
        if not stat.S_ISDIR(os.stat(directory).st_mode):
            raise Refused(Code.FILE, errno.errorcode[errno.ENOTDIR])
    except OSError as error:
        raise Refused(Code.FILE, error_name(error)) from error
    if not os.access(directory, os.X_OK, effective_ids=True):
        raise Refused(Code.FILE, errno.errorcode[errno.EACCES])
