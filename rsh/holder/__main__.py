"""The holder's process, with the socket that it listens on as its stdin.

Arguments: path of the socket, identity, name, owner, its key, seconds to live alone, columns, rows, shell.
"""

import signal
import socket
import sys

from rsh.holder.door import Door
from rsh.holder.holder import Holder
from rsh.holder.identity import Identity


def main() -> None:
    """Start the shell in argv and hold it until it ends."""
    # A script's background job has its Ctrl-C ignored, and so would every program of the shell have it.
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_DFL)
    path, identity, name, owner, key, lives_on, columns, rows, shell = sys.argv[1:]
    door = Door(socket.socket(fileno=0), path)
    try:
        holder = Holder(door, Identity(identity, name, owner, key, float(lives_on)), shell, int(columns), int(rows))
        signal.signal(signal.SIGCHLD, lambda *_: holder.child.go_on())
        holder.run()
    finally:
        door.close()
