"""The about service: what machine this is."""

from __future__ import annotations

import os
import platform
import ssl
import time
from itertools import chain

from rsh.files.stream.stream import write_records
from rsh.files.upkeep import operations
from rsh.protocol.answer_records import Machine
from rsh.server.account import Account
from rsh.session import greeting
from rsh.session.channel import Channel


def about(channel: Channel, account: Account) -> None:
    """Answer one About request: a Machine record, then a Space record for each file system that holds files."""
    channel.accept()
    write_records(channel, chain([describe(account)], operations.mounted()))
    channel.close()


def describe(account: Account) -> Machine:
    """Look at this machine."""
    memory = _memory()
    system = os.uname()
    return Machine(
        system=account.system,
        kernel=f"{system.sysname} {system.release} {system.machine}",
        distribution=_distribution(),
        software=greeting.SOFTWARE,
        python=f"{platform.python_version()}, {ssl.OPENSSL_VERSION}",
        account=account.name,
        uid=os.geteuid(),
        home=account.home,
        shell=account.shell,
        clock_ns=time.time_ns(),
        uptime=time.clock_gettime(time.CLOCK_BOOTTIME),
        load=os.getloadavg(),
        processors=len(os.sched_getaffinity(0)),
        memory=memory.get("MemTotal", 0),
        memory_available=memory.get("MemAvailable", 0),
    )


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        return ""


def _memory() -> dict[str, int]:
    """Read proc(5) meminfo, in bytes."""
    sizes = {}
    with open("/proc/meminfo", encoding="ascii") as file:
        for line in file:
            name, _, rest = line.partition(":")
            sizes[name] = int(rest.split()[0]) * 1024
    return sizes
