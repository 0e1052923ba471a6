"""Arguments that commands of several tables take."""

from __future__ import annotations

from typing import Final

from rsh.client.cli.command import BOTH, CLI, Argument, Where


def switch(name: str, help: str, *flags: str, where: frozenset[Where] = BOTH) -> Argument:
    """Give an argument that is there or not."""
    return Argument(name, help, flags, "switch", where=where)


JSON: Final = switch("json", "print JSON, one object a line", "--json")
HOST: Final = Argument("host", "whom to call", kind="host", metavar="HOST", where=CLI)
REMOTE: Final = Argument("paths", "files over there", kind="remote", metavar="PATH", many=True)
TARGET_LOCAL: Final = Argument(
    "target", "copy all sources into this directory", ("-t", "--target-directory"), "local-directory", metavar="DIR"
)
TARGET_REMOTE: Final = Argument(
    "target", "the directory that takes all sources", ("-t", "--target-directory"), "remote-directory", metavar="DIR"
)
SI: Final = switch("si", "tell sizes in powers of 1000", "--si")
HUMAN: Final = (
    switch("human", "sizes as 1.1K, 234M, 2G", "-h", "--human-readable"),
    switch("si", "likewise, in powers of 1000", "--si"),
)
DRY: Final = switch("dry_run", "say what would be done, do nothing", "-n", "--dry-run")
