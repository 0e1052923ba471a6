"""The commands for single files and directories over there."""

from __future__ import annotations

from typing import Final

from rsh.client.cli.arguments import DRY, HUMAN, JSON, REMOTE, TARGET_REMOTE, switch
from rsh.client.cli.command import Argument, Command

FILE_COMMANDS: Final = (
    Command(
        "ls",
        "List files over there",
        "rsh.client.commands.ls:run_ls",
        "files",
        (
            Argument("paths", "what to list", kind="remote", metavar="PATH", many=True, optional=True),
            switch("long", "mode, links, owner, group, size and time as well", "-l"),
            switch("all", "names that start with a dot as well", "-a", "--all"),
            switch("almost_all", "as -a, without . and ..", "-A", "--almost-all"),
            *HUMAN,
            switch("one", "one name a line", "-1"),
            switch("by_time", "newest first", "-t"),
            switch("by_size", "largest first", "-S"),
            switch("reverse", "the other way round", "-r", "--reverse"),
            switch("recursive", "directories with all below them", "-R", "--recursive"),
            switch("itself", "directories themselves, not what is in them", "-d", "--directory"),
            switch("classify", "mark kinds: / directory, * program, @ link", "-F", "--classify"),
            JSON,
        ),
        bare=True,
        repeatable=True,
        examples=(("ls -lh build:src", "sizes in words"), ("ls -t 'build:*.log'", "newest first")),
    ),
    Command(
        "cat",
        "Print files from over there",
        "rsh.client.transfer.transfers:run_cat",
        "files",
        (REMOTE,),
        examples=(("cat build:/etc/hostname", "one file"),),
    ),
    Command(
        "edit",
        "Edit a file over there with the editor here",
        "rsh.client.commands.edit:run_edit",
        "files",
        (Argument("path", "the file", kind="remote", metavar="FILE"),),
        bare=True,
        examples=(("edit build:/etc/motd", "put back when the editor ends"),),
    ),
    Command(
        "rm",
        "Remove files over there",
        "rsh.client.commands.changes:run_rm",
        "files",
        (
            REMOTE,
            switch("recursive", "directories and all below them", "-r", "-R", "--recursive"),
            switch("force", "what is not there is no failure; ask nothing", "-f", "--force"),
            switch("yes", "ask nothing", "-y", "--yes"),
            DRY,
        ),
        examples=(("rm -r build:work/old", "a whole tree"),),
    ),
    Command(
        "mkdir",
        "Make directories over there",
        "rsh.client.commands.changes:run_mkdir",
        "files",
        (
            Argument("paths", "directories to make", kind="remote-directory", metavar="DIR", many=True),
            switch("parents", "those above as well; existing ones are no failure", "-p", "--parents"),
            DRY,
        ),
        examples=(("mkdir -p build:work/new/deep", "with those above"),),
    ),
    Command(
        "mv",
        "Rename or move files over there",
        "rsh.client.commands.changes:run_mv",
        "files",
        (
            Argument("paths", "files, then the new name or directory", kind="remote", metavar="PATH", many=True),
            TARGET_REMOTE,
            DRY,
        ),
        examples=(("mv build:a.txt build:old/", "into a directory"),),
    ),
)

FACT_COMMANDS: Final = (
    Command(
        "stat",
        "Show all about files over there",
        "rsh.client.commands.facts:run_stat",
        "files",
        (REMOTE, switch("follow", "follow symbolic links", "-L", "--dereference"), JSON),
        examples=(("stat build:a.txt", "size, mode, owner, times"),),
    ),
    Command(
        "sum",
        "Print digests of files over there",
        "rsh.client.commands.facts:run_sum",
        "files",
        (
            REMOTE,
            Argument(
                "algorithm",
                "xxh128 (quick) or sha256",
                ("-a", "--algorithm"),
                "choice",
                metavar="NAME",
                choices=("xxh128", "sha256"),
                default="xxh128",
            ),
            JSON,
        ),
        examples=(("sum -a sha256 build:image.iso", "as sha256sum prints it"),),
    ),
)
