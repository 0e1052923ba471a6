"""`rsh mux`: start, list and stop shared connections."""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Final

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.dialling import mux, mux_place
from rsh.client.dialling.configuration import mux_persist
from rsh.client.dialling.dial import resolve
from rsh.client.dialling.mux_place import Place
from rsh.client.text.columns import align
from rsh.client.text.units import listing_time
from rsh.errors import UsageError
from rsh.escape import printable
from rsh.session.deadline import Deadline

# Seconds that a process that was asked for by name gets to connect.
START: Final = 20.0

# Seconds that a process is waited for that was told to stop: its socket goes at once.
STOPPING: Final = 5.0


def run_mux(context: Context, options: Options) -> int:
    """Carry out `rsh mux`."""
    if options.status and options.stop:
        raise UsageError("--status and --stop: one at a time")
    if options.status or options.stop:
        known = [_place(options.host)] if options.host else mux_place.places_known()
        return _stop(known) if options.stop else _status(known, options)
    if not options.host:
        raise UsageError("missing HOST", advice="rsh mux --status lists the shared connections")
    persist = mux_persist() if options.persist is None else options.persist
    return mux.start(_place(options.host), options.host, persist, timeout=START, asked=True)


def _place(host: str) -> Place:
    address = resolve(host)
    if address.kind != "tcp":
        raise UsageError(f"'{host}' is on this machine: nothing to share")
    return mux_place.place_of(address)


def _status(known: list[Place], options: Options) -> int:
    """Print the shared connections; 1 when there are none."""
    rows = []
    for place in known:
        pid, about = mux.peer(place), place.about()
        if pid is None or about is None:
            continue
        fields = {"host": about.host, "address": about.address, "pid": pid, "since": about.begun}
        if options.json:
            _print_json(fields)
        rows.append([printable(about.host), str(pid), listing_time(int(about.begun * 1e9), time.time())])
    if rows and not options.json:
        print_lines(align([["HOST", "PID", "SINCE"], *rows], (False, True, False)))
    return 0 if rows else 1


def _print_json(fields: dict[str, Any]) -> None:
    from rsh.client.cli.json_output import print_object

    print_object(fields)


def _stop(known: list[Place]) -> int:
    """Have the processes end once their clients have left; that there is none is what was wanted."""
    for place in known:
        pid = mux.peer(place)
        if pid is None:
            place.remove()
            continue
        deadline = Deadline(STOPPING)
        os.kill(pid, signal.SIGTERM)
        while mux.peer(place) == pid and not deadline.expired:
            time.sleep(0.01)  # Its socket goes first; there is nothing to wait on for that.
    return 0
