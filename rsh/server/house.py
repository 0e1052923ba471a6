"""What all connections of a daemon share."""

from __future__ import annotations

import logging
import os
import threading
from collections import Counter
from collections.abc import Mapping

from rsh.server.account import Account
from rsh.server.admission import Admission
from rsh.server.jobs import Jobs
from rsh.server.keys import Keys
from rsh.server.options import Options
from rsh.server.roster import Roster

log = logging.getLogger("rsh.server")

# What is sent of the message of the day, in bytes: it has to fit into the first frame.
MESSAGE = 1024

# How long somebody who has logged in and is too many waits for a place, in seconds.
PATIENCE = 5.0


class House:
    """The account, its keys, its limits, and who is in.

    Attributes:
        account: whose files and shells these are.
        environment: the daemon's own, of which commands get a part.
        keys: who is authorised.
        knocking: places for those who have not greeted yet.
        inside: places for those who have.
        roster: the live sessions.
        jobs: the account's detached commands.
    """

    def __init__(self, options: Options, account: Account, environment: Mapping[bytes, bytes], keys: Keys) -> None:
        self.options = options
        self.account = account
        self.environment = environment
        self.keys = keys
        # Whoever is in has left by then: silent visitors delay others, and do not keep them out.
        patience = options.handshake + 1.0
        self.knocking = Admission(options.max_unauthenticated, options.max_unauthenticated_per_address, patience)
        self.inside = Admission(options.max_connections, options.max_per_address, PATIENCE)
        self.roster = Roster(grace=options.grace, max_sessions=options.max_sessions)
        self.jobs = Jobs(options)
        # Each connection has a thread, also while it waits for its turn: this is where that ends.
        self._most = options.max_connections + 4 * options.max_unauthenticated
        self._most_per_address = options.max_per_address + 4 * options.max_unauthenticated_per_address
        self._present: Counter[str] = Counter()  # guarded by _lock
        self._lock = threading.Lock()

    def message(self) -> str:
        """Give the message of the day as its file has it now; "" when there is none."""
        if not self.options.motd:
            return ""
        try:
            with open(self.options.motd, "rb", opener=_open_at_once) as file:
                return file.read(MESSAGE).decode("utf-8", "ignore")
        except OSError as error:
            log.warning("! no message of the day: %s", error)
            return ""

    def arrive(self, host: str) -> bool:
        """Count a connection in; False when there are more than can even wait, in all or from that host."""
        with self._lock:
            if self._present.total() >= self._most or self._present[host] >= self._most_per_address:
                return False
            self._present[host] += 1
            return True

    def depart(self, host: str) -> None:
        """Count a connection out."""
        with self._lock:
            self._present[host] -= 1
            if not self._present[host]:
                del self._present[host]


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; one that would have to be waited for, such as a FIFO, has nothing to read."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)
