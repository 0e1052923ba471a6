"""The entry point of `rsh`: joins the client with the server that it can carry inside."""

from __future__ import annotations

from rsh.client.cli import main as client_main
from rsh.transport.stream import Stream


def main() -> int:
    """Run the command line."""
    return client_main(embedded=embedded)


def embedded() -> Stream:
    """Dial the server inside; its modules are imported only now."""
    from rsh.embedded import dial

    return dial()
