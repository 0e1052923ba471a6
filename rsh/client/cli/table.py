"""The one table of commands: how each is called, parsed, completed and documented.

The command line, the prompt, `help`, the man page and the shells' completions are all made from it or held against it.
Cheap to import: no parser is built here (options.py does that), and no command is loaded (its `run` names it).
"""

from __future__ import annotations

from typing import Final

from rsh.client.cli.arguments import HOST, HUMAN, JSON, switch
from rsh.client.cli.command import CLI, Argument, Command, Group, Kind, Where
from rsh.client.cli.copy_table import COPY_COMMANDS, MANY_COMMANDS
from rsh.client.cli.file_table import FACT_COMMANDS, FILE_COMMANDS
from rsh.client.cli.prompt_table import PROMPT_COMMANDS
from rsh.client.cli.shell_table import SHELL_COMMANDS
from rsh.client.cli.tree_table import TREE_COMMANDS

__all__ = ["Argument", "Command", "Group", "Kind", "Where", "COMMANDS", "GLOBAL", "arguments", "commands", "find"]


# What every command of the command line takes beside its own, before or after its name.
GLOBAL: Final = (
    switch("help", "show this help", "--help"),
    switch("quiet", "print errors only", "-q", "--quiet", where=CLI),
    Argument(
        "color",
        "when to colour: always, auto, never",
        ("--color", "--colour"),
        "choice",
        metavar="WHEN",
        choices=("always", "auto", "never"),
        default="auto",
    ),
    Argument(
        "reconnect_timeout",
        "leave after S without a connection, 0: at once",
        ("--reconnect-timeout",),
        "seconds",
        metavar="S",
        where=CLI,
    ),
    Argument(
        "mux",
        "share a connection with this user's other commands: auto, never",
        ("--mux",),
        "choice",
        metavar="WHEN",
        choices=("auto", "never"),
        where=CLI,
    ),
    Argument(
        "verbose", "say whom we are connected with; twice: show tracebacks", ("-v", "--verbose"), "count", where=CLI
    ),
    switch("debug", "show tracebacks", "--debug", where=CLI),
)

COMMANDS: Final = (
    *SHELL_COMMANDS,
    *COPY_COMMANDS,
    *FILE_COMMANDS,
    *TREE_COMMANDS,
    *MANY_COMMANDS,
    *FACT_COMMANDS,
    Command(
        "df",
        "Show how full the disks over there are",
        "rsh.client.commands.machine:run_df",
        "machine",
        (
            Argument("paths", "any path on them", kind="remote", metavar="PATH", many=True, optional=True),
            *HUMAN,
            JSON,
        ),
        repeatable=True,
        examples=(("df -h build:", "where the home directory is"),),
    ),
    Command(
        "ping",
        "Measure round trips",
        "rsh.client.commands.ping:run_ping",
        "machine",
        (
            HOST,
            Argument("count", "stop after N", ("-c", "--count"), "number", metavar="N", default="4"),
            Argument(
                "interval", "wait S seconds between two", ("-i", "--interval"), "seconds", metavar="S", default="1"
            ),
            JSON,
        ),
        examples=(("ping -c 10 -i 0.1 build", "ten in a second"),),
    ),
    Command(
        "info",
        "Tell what machine it is: system, clock, load, disks, versions",
        "rsh.client.commands.machine:run_info",
        "machine",
        (HOST, JSON),
        repeatable=True,
        examples=(("info build --json", "for programs"),),
    ),
    Command(
        "key",
        "Print this account's key line, for `rsh-server authorize` over there",
        "rsh.client.commands.trust:run_key",
        "trust",
        (switch("fingerprint", "print its fingerprint only", "-l", "--fingerprint"), JSON),
        CLI,
        examples=(("key", "one line to hand over"),),
    ),
    Command(
        "trust",
        "Trust the server of a URL (`rsh-server url` there prints it), or list whom we trust",
        "rsh.client.commands.trust:run_trust",
        "trust",
        (
            Argument("url", "rsh://HOST:PORT#SHA256:...", metavar="URL", optional=True),
            switch("replace", "put it in the place of the key we had", "--replace"),
            switch("forget", "trust that server no longer; HOST will do for the URL", "--forget"),
            JSON,
        ),
        CLI,
        examples=(("trust rsh://build:8000#SHA256:...", "pin that server's key"),),
    ),
    *PROMPT_COMMANDS,
)


def commands(where: Where) -> list[Command]:
    """Give the commands of one place, in the table's order."""
    return [command for command in COMMANDS if where in command.where]


def find(name: str, where: Where) -> Command | None:
    """Give the command with that name or alias in one place, or None."""
    for command in COMMANDS:
        if where in command.where and (command.name == name or name in command.aliases):
            return command
    return None


def arguments(command: Command, where: Where) -> list[Argument]:
    """Give the arguments that a command takes in one place, the global ones last."""
    own = [argument for argument in command.arguments if where in argument.where]
    return own + [argument for argument in GLOBAL if where in argument.where]
