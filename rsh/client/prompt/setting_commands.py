"""`:set`, `:progress`, `:source` and `:version`: how the prompt itself is made to work."""

from __future__ import annotations

from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.cli.settings import SETTINGS, Settings, find
from rsh.client.prompt.prompt_context import PromptContext
from rsh.errors import UsageError
from rsh.escape import printable


def run_set(context: PromptContext, options: Options) -> int:
    """Set something, or tell how it is set: everything, or one."""
    name, equals, value = (options.name or "").partition("=")
    given = value if equals else " ".join(options.value)
    settings = context.settings
    if not name:
        width = max(len(setting.name) for setting in SETTINGS)
        print_lines(f"{one.name:{width}}  {_shown(settings, one.name):24}  {one.about}" for one in SETTINGS)
    elif not given and not equals:
        print_lines([_shown(settings, find(name).name)])
    else:
        settings.set(name, given)
    return 0


def run_progress(context: PromptContext, options: Options) -> int:
    """Switch the bars of transfers on or off, as in sftp(1)."""
    settings = context.settings
    settings.set("progress", "off" if settings.on("progress") else "on")
    print_lines([f"progress {settings.shown('progress')}"])
    return 0


def run_source(context: PromptContext, options: Options) -> int:
    """Run the lines of a file here, as a batch does."""
    from rsh.client.prompt.batch import lines_of, run_batch
    from rsh.client.prompt.dispatch import run_line

    if context.sourcing >= MAX_SOURCING:
        raise UsageError(f"{options.path}: files that run files, {MAX_SOURCING} deep")
    context.sourcing += 1
    try:
        lines = list(lines_of(options.path))
        settings = context.settings
        stops, echoes = lambda: settings.on("stop"), lambda: settings.on("echo")
        return run_batch(lines, lambda line: run_line(context, line), stops, echoes)
    finally:
        context.sourcing -= 1
        context.verb = "source"


MAX_SOURCING = 20  # a file that runs itself is a mistake


def run_version(context: PromptContext, options: Options) -> int:
    """Print the versions on both sides."""
    from rsh import __version__

    machine, _ = context.remote.info()
    if options.json:
        from rsh.client.cli.json_output import print_object

        print_object({"here": __version__, "there": machine.software, "python_there": machine.python})
    else:
        print_lines([f"here:  rsh {__version__}", f"there: {printable(machine.software)}"])
    return 0


def _shown(settings: Settings, name: str) -> str:
    text = settings.shown(name)
    return repr(text) if not text or text != text.strip() else text
