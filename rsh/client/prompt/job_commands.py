"""`:jobs`, `:wait` and `:kill`: the transfers of the prompt that run in the background."""

from __future__ import annotations

from rsh.client.cli.options import Options
from rsh.client.cli.output import print_lines
from rsh.client.prompt.prompt_context import PromptContext
from rsh.client.transfer.transfer import in_a_line


def run_jobs(context: PromptContext, options: Options) -> int:
    """List them."""
    transfers = context.transfers
    if not options.json:
        print_lines(in_a_line(transfer, transfer.tally.state()) for transfer in transfers.running())
        return 0
    from rsh.client.cli.json_output import print_object
    from rsh.client.transfer.progress import fields

    for transfer in transfers.running():
        print_object({"job": transfer.number, "what": transfer.label} | fields(transfer.tally.state()))
    return 0


def run_wait(context: PromptContext, options: Options) -> int:
    """Wait for one, or for all; give its status, of several the highest."""
    transfers = context.transfers
    status = 0
    for transfer in [transfers.find(options.number)] if options.number is not None else transfers.running():
        if not transfers.wait(context, transfer, stops=False):
            break
        print_lines(transfer.outcome().splitlines())
        status = max(status, transfer.status)
    return status


def run_kill(context: PromptContext, options: Options) -> int:
    """Stop some; what is no number is the name of a living shell, and that is ended."""
    transfers = context.transfers
    for transfer in [transfers.find(int(name)) for name in options.names if name.isdecimal()]:
        transfer.stop()
    for name in options.names:
        if not name.isdecimal():
            from rsh.client.commands import sessions

            sessions.run_kill(context, Options({"shell": name}))
    return 0
