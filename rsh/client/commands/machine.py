"""`rsh df` and `rsh info`: what machine it is over there, and how it does."""

from __future__ import annotations

import time
from typing import Any

from rsh.client.cli.context import Context
from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.text.columns import align
from rsh.client.text.complaints import complain
from rsh.client.text.units import BINARY, base_of, duration, full_time, human_size
from rsh.errors import file_error
from rsh.escape import printable
from rsh.protocol.answer_records import Machine, Space
from rsh.protocol.record_stream import Failure


def run_df(context: Context, options: Options) -> int:
    """Print how full file systems are; 1 when a path could not be looked at."""
    status = 0
    spaces = []
    for record in context.remote.df(*options.paths):
        if isinstance(record, Failure):
            status = 1
            complain(context.verb, file_error(record.error, record.path))
        else:
            spaces.append(record)
    if options.json:
        from rsh.client.cli.json_output import print_object

        for space in spaces:
            print_object(space_fields(space))
    elif spaces:
        print_lines(df_lines(spaces, human=base_of(human=options.human, si=options.si)))
    return status


def df_lines(spaces: list[Space], *, human: int) -> list[str]:
    """Give the table of df(1), with units of this base; 0 for kibibytes."""
    rows = [
        [
            "Filesystem",
            "Size" if human else "1K-blocks",
            "Used",
            "Avail" if human else "Available",
            "Use%",
            "Mounted on",
        ]
    ]
    for space in spaces:
        sizes = [space.size, space.used, space.available]
        rows.append(
            [
                printable(space.source),
                *(human_size(size, human) if human else str(-(-size // 1024)) for size in sizes),
                _percent(space),
                printable(space.mount),
            ]
        )
    return align(rows, (False, True, True, True, True, False))


def _percent(space: Space) -> str:
    """Give how full it is to its user, rounded up as df(1) does."""
    total = space.used + space.available
    return f"{-(-space.used * 100 // total)}%" if total else "-"


def space_fields(space: Space) -> dict[str, Any]:
    """Give all about a file system, sizes in bytes."""
    from rsh.client.cli.json_output import text_fields

    return {
        **text_fields("path", space.path),
        **text_fields("source", space.source),
        **text_fields("mount", space.mount),
        "kind": space.kind,
        "size": space.size,
        "used": space.used,
        "available": space.available,
        "inodes": space.inodes,
        "inodes_free": space.inodes_free,
    }


def run_info(context: Context, options: Options) -> int:
    """Print what machine it is."""
    machine, spaces = context.remote.info()
    offset = machine.clock_ns / 1e9 - time.time()
    if options.json:
        from rsh.client.cli.json_output import print_object

        print_object(machine_fields(machine, spaces))
        return 0
    facts = [*machine_facts(machine, offset), ("link", _link(context))]
    print_lines(f"{name + ':':10} {value}" for name, value in facts)
    if spaces:
        print_lines(["", *df_lines(spaces, human=BINARY)])
    return 0


def machine_facts(machine: Machine, offset: float) -> list[tuple[str, str]]:
    """Give what a person wants to know, a line each.

    Args:
        offset: seconds by which the clock over there is ahead of ours.
    """
    load = " ".join(f"{value:.2f}" for value in machine.load)
    memory = f"{human_size(machine.memory)}, {human_size(machine.memory_available)} available"
    return [
        ("host", printable(machine.system)),
        ("account", f"{printable(machine.account)} ({machine.uid}), home {printable(machine.home)}"),
        ("shell", printable(machine.shell)),
        ("system", f"{printable(machine.distribution)}, {printable(machine.kernel)}"),
        ("software", f"{printable(machine.software)}, Python {printable(machine.python)}"),
        ("clock", f"{full_time(machine.clock_ns)} ({offset:+.3f} s from ours)"),
        ("uptime", duration(machine.uptime)),
        ("load", f"{load} on {machine.processors} processors"),
        ("memory", memory),
    ]


def machine_fields(machine: Machine, spaces: list[Space]) -> dict[str, Any]:
    """Give all about a machine, sizes in bytes and times in seconds where no other unit is named."""
    from rsh.client.cli.json_output import text_fields

    return {
        "host": machine.system,
        "kernel": machine.kernel,
        "distribution": machine.distribution,
        "software": machine.software,
        "python": machine.python,
        "account": machine.account,
        "uid": machine.uid,
        **text_fields("home", machine.home),
        **text_fields("shell", machine.shell),
        "clock_ns": machine.clock_ns,
        "uptime": machine.uptime,
        "load": list(machine.load),
        "processors": machine.processors,
        "memory": machine.memory,
        "memory_available": machine.memory_available,
        "disks": [space_fields(space) for space in spaces],
    }


def _link(context: Context) -> str:
    remote = context.remote
    round_trip, _ = remote.ping()
    encrypted = f"TLS 1.3, server key {printable(remote.fingerprint)}" if remote.encrypted else "local, not encrypted"
    return f"{encrypted}, round trip {duration(round_trip)}"
