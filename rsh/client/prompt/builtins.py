"""The prompt's own commands: what they do happens here, or to the prompt itself."""

from __future__ import annotations

import os
from collections.abc import Iterator

from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.editor.history import Item
from rsh.client.prompt.pager import overflows, print_paged
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.shell.shell import Leave
from rsh.client.terminal.console import layout_size
from rsh.client.terminal.local import run_locally
from rsh.errors import FileError, UsageError, error_name
from rsh.escape import printable


def run_lcd(context: PromptContext, options: Options) -> int:
    """Change the directory here: without one to the home, `-` to the one before."""
    target = options.path or os.path.expanduser("~")
    if target == "-":
        target = os.environ.get("OLDPWD", "")
        if not target:
            raise UsageError("there is no directory before this one")
        print_lines([printable(target)])
    before = _working_directory()
    try:
        os.chdir(target)
    except OSError as error:
        raise FileError(error_name(error), os.fsencode(target)) from error
    os.environ["OLDPWD"], os.environ["PWD"] = before, _working_directory()
    return 0


def run_lls(context: PromptContext, options: Options) -> int:
    """List files here: the rest of the line is for ls(1) and the shell of this machine."""
    return run_locally(f"ls {options.words[0]}" if options.words else "ls")


def run_lpwd(context: PromptContext, options: Options) -> int:
    """Print the directory here."""
    print_lines([printable(_working_directory())])
    return 0


def run_lmkdir(context: PromptContext, options: Options) -> int:
    """Make directories here."""
    for path in options.paths:
        try:
            if options.parents:
                os.makedirs(path, exist_ok=True)
            else:
                os.mkdir(path)
        except OSError as error:
            raise FileError(error_name(error), os.fsencode(path)) from error
    return 0


def run_help(context: PromptContext, options: Options) -> int:
    """Tell what there is, or all about one command."""
    from rsh.client.cli.help import names, overview, page
    from rsh.client.editor.lines import find_by_prefix

    topic = options.topic
    if topic:
        text = page(find_by_prefix(topic.removeprefix(":") or "?"), "prompt")
    else:
        text = overview("prompt") + _HINTS
        if not options.all and overflows(context, text.count("\n")):
            text = names("prompt", layout_size()[0]) + _HINTS + _MORE
    print_paged(context, text.splitlines())
    return 0


_HINTS = """
Anything else runs over there: \\ls is the program, ls is ours. !COMMAND runs
here, ! alone is a shell here. Tab completes, Up and Ctrl-R search the history,
Right takes the grey text, Ctrl-X Ctrl-E opens the editor.
"""

_MORE = """
`help COMMAND` tells all about one, `help -a` what each of them does.
"""


def run_exit(context: PromptContext, options: Options) -> int:
    """Leave."""
    raise Leave(options.status, asked=True)


def run_status(context: PromptContext, options: Options) -> int:
    """Print the status of the last line, and keep it."""
    print_lines([str(context.status)])
    return context.status


def run_history(context: PromptContext, options: Options) -> int:
    """Print lines typed before, the newest last."""
    history = context.history
    items = [] if history is None else history.items_of_all() if options.all else history.items()
    found = [item for item in items if options.pattern is None or _fits(item.line, options.pattern)]
    if options.count is not None:
        found = found[max(0, len(found) - options.count) :]
    if options.json:
        from rsh.client.cli.json_output import print_object

        for item in found:
            print_object(_fields(item))
    else:
        print_paged(context, (line for item in found for line in _shown(item)))
    return 0


def _fits(line: str, pattern: str) -> bool:
    """Say whether a line holds a text, or something that fits it as a pattern of file names."""
    from fnmatch import fnmatchcase

    return pattern in line or fnmatchcase(line, f"*{pattern}*")


def _fields(item: Item) -> dict[str, object]:
    line = item.line.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    directory = item.directory.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return {
        "when": item.when / 1e9,
        "line": line,
        "directory": directory,
        "status": item.status,
        "duration": item.duration,
    }


def _shown(item: Item) -> Iterator[str]:
    """Give an entry as it was typed: with several lines, one below the other."""
    beginning = _moment(item) + "  "
    for line in item.line.expandtabs().split("\n"):
        yield beginning + printable(line)
        beginning = " " * len(beginning)


def _moment(item: Item) -> str:
    import time

    status = "" if not item.status else str(item.status)
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(item.when / 1e9)) + f"{status:>4}"


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError as error:
        raise FileError(error_name(error), b".") from error
