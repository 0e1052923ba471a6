"""The holder's process, with the daemon's socket as its stdin. Arguments: columns, rows, shell."""

import socket
import sys

from rsh.holder.holder import Holder


def main() -> None:
    """Start the shell in argv and hold it until it ends or the daemon hangs up."""
    columns, rows, shell = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
    Holder(socket.socket(fileno=0), shell, columns, rows).run()
