"""One file copied by a Python library: `python -m bench.library asyncssh|paramiko put|get PORT KEY SOURCE TARGET`."""

from __future__ import annotations

import asyncio
import getpass
import sys
from typing import Any


async def by_asyncssh(verb: str, port: int, key: str, source: str, target: str) -> None:
    """Copy by asyncssh."""
    import asyncssh

    connection = await asyncssh.connect("127.0.0.1", port, client_keys=[key], known_hosts=None)
    async with connection, connection.start_sftp_client() as sftp:
        await (sftp.put if verb == "put" else sftp.get)(source, target)


def by_paramiko(verb: str, port: int, key: str, source: str, target: str) -> None:
    """Copy by paramiko."""
    import paramiko

    client: Any = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    client.connect("127.0.0.1", port, getpass.getuser(), key_filename=key, allow_agent=False, look_for_keys=False)
    with client, client.open_sftp() as sftp:
        (sftp.put if verb == "put" else sftp.get)(source, target)


if __name__ == "__main__":
    name, verb, port, *paths = sys.argv[1:]
    if name == "asyncssh":
        asyncio.run(by_asyncssh(verb, int(port), *paths))
    else:
        by_paramiko(verb, int(port), *paths)
