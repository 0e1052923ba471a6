"""rsh(1) and rsh-server(8) against the table of commands and the daemon's parser."""

from __future__ import annotations

import argparse
import re

import pytest

from rsh import errors
from rsh.client.cli.table import COMMANDS, GLOBAL, Argument, Command, commands
from rsh.server import account
from rsh.server.cli import LIMITS, SIZES, WAITS, parser
from rsh.server.options import Options
from rsh.trust import authorized
from tests.documents.mdoc import PAGES, flags, lines_of, lint, references, section, sections

COMMAND_LINE = sections(section("rsh.1", "COMMANDS"), ".Ss ")
PROMPT = sections(section("rsh.1", "COMMANDS OF THE PROMPT"), ".Ss ")


def flags_of(arguments: tuple[Argument, ...]) -> set[str]:
    return {flag for argument in arguments for flag in argument.flags}


def actions(top: argparse.ArgumentParser) -> list[argparse.Action]:
    return [action for action in top._actions if action.option_strings]


def subcommands(top: argparse.ArgumentParser) -> set[str]:
    found = next(action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return set(found.choices)


def test_mandoc_has_nothing_to_say() -> None:
    assert lint() == []


def test_pages_refer_to_each_other_by_their_names() -> None:
    ours = {page.name for page in PAGES}
    assert {reference for reference in references() if reference.startswith("rsh")} == ours


def test_every_command_has_its_place() -> None:
    assert set(COMMAND_LINE) - {""} == {command.name for command in commands("cli")}
    assert set(PROMPT) - {""} == {command.name for command in commands("prompt") if "cli" not in command.where}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_options_of_a_command_are_those_of_the_table(command: Command) -> None:
    described = (COMMAND_LINE if "cli" in command.where else PROMPT)[command.name]
    assert flags(described) == flags_of(command.arguments)


def test_the_options_of_all_commands_are_those_of_the_table() -> None:
    assert flags(section("rsh.1", "OPTIONS")) == flags_of(GLOBAL) | {"-V", "--version"}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_defaults_and_choices_are_named(command: Command) -> None:
    described = "\n".join((COMMAND_LINE if "cli" in command.where else PROMPT)[command.name])
    for argument in command.arguments:
        assert argument.default is None or argument.default.strip() in described
        assert all(choice in described for choice in argument.choices)


def test_commands_with_a_colon_at_the_prompt_are_listed() -> None:
    listed = " ".join(PROMPT[""])
    for command in commands("prompt"):
        if "cli" in command.where:
            assert (f":{command.name} " in f"{listed} ") == (not command.bare), command.name


def test_exit_statuses_are_those_of_the_errors() -> None:
    text = section("rsh.1", "EXIT STATUS")
    listed = {line.removeprefix(".It ") for line in text if line.startswith(".It ")}
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.RshError)]
    assert {str(kind.exit_status) for kind in kinds} <= listed
    assert listed == {"0", "1", "2", "3", "4", "124", "126", "127", "128+N", "255"}


def test_the_options_of_the_daemon_are_those_of_its_parser() -> None:
    described = section("rsh-server.8", "DESCRIPTION")
    assert flags(described) == {flag for action in actions(parser()) for flag in action.option_strings}


def test_the_defaults_of_the_daemon_are_named() -> None:
    text = " ".join(section("rsh-server.8", "DESCRIPTION"))
    for name in (*LIMITS, *WAITS):
        flag = "Fl Fl " + name.replace("_", "-") + " "
        assert f"by default {getattr(Options(), name):g}." in text.partition(flag)[2].partition(".It ")[0], name
    for name in (*SIZES, "job_ttl", "session_ttl"):
        described = text.partition(f"Fl Fl {name.replace('_', '-')} ")[2].partition(".It ")[0]
        named = re.search(r"by default (\d+[MGd])\.", described)
        assert named is not None, name
        assert getattr(parser().parse_args([f"--{name.replace('_', '-')}={named[1]}"]), name) == getattr(
            Options(), name
        )
    assert Options().bind[0] in text


def test_the_commands_of_the_daemon_are_those_of_its_parser() -> None:
    described = section("rsh-server.8", "DESCRIPTION")
    assert {line.split()[2] for line in described if line.startswith(".It Cm ")} == subcommands(parser())


def test_the_options_of_a_key_are_those_that_are_known() -> None:
    described = section("rsh-server.8", "OPTIONS OF A KEY")
    documented = set(authorized.__doc__ and re.findall(r"^    (\S+?)(?:=\S+)?  ", authorized.__doc__, re.MULTILINE))
    assert {line.split()[2] for line in described if line.startswith(".It Cm ")} == documented
    assert set(authorized._FLAGS) <= documented


def test_the_variables_of_commands_are_those_of_the_code() -> None:
    text = " ".join(section("rsh-server.8", "COMMANDS"))
    named = set(re.findall(r"\b[A-Z][A-Z0-9_]+\*?", text))
    starts = {prefix.decode() + "*" for prefix in account.DANGEROUS}
    assert named >= {name.decode() for name in (*account.INHERITED, *account.DANGEROUS_NAMES)} | starts
    known = {name.decode() for name in (*account.INHERITED, *account.DANGEROUS_NAMES)} | starts
    assert named - known == {"LC_*", "XDG_*", "HOME", "USER", "LOGNAME", "SHELL", "HUP", "TERM", "KILL"}


def test_no_page_holds_what_is_not_ascii() -> None:
    for page in ("rsh.1", "rsh-server.8", "rsh-protocol.7"):
        assert all(line.isascii() for line in lines_of(page))
