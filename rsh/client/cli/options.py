"""Parses the words of one command by the table, as getopt_long(3) does: options anywhere, clusters, unique prefixes.

Not argparse: it costs 7 ms that `rsh exec` has not got, takes a command's own options for ours, and words its errors
in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from rsh.client.cli.table import GLOBAL, Argument, Command, Where, arguments
from rsh.errors import UsageError

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}  # as timeout(1)


_SIZES: Final = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}


class UnknownOption(UsageError):
    """An option that the command does not have: at the prompt a sign that the line is meant for the shell there."""


class Options:
    """What was given: one attribute for each argument of the command."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"the command has no argument {name!r}")


class _Parse:
    """One pass over the words of a command."""

    def __init__(self, command: Command, where: Where) -> None:
        self.arguments = arguments(command, where)
        self.flags = {flag: argument for argument in self.arguments for flag in argument.flags}
        self.positionals = [argument for argument in self.arguments if not argument.flags]
        self.values: dict[str, Any] = {argument.name: _nothing(argument) for argument in self.arguments}
        self.operands: list[str] = []

    def words(self, words: Sequence[str]) -> None:
        """Take all words."""
        rest = list(words)
        while rest:
            word = rest.pop(0)
            if word == "--":
                self.operands += rest
                return
            if word.startswith("--"):
                self.long(word, rest)
            elif word.startswith("-") and word != "-":
                self.cluster(word, rest)
            elif self.begins_command():
                self.operands += [word, *rest]
                return
            else:
                self.operands.append(word)

    def begins_command(self) -> bool:
        """Say whether the next operand is the first word of a remote command: what follows is its own."""
        count = len(self.operands)
        return count < len(self.positionals) and self.positionals[count].kind == "command"

    def long(self, word: str, rest: list[str]) -> None:
        """Take `--option`, `--option=value` or `--option value`."""
        flag, equals, value = word.partition("=")
        flag, argument = self.find_long(flag)
        if not argument.valued:
            if equals:
                raise UsageError(f"option '{flag}' doesn't allow an argument")
            self.switch(argument)
        else:
            self.store(argument, flag, value if equals else _next(flag, rest))

    def find_long(self, flag: str) -> tuple[str, Argument]:
        """Find an option by its name or by a prefix that only one option has."""
        if flag in self.flags:
            return flag, self.flags[flag]
        near = [known for known in self.flags if known.startswith(flag)]
        if not near:
            raise UnknownOption(f"unrecognized option '{flag}'")
        if len({self.flags[known].name for known in near}) > 1:
            raise UsageError(f"option '{flag}' is ambiguous; possibilities: {' '.join(near)}")
        return near[0], self.flags[near[0]]

    def cluster(self, word: str, rest: list[str]) -> None:
        """Take `-abc`, `-C DIR` or `-CDIR`."""
        for index, letter in enumerate(word[1:], 2):
            argument = self.flags.get("-" + letter)
            if argument is None:
                raise UnknownOption(f"invalid option -- '{letter}'")
            if argument.valued:
                self.store(argument, "-" + letter, word[index:] or _next("-" + letter, rest))
                return
            self.switch(argument)

    def switch(self, argument: Argument) -> None:
        """Take an option without a value."""
        self.values[argument.name] = True if argument.kind == "switch" else self.values[argument.name] + 1

    def store(self, argument: Argument, called: str, text: str) -> None:
        """Convert a value and keep it."""
        value = _convert(argument, called, text)
        if argument.many:
            self.values[argument.name].append(value)
        else:
            self.values[argument.name] = value

    def place_operands(self) -> None:
        """Hand the operands to the positionals: one each, and all that is left to the one that takes many."""
        rest = self.operands
        for argument in self.positionals:
            called = argument.metavar or argument.name.upper()
            taken, rest = (rest, []) if argument.many else (rest[:1], rest[1:])
            if not taken and not argument.optional:
                raise UsageError(f"missing {called}")
            for text in taken:
                self.store(argument, called, text)
        if rest:
            raise UsageError(f"extra operand '{rest[0]}'")


def parse(command: Command, words: Sequence[str], where: Where) -> Options:
    """Parse the words after a command's name.

    Raises:
        UnknownOption: an option it does not have. UsageError: anything else that is wrong. Both carry advice.
    """
    work = _Parse(command, where)
    try:
        work.words(words)
        if not work.values["help"]:
            work.place_operands()
    except UsageError as error:
        error.advice = error.advice or _advice(command, where)
        error.verb = command.name
        raise
    return Options(work.values)


def split_leading(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Part the global options in front of a command's name from the name and all behind it."""
    with_value = {flag for argument in GLOBAL if argument.valued for flag in argument.flags}
    count = 0
    while count < len(words) and words[count].startswith("-"):
        count += 2 if words[count] in with_value else 1
    return list(words[:count]), list(words[count:])


def _nothing(argument: Argument) -> Any:
    if not argument.valued:
        return False if argument.kind == "switch" else 0
    if argument.many:
        return []
    return None if argument.default is None else _convert(argument, argument.name, argument.default)


def _next(flag: str, rest: list[str]) -> str:
    if not rest:
        raise UsageError(f"option '{flag}' requires an argument")
    return rest.pop(0)


def _convert(argument: Argument, called: str, text: str) -> Any:
    if argument.kind == "seconds":
        return _seconds(called, text)
    if argument.kind in ("number", "transfer"):
        if not (text.isascii() and text.isdigit()):
            raise UsageError(f"{called}: '{text}' is no number")
        return int(text)
    if argument.kind == "rate":
        return _size(called, text, "rate", "bytes a second")
    if argument.kind == "size":
        return _size(called, text, "size", "bytes")
    if argument.kind == "include":
        return "!" + text
    if argument.kind == "choice" and text not in argument.choices:
        raise UsageError(f"{called}: '{text}' is none of {', '.join(argument.choices)}")
    if argument.kind == "assignment" and "=" not in text[1:]:
        raise UsageError(f"{called}: '{text}' is not of the form NAME=VALUE")
    return text


def _seconds(called: str, text: str) -> float:
    unit = _UNITS.get(text[-1:])
    try:
        value = float(text if unit is None else text[:-1]) * (unit or 1.0)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        raise UsageError(f"{called}: '{text}' is no time; write seconds, or 5m, 2h, 1d")
    return value


def _size(called: str, text: str, what: str, unit: str) -> int:
    digits = text.rstrip("Bb").removesuffix("i").upper()
    factor = _SIZES.get(digits[-1:], 0)
    try:
        value = int(float(digits[:-1] if factor else digits) * (factor or 1))
    except (ValueError, OverflowError):
        value = 0
    if not 1 <= value < 2**62:
        raise UsageError(f"{called}: '{text}' is no {what}; write {unit}, or 500K, 10M, 1.5G")
    return value


def _advice(command: Command, where: Where) -> str:
    return f"try 'rsh {command.name} --help'" if where == "cli" else f"try 'help {command.name}'"
