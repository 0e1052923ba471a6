"""The commands of the prompt that the command line has not got: nothing of these goes over there by itself."""

from __future__ import annotations

from typing import Final

from rsh.client.cli.arguments import JSON, switch
from rsh.client.cli.command import PROMPT, Argument, Command

PROMPT_COMMANDS: Final = (
    Command(
        "lcd",
        "Change the directory here",
        "rsh.client.prompt.builtins:run_lcd",
        "here",
        (Argument("path", "where to", kind="local-directory", metavar="DIR", optional=True),),
        PROMPT,
        bare=True,
    ),
    Command(
        "lls",
        "List files here, as ls(1) does",
        "rsh.client.prompt.builtins:run_lls",
        "here",
        (Argument("words", "options and files for ls", kind="local", metavar="ARG", many=True, optional=True),),
        PROMPT,
        bare=True,
    ),
    Command("lpwd", "Print the directory here", "rsh.client.prompt.builtins:run_lpwd", "here", (), PROMPT, bare=True),
    Command(
        "lmkdir",
        "Make directories here",
        "rsh.client.prompt.builtins:run_lmkdir",
        "here",
        (
            Argument("paths", "directories to make", kind="local-directory", metavar="DIR", many=True),
            switch("parents", "those above as well; existing ones are no failure", "-p", "--parents"),
        ),
        PROMPT,
        bare=True,
    ),
    Command(
        "help",
        "Tell what there is, or all about one command",
        "rsh.client.prompt.builtins:run_help",
        "prompt",
        (
            Argument("topic", "a command", kind="topic", metavar="COMMAND", optional=True),
            switch(
                "all", "tell in a line each what all of them do, also where that is more than the screen", "-a", "--all"
            ),
        ),
        PROMPT,
        bare=True,
        aliases=("?",),
    ),
    Command(
        "status",
        "Print the exit status of the last line",
        "rsh.client.prompt.builtins:run_status",
        "prompt",
        (),
        PROMPT,
    ),
    Command(
        "jobs",
        "List the transfers in the background",
        "rsh.client.prompt.job_commands:run_jobs",
        "prompt",
        (JSON,),
        PROMPT,
    ),
    Command(
        "wait",
        "Wait for a transfer in the background, or for all",
        "rsh.client.prompt.job_commands:run_wait",
        "prompt",
        (Argument("number", "its number", kind="transfer", metavar="N", optional=True),),
        PROMPT,
    ),
    Command(
        "kill",
        "Stop transfers in the background, or end a living shell over there",
        "rsh.client.prompt.job_commands:run_kill",
        "prompt",
        (Argument("names", "numbers of transfers, names of shells", kind="work", metavar="N", many=True),),
        PROMPT,
    ),
    Command(
        "set",
        "Set how the prompt works, or tell how it is set",
        "rsh.client.prompt.setting_commands:run_set",
        "prompt",
        (
            Argument("name", "what to set", kind="setting", metavar="NAME", optional=True),
            Argument("value", "the value", kind="setting", metavar="VALUE", many=True, optional=True),
        ),
        PROMPT,
        examples=(("set keys vi", "the keys of vi"), ("set prompt '%h %d> '", "another prompt")),
    ),
    Command(
        "progress",
        "Show how transfers go, or no longer",
        "rsh.client.prompt.setting_commands:run_progress",
        "prompt",
        (),
        PROMPT,
    ),
    Command(
        "source",
        "Run the lines of a file of this machine",
        "rsh.client.prompt.setting_commands:run_source",
        "prompt",
        (Argument("path", "the file", kind="local", metavar="FILE"),),
        PROMPT,
    ),
    Command(
        "version",
        "Print the versions of rsh on both sides",
        "rsh.client.prompt.setting_commands:run_version",
        "prompt",
        (JSON,),
        PROMPT,
    ),
    Command(
        "history",
        "Print lines typed before at this account and host",
        "rsh.client.prompt.builtins:run_history",
        "prompt",
        (
            Argument("pattern", "lines that hold this text, or fit this pattern", metavar="TEXT", optional=True),
            Argument("count", "the last N", ("-n",), "number", metavar="N"),
            switch("all", "of all accounts and hosts", "-a", "--all"),
            JSON,
        ),
        PROMPT,
        examples=(("history -n 20 build", "the last 20 that name `build`"),),
    ),
    Command(
        "detach",
        "Leave, and let the shell over there live on",
        "rsh.client.commands.sessions:run_detach",
        "prompt",
        (),
        PROMPT,
        bare=True,
    ),
    Command(
        "exit",
        "Leave",
        "rsh.client.prompt.builtins:run_exit",
        "prompt",
        (Argument("status", "exit status to leave with", kind="number", metavar="N", optional=True),),
        PROMPT,
        bare=True,
        aliases=("quit", "bye"),
    ),
)
