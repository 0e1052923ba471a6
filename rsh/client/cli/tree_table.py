"""The commands that change and search trees over there without moving content, for the table of commands."""

from __future__ import annotations

from typing import Final

from rsh.client.cli.arguments import DRY, JSON, REMOTE, switch
from rsh.client.cli.command import Argument, Command

_SOME: Final = Argument("paths", "where to look", kind="remote", metavar="PATH", many=True, optional=True)
_TREES: Final = switch("recursive", "directories with all below them", "-R", "--recursive")
_INTO: Final = Argument(
    "target", "the directory that takes all", ("-t", "--target-directory"), "remote-directory", metavar="DIR"
)

TREE_COMMANDS: Final = (
    Command(
        "cp",
        "Copy files and trees within the machine over there",
        "rsh.client.commands.tree_commands:run_cp",
        "files",
        (
            Argument("paths", "files, then the new name or directory", kind="remote", metavar="PATH", many=True),
            _INTO,
            switch("recursive", "accepted and implied: directories are copied whole", "-r", "-R", "--recursive"),
            DRY,
        ),
        examples=(("cp build:a.txt build:old/", "into a directory"),),
    ),
    Command(
        "ln",
        "Make links over there",
        "rsh.client.commands.tree_commands:run_ln",
        "files",
        (
            Argument("paths", "what is linked to, then the link", kind="remote-name", metavar="PATH", many=True),
            _INTO,
            switch("symbolic", "symbolic ones, which hold the path as it is written", "-s", "--symbolic"),
            switch("force", "replace what has the name", "-f", "--force"),
            DRY,
        ),
        examples=(("ln -s build:release-7 build:current", "a name that leads to another"),),
    ),
    Command(
        "chmod",
        "Change permissions over there",
        "rsh.client.commands.tree_commands:run_chmod",
        "files",
        (Argument("mode", "octal, or as u+x,g-w", metavar="MODE"), REMOTE, _TREES, DRY),
        examples=(("chmod -R g+rX build:work", "the group may read and enter"),),
    ),
    Command(
        "chown",
        "Change owner and group over there",
        "rsh.client.commands.tree_commands:run_chown",
        "files",
        (Argument("owner", "OWNER, OWNER:GROUP or :GROUP", metavar="OWNER"), REMOTE, _TREES, DRY),
        examples=(("chown :staff build:work", "the group only"),),
    ),
    Command(
        "find",
        "Look for files over there",
        "rsh.client.commands.tree_commands:run_find",
        "files",
        (
            _SOME,
            Argument("name", "with a name like this; may be repeated", ("-n", "--name"), metavar="PATTERN", many=True),
            Argument(
                "type",
                "f file, d directory, l link, p fifo, s socket",
                ("--type",),
                "choice",
                metavar="KIND",
                choices=("f", "d", "l", "p", "s"),
            ),
            Argument("depth", "no more than N levels down", ("--depth",), "number", metavar="N"),
            Argument("larger", "of more bytes than this: 10M", ("--larger",), "size", metavar="SIZE"),
            Argument("smaller", "of fewer bytes than this", ("--smaller",), "size", metavar="SIZE"),
            Argument("newer", "changed less than S seconds ago: 2d", ("--newer",), "seconds", metavar="S"),
            Argument("older", "changed more than S seconds ago", ("--older",), "seconds", metavar="S"),
            switch("null", "end each path with a NUL", "-0", "--null"),
            JSON,
        ),
        examples=(("find build:log -n '*.gz' --older 30d", "what could go"),),
    ),
    Command(
        "du",
        "Tell how much files and trees over there take",
        "rsh.client.commands.tree_commands:run_du",
        "files",
        (
            _SOME,
            switch("human", "sizes as 1.1K, 234M, 2G", "-h", "--human-readable"),
            switch("si", "likewise, in powers of 1000", "--si"),
            JSON,
        ),
        examples=(("du -h 'build:work/*'", "each of them"),),
    ),
)
