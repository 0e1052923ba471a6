from __future__ import annotations

import pytest

from rsh.client.cli.help import overview, page, usage
from rsh.client.cli.table import COMMANDS, Command, arguments, commands, find


def called(name: str, where: str = "cli") -> Command:
    command = find(name, "cli" if where == "cli" else "prompt")
    assert command is not None
    return command


def test_the_overview_fits_a_screen_and_names_every_command() -> None:
    text = overview("cli")
    assert all(f"\n  {command.name} " in text for command in commands("cli"))
    assert text.count("\n") < 52
    assert max(len(line) for line in text.splitlines()) <= 100
    assert max(len(line) for line in overview("prompt").splitlines()) < 80


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_page_tells_every_option(command: Command) -> None:
    for where in command.where:
        text = page(command, where)
        assert all(flag in text for argument in arguments(command, where) for flag in argument.flags)
        assert all(choice in text for argument in arguments(command, where) for choice in argument.choices)
        assert max(len(line) for line in text.splitlines()) <= 100
    assert max(len(line) for line in overview("prompt").splitlines()) < 80


def test_usage_reads_as_the_command_is_typed() -> None:
    assert usage(called("exec"), "cli") == "rsh exec HOST [OPTION]... -- COMMAND [ARG]..."
    assert usage(called("put"), "cli") == "rsh put [OPTION]... SRC... HOST:[DST]"
    assert usage(called("ls"), "cli") == "rsh ls [OPTION]... HOST[:PATH]..."
    assert usage(called("rm"), "prompt") == ":rm [OPTION]... PATH..."
    assert usage(called("connect"), "cli") == "rsh connect [HOST] [OPTION]..."
