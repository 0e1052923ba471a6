"""Completes the arguments of our own commands, as the table declares them."""

from __future__ import annotations

from msgspec.structs import replace

from rsh.client.cli.settings import SETTINGS, Setting
from rsh.client.cli.table import Argument, Command, Kind, arguments, commands
from rsh.client.editor.name import Name, Names
from rsh.client.editor.place import Completion, Place
from rsh.client.text.syntax import Word


def complete_ours(place: Place, word: Word, command: Command, names: Names) -> list[Completion]:
    """Expand a pattern or complete an argument of one of our commands."""
    return _expand_ours(place, command, names) or _complete_ours(place, word, command, names)


def _expand_ours(place: Place, command: Command, names: Names) -> list[Completion]:
    """Expand a pattern where a command of ours takes files."""
    kinds = {argument.kind for argument in arguments(command, "prompt") if not argument.flags}
    if "local" in kinds:
        return place.expand(names.here)
    return place.expand(names.there) if "remote" in kinds else []


def _complete_ours(place: Place, word: Word, command: Command, names: Names) -> list[Completion]:
    """Complete an argument of one of our commands."""
    before = [each.text for each in place.scan.words[1:] if each.start < word.start]
    known = {flag: argument for argument in arguments(command, "prompt") for flag in argument.flags}
    valued = known.get(before[-1]) if before and "--" not in before else None
    if valued is not None and valued.valued:
        return place.insert(_values(valued, valued.kind, word.text, names))
    if "--" not in before and word.text.startswith("-") and not word.quoted:
        flag, equals, value = word.text.partition("=")
        if equals and flag in known:
            found = _values(known[flag], known[flag].kind, value, names)
            return place.insert(Name(f"{flag}={name.text}", name.directory, name.about) for name in found)
        return place.insert(_options(known, word.text))
    index = _count_operands(before, known)
    if command.name == "set" and index == 1:
        return place.insert(_setting_values(before[0], word.text))
    return place.insert(_operands(command, index, word.text, names, has_target="-t" in before))


def _count_operands(before: list[str], known: dict[str, Argument]) -> int:
    """Count the operands that stand in front of the word."""
    count, ended, skip = 0, False, False
    for text in before:
        if skip:
            skip = False
        elif ended or text == "-" or not text.startswith("-"):
            count += 1
        elif text == "--":
            ended = True
        else:
            valued = known.get(text)
            skip = valued is not None and valued.valued
    return count


def _options(known: dict[str, Argument], word: str) -> list[Name]:
    """Give the options that fit, each by its longest name unless a short one was begun."""
    found = [Name(flag, about=argument.help) for flag, argument in known.items() if flag.startswith(word)]
    return [name for name in found if name.text.startswith("--") or word == "-" or name.text == word]


def _operands(command: Command, index: int, word: str, names: Names, *, has_target: bool) -> list[Name]:
    positionals = [argument for argument in arguments(command, "prompt") if not argument.flags]
    if not positionals:
        return []
    argument = positionals[min(index, len(positionals) - 1)]
    if index >= len(positionals) and not argument.many:
        return []
    if argument.last is not None and index > 0 and not has_target:
        # It may be the target or one more source: nobody knows before the line is done.
        return _values(argument, argument.last, word, names) or _values(argument, argument.kind, word, names)
    if command.name == "sync" and word.startswith(":"):  # a path over there
        return [replace(name, text=f":{name.text}") for name in names.there(word[1:])]
    return _values(argument, argument.kind, word, names)


def _setting_values(name: str, word: str) -> list[Name]:
    """Give what a setting may be set to."""
    setting: Setting | None = next((each for each in SETTINGS if each.name == name), None)
    if setting is None:
        return []
    known = ("on", "off") if setting.kind == "switch" else setting.choices
    return [Name(value) for value in known if value.startswith(word)]


def _values(argument: Argument, kind: Kind, word: str, names: Names) -> list[Name]:
    """Give what a value of this kind may be."""
    if kind in ("local", "local-directory"):
        return [name for name in names.here(word) if name.directory or kind == "local"]
    if kind.startswith("remote"):
        return list(names.folders_there(word) if kind == "remote-directory" else names.there(word))
    if kind in ("transfer", "shell", "work"):
        transfers = names.transfers(word) if kind != "shell" else ()
        return [*transfers, *(names.shells_there(word) if kind != "transfer" else ())]
    if kind == "topic":
        return [Name(each.name, about=each.summary) for each in commands("prompt") if each.name.startswith(word)]
    if kind == "setting" and not argument.many:
        return [Name(each.name, about=each.about) for each in SETTINGS if each.name.startswith(word)]
    return [Name(choice) for choice in argument.choices if choice.startswith(word)]
