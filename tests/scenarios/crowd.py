"""Many sessions in one process: `python -m tests.scenarios.crowd HOST COUNT`.

Each runs `cat` over there and says a line. Prints `ready`; after a line on stdin each says another and hears both.
"""

from __future__ import annotations

import sys

from rsh.client.api.process import RemoteProcess
from rsh.client.api.remote import Remote, connect
from rsh.session.deadline import Deadline

PATIENCE = 300.0  # seconds


def main(host: str, count: int) -> int:
    """Be the crowd; 0 if everybody heard what they said."""
    remotes = [connect(host, timeout=PATIENCE) for _ in range(count)]
    processes = [remote.start(["cat"]) for remote in remotes]
    for number, process in enumerate(processes):
        process.write(b"%d\n" % number)
    print("ready", flush=True)
    sys.stdin.readline()
    for number, process in enumerate(processes):
        process.write(b"%d again\n" % number)
        process.close_stdin()
    wrong = sum(heard(process) != b"%d\n%d again\n" % (number, number) for number, process in enumerate(processes))
    leave(remotes)
    print("done" if not wrong else f"{wrong} heard something else", flush=True)
    return min(1, wrong)


def heard(process: RemoteProcess) -> bytes:
    """Give all that a process says."""
    deadline = Deadline(PATIENCE)
    return b"".join(bytes(piece) for piece in iter(lambda: process.read_stdout(deadline), b""))


def leave(remotes: list[Remote]) -> None:
    """Say goodbye."""
    for remote in remotes:
        remote.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2])))
