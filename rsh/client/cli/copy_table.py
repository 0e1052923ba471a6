"""The commands that move content from one machine to the other."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from rsh.client.cli.arguments import DRY, JSON, REMOTE, SI, TARGET_LOCAL, TARGET_REMOTE, switch
from rsh.client.cli.command import PROMPT, Argument, Command

_TREES: Final = switch("recursive", "accepted and implied: directories are copied whole", "-r", "-R", "--recursive")
_KEEP: Final = switch("preserve", "accepted and implied: modes and times are kept", "-p", "--preserve")
_ON_CONFLICT: Final = Argument(
    "on_conflict",
    "what to do with files that are there already",
    ("--on-conflict",),
    "choice",
    metavar="POLICY",
    choices=("overwrite", "skip", "newer", "rename", "backup", "ask", "fail"),
    default="overwrite",
)
_FILTER: Final = (
    Argument(
        "exclude",
        "leave out what a gitignore pattern names",
        ("--exclude",),
        "exclude",
        metavar="PATTERN",
        many=True,
    ),
    Argument("exclude", "take it in again", ("--include",), "include", metavar="PATTERN", many=True),
)
_LIMIT: Final = Argument("limit", "move so many bytes a second at most: 10M", ("--limit",), "rate", metavar="RATE")
_COMPRESSION: Final = (
    switch("compress", "compress whatever shrinks", "--compress"),
    switch("no_compress", "compress nothing", "--no-compress"),
)
_ARCHIVE: Final = switch("archive", "keep owner, group, attributes and ACLs, where allowed", "-a", "--archive")
_FOLLOW: Final = switch("follow", "copy what symbolic links point to", "-L", "--dereference")
_DURABILITY: Final = Argument(
    "durability",
    "when it has to be on the disk: auto, none, file (each)",
    ("--durability",),
    "choice",
    metavar="WHEN",
    choices=("auto", "none", "file"),
    default="auto",
)
_COPY: Final = (_ARCHIVE, _FOLLOW, *_FILTER, _ON_CONFLICT, DRY, _LIMIT, *_COMPRESSION, _DURABILITY)

COPY_COMMANDS: Final = (
    Command(
        "put",
        "Copy files and trees there",
        "rsh.client.transfer.transfers:run_put",
        "files",
        (
            Argument(
                "paths", "files here, then the place there", kind="local", last="remote", metavar="PATH", many=True
            ),
            TARGET_REMOTE,
            _TREES,
            _KEEP,
            *_COPY,
            SI,
            JSON,
        ),
        bare=True,
        repeatable=True,
        examples=(("put a.txt src build:work/", "into a directory"), ("put - build:notes", "what stdin says")),
    ),
    Command(
        "get",
        "Copy files and trees here",
        "rsh.client.transfer.transfers:run_get",
        "files",
        (
            Argument(
                "paths", "files there, then the place here", kind="remote", last="local", metavar="PATH", many=True
            ),
            TARGET_LOCAL,
            _TREES,
            _KEEP,
            *_COPY,
            SI,
            JSON,
        ),
        bare=True,
        repeatable=True,
        examples=(("get 'build:log/*.gz' logs/", "what a pattern names there"), ("get build:notes -", "to stdout")),
    ),
    Command(
        "sync",
        "Make a directory like another, one here and one over there",
        "rsh.client.transfer.sync:run_sync",
        "files",
        (
            Argument("source", "what it is to be like", kind="local", metavar="SRC"),
            Argument("destination", "what is made like it", kind="local", metavar="DST"),
            switch("delete", "delete from DST what SRC has not", "--delete"),
            switch("checksum", "compare by digest, not by size and time", "-c", "--checksum"),
            switch("itemize", "print each change, as rsync -i does", "-i", "--itemize-changes"),
            switch("yes", "do not ask before deleting", "-y", "--yes"),
            switch("force", "likewise", "-f", "--force"),
            _ARCHIVE,
            *_FILTER,
            DRY,
            _LIMIT,
            *_COMPRESSION,
            SI,
            JSON,
        ),
        repeatable=True,
        examples=(("sync --delete src/ build:src", "there as here"), ("sync -n build:www www", "what would be done")),
    ),
)

MANY_COMMANDS: Final = (
    Command(
        "mget",
        "Copy files and trees here, all into one directory",
        "rsh.client.transfer.transfers:run_get",
        "files",
        (REMOTE, replace(TARGET_LOCAL, default="."), *_COPY, SI, JSON),
        PROMPT,
        examples=(("mget log/*.gz notes", "both to where we stand"),),
    ),
    Command(
        "mput",
        "Copy files and trees there, all into one directory",
        "rsh.client.transfer.transfers:run_put",
        "files",
        (
            Argument("paths", "files here", kind="local", metavar="PATH", many=True),
            replace(TARGET_REMOTE, default="."),
            *_COPY,
            SI,
            JSON,
        ),
        PROMPT,
        examples=(("mput *.c *.h", "all to where the shell stands"),),
    ),
)
