"""Help made from the table: the overview of one screen, and the page of one command."""

from __future__ import annotations

from typing import Final

from rsh.client.cli.table import Argument, Command, Group, Where, arguments, commands

_HEADINGS: Final[dict[Group, str]] = {
    "running": "Work over there",
    "files": "Files",
    "machine": "The machine",
    "trust": "Trust",
    "here": "On this machine",
    "prompt": "The prompt",
}
_OPTION_COLUMN: Final = 30
_HOST_HELP: Final = """
HOST is [user@]host[:port], [IPv6]:port or unix:/path; the port is 8000 when none is named.
"""


def overview(where: Where) -> str:
    """Give all commands of one place, grouped, a line each."""
    known = commands(where)
    width = max(len(_called(command, where)) for command in known) + 2
    lines = ["usage: rsh COMMAND [OPTION]... [ARGUMENT]..."] if where == "cli" else []
    for group, heading in _HEADINGS.items():
        members = [command for command in known if command.group == group]
        if members:
            lines += ["", heading]
            lines += [f"  {_called(command, where):{width}}{command.summary}" for command in members]
    if where == "cli":
        lines += ["", "`rsh COMMAND --help` tells more; `rsh --version` which rsh this is."]
        return "\n".join(lines) + "\n" + _HOST_HELP
    return "\n".join(lines).lstrip("\n") + "\n"


def names(where: Where, columns: int) -> str:
    """Give the names of all commands of one place, grouped, for a screen that is too low for a line each."""
    import textwrap

    known = commands(where)
    width = max(map(len, _HEADINGS.values())) + 2
    lines: list[str] = []
    for group, heading in _HEADINGS.items():
        if members := [_called(command, where) for command in known if command.group == group]:
            lines += textwrap.wrap(
                " ".join(members),
                max(columns - 1, 2 * width),
                initial_indent=f"{heading:{width}}",
                subsequent_indent=" " * width,
                break_long_words=False,
                break_on_hyphens=False,
            )
    return "\n".join(lines) + "\n"


def page(command: Command, where: Where) -> str:
    """Give usage, options and examples of one command."""
    lines = [f"usage: {usage(command, where)}", "", f"{command.summary}.", ""]
    options = [argument for argument in arguments(command, where) if argument.flags]
    lines += [_option_line(argument) for argument in options]
    examples = command.examples if where == "cli" else _at_the_prompt(command)
    if examples:
        lines += ["", "Examples"]
        prefix = "rsh " if where == "cli" else ""
        width = max(len(line) for line, _ in examples) + len(prefix) + 2
        lines += [f"  {prefix + line:{width}}{what}" for line, what in examples]
    return "\n".join(lines) + "\n"


def usage(command: Command, where: Where) -> str:
    """Give the synopsis of one command in one line."""
    words = ["rsh", command.name] if where == "cli" else [_called(command, where)]
    known = arguments(command, where)
    positionals = [argument for argument in known if not argument.flags]
    commandlike = [argument for argument in positionals if argument.kind == "command"]
    words += [_positional(argument, where) for argument in positionals if argument.kind == "host"]
    words.append("[OPTION]...")
    words += [_positional(argument, where) for argument in positionals if argument.kind not in ("host", "command")]
    return " ".join([*words, "--", "COMMAND", "[ARG]..."] if commandlike else words)


def _called(command: Command, where: Where) -> str:
    return command.name if where == "cli" or command.bare else ":" + command.name


def _positional(argument: Argument, where: Where) -> str:
    name = argument.metavar or argument.name.upper()
    if argument.last is not None:
        return _copy_synopsis(argument, where)
    if where == "cli" and argument.kind.startswith("remote"):
        name = f"HOST[:{name}]" if argument.optional else f"HOST:{name}"
    if argument.many:
        name += "..."
    return f"[{name}]" if argument.optional and not name.startswith("HOST[") else name


def _copy_synopsis(argument: Argument, where: Where) -> str:
    if where == "prompt":
        return "SRC... [DST]"
    return "HOST:SRC... [DST]" if argument.kind == "remote" else "SRC... HOST:[DST]"


def _option_line(argument: Argument) -> str:
    shorts = [flag for flag in argument.flags if not flag.startswith("--")]
    longs = [flag for flag in argument.flags if flag.startswith("--")]
    text = ", ".join(shorts + longs) if shorts else "    " + ", ".join(longs)
    if argument.valued:
        value = argument.metavar or argument.name.upper()
        text += f"={value}" if longs else f" {value}"
    default = f" (default {argument.default.rstrip()})" if argument.default else ""
    gap = " " * max(2, _OPTION_COLUMN - 2 - len(text))
    line = f"  {text}{gap}{argument.help}{default}"
    if not all(choice in argument.help for choice in argument.choices):
        line += "\n" + " " * _OPTION_COLUMN + ", ".join(argument.choices)
    return line


def _at_the_prompt(command: Command) -> list[tuple[str, str]]:
    """Give a command's examples without the host, where that is all that has to change."""
    called = _called(command, "prompt")
    return [
        (line.replace("build:", "").replace(command.name, called, 1), what)
        for line, what in command.examples
        if "build" in line
    ]
