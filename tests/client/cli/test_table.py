"""The table of commands is consistent in itself."""

from __future__ import annotations

import subprocess
import sys

import pytest

from rsh.client.cli.options import parse
from rsh.client.cli.table import COMMANDS, Command, Where, arguments, commands, find

RESERVED = ["put", "get", "ls", "lcd", "lls", "lpwd", "lmkdir", "help", "exit", "quit", "bye"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_flags_and_names_are_unique_within_a_command(command: Command) -> None:
    for where in command.where:
        known = arguments(command, where)
        flags = [flag for argument in known for flag in argument.flags]
        # Excludes and includes fill one list, for their order counts.
        names = [argument.name for argument in known if argument.kind != "include"]
        assert len(flags) == len(set(flags))
        assert len(names) == len(set(names))


@pytest.mark.parametrize("where", ["cli", "prompt"])
def test_names_and_aliases_are_unique_in_one_place(where: Where) -> None:
    names = [name for command in commands(where) for name in (command.name, *command.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("word", RESERVED)
def test_reserved_words_work_without_a_colon(word: str) -> None:
    command = find(word, "prompt")
    assert command is not None
    assert command.bare


def test_a_command_of_the_prompt_is_unknown_to_the_command_line() -> None:
    assert find("lcd", "cli") is None
    assert find("exec", "prompt") is None


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_examples_parse(command: Command) -> None:
    import shlex

    for line, _ in command.examples:
        words = shlex.split(line)
        assert words[0] == command.name
        parse(command, words[1:], "cli")


def test_the_table_builds_no_parser_and_loads_no_command() -> None:
    code = (
        "import sys, rsh.client.cli.table; "
        "print([m for m in sys.modules if m in ('argparse', 'prompt_toolkit', 'socket')])"
    )
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
