"""The commands that run something over there: shells, commands, detached ones, and the connection they share."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from rsh.client.cli.arguments import HOST, JSON, switch
from rsh.client.cli.command import CLI, Argument, Command

# How the prompt is shown.
_PROMPT: Final = (
    switch("no_rc", "pass over the rc file and what config.toml sets", "-X", "--no-rc"),
    switch("plain", "no escape byte on the screen, a fixed prompt", "--plain"),
    Argument("prompt", "the prompt of --plain", ("--prompt",), metavar="TEXT", default="rsh> "),
    Argument("ready_marker", "with --plain, a line before each prompt", ("--ready-marker",), metavar="TEXT"),
    switch("no_echo", "with --plain, do not show what is typed", "--no-echo"),
)
_SHELL: Final = Argument("shell", "its name or id", kind="shell", metavar="NAME")
_JOIN: Final = (
    switch("read_only", "only look: nothing that is typed is taken", "--read-only"),
    switch("steal", "whoever is attached has to go", "--steal"),
    Argument("scrollback", "show so much of what it printed before: 64K", ("--scrollback",), "size", metavar="SIZE"),
)
_JOB: Final = Argument("id", "which job", metavar="ID", where=CLI)
_ESCAPE: Final = Argument(
    "escape", "begins an escape after Enter: a character, ^X, or none", ("-e", "--escape"), metavar="CHAR", default="~"
)
_ENCODING: Final = Argument("encoding", "what is spoken over there, for a terminal", ("--encoding",), metavar="CODEC")

SHELL_COMMANDS: Final = (
    Command(
        "connect",
        "Open the prompt over there; with no host, on this machine",
        "rsh.client.prompt.connect:run_connect",
        "running",
        (
            Argument("host", "whom to call", kind="host", metavar="HOST", optional=True),
            Argument("name", "call the new shell NAME, for rsh attach", ("--name",), metavar="NAME"),
            Argument("batch", "take lines from FILE, - for stdin", ("-b", "--batch"), "local", metavar="FILE"),
            Argument("commands", "run LINE and leave; may be repeated", ("-c",), metavar="LINE", many=True),
            switch("keep_going", "in a batch, go on behind a line that fails", "-k", "--keep-going"),
            *_PROMPT,
            _ESCAPE,
            _ENCODING,
        ),
        CLI,
        examples=(("connect build", "work on build"), ("connect build -c 'make test'", "one line of the prompt")),
    ),
    Command(
        "exec",
        "Run one command over there",
        "rsh.client.commands.exec:run_exec",
        "running",
        (
            HOST,
            Argument("directory", "run it in DIR", ("-C", "--directory"), "remote-directory", metavar="DIR"),
            Argument("environment", "set a variable for it", ("-E", "--env"), "assignment", metavar="K=V", many=True),
            Argument("timeout", "end it after S seconds, exit 124", ("--timeout",), "seconds", metavar="S"),
            switch("terminal", "give it a terminal", "-t", "--tty"),
            switch("no_input", "stdin is empty", "-n", "--no-input"),
            switch("detach", "print an id and leave; it goes on without us, see jobs", "-d", "--detach"),
            Argument("id", "with --detach: start it once, however often KEY is asked for", ("--id",), metavar="KEY"),
            switch("json", "print one JSON object with status, duration and output", "--json"),
            _ESCAPE,
            _ENCODING,
            Argument("command", "one word is a shell line, several are its arguments", kind="command", many=True),
        ),
        CLI,
        examples=(
            ("exec build -- 'cd src && make'", "one word: a shell line"),
            ("exec build -- ls -l 'a file'", "several words: passed unchanged"),
            ("exec --detach build -- make", "print an id; `rsh logs -f build ID` shows what it does"),
        ),
    ),
    Command(
        "shell",
        "Run the login shell over there, as ssh does",
        "rsh.client.commands.exec:run_shell",
        "running",
        (
            HOST,
            Argument("directory", "start it in DIR", ("-C", "--directory"), "remote-directory", metavar="DIR"),
            Argument("environment", "set a variable for it", ("-E", "--env"), "assignment", metavar="K=V", many=True),
            _ESCAPE,
            _ENCODING,
        ),
        CLI,
        examples=(("shell build", "with its own prompt, history and keys"),),
    ),
    Command(
        "sessions",
        "List the living shells over there",
        "rsh.client.commands.sessions:run_sessions",
        "running",
        (HOST, JSON),
        examples=(("sessions build", "name, user, since, last seen, what runs, who is attached"),),
    ),
    Command(
        "attach",
        "Go to a living shell; with no NAME to the one left last",
        "rsh.client.prompt.connect:run_attach",
        "running",
        (
            HOST,
            replace(_SHELL, optional=True),
            *_JOIN,
            *(replace(argument, where=CLI) for argument in (*_PROMPT, _ESCAPE, _ENCODING)),
        ),
        examples=(
            ("attach build work", "from any machine whose key may"),
            ("attach --read-only build work", "look over somebody's shoulder"),
        ),
    ),
    Command(
        "kill",
        "End a living shell over there",
        "rsh.client.commands.sessions:run_kill",
        "running",
        (HOST, _SHELL),
        CLI,
        examples=(("kill build work", "as if its terminal went away"),),
    ),
    Command(
        "reset",
        "Mend a terminal that a killed program has left unusable",
        "rsh.client.commands.reset:run_reset",
        "here",
        (),
        CLI,
        examples=(("reset", "type Ctrl-J, rsh reset, Ctrl-J where Enter does nothing"),),
    ),
    Command(
        "jobs",
        "List the detached commands over there",
        "rsh.client.commands.jobs:run_jobs",
        "running",
        (HOST, Argument("ids", "these only", metavar="ID", many=True, optional=True), JSON),
        CLI,
        examples=(("jobs build", "id, state, since, duration, status, command"),),
    ),
    Command(
        "logs",
        "Print what a detached command has written, each stream where it belongs",
        "rsh.client.commands.jobs:run_logs",
        "running",
        (
            HOST,
            _JOB,
            switch("follow", "and what it writes until it ends", "-f", "--follow"),
            JSON,
        ),
        CLI,
        examples=(("logs -f build x2m4ekqu", "as it comes"),),
    ),
    Command(
        "wait",
        "Wait until a detached command has ended, and exit as it did",
        "rsh.client.commands.jobs:run_wait",
        "running",
        (HOST, _JOB, JSON),
        CLI,
        examples=(("wait build x2m4ekqu", "the status is that of the command"),),
    ),
    Command(
        "cancel",
        "End a detached command and all that it started",
        "rsh.client.commands.jobs:run_cancel",
        "running",
        (
            HOST,
            _JOB,
            Argument("grace", "S seconds after TERM comes KILL", ("--grace",), "seconds", metavar="S", default="5"),
            JSON,
        ),
        CLI,
        examples=(("cancel build x2m4ekqu", "TERM, then KILL"),),
    ),
    Command(
        "mux",
        "Share one connection among commands; start it, list it, stop it",
        "rsh.client.commands.mux_commands:run_mux",
        "running",
        (
            Argument("host", "whom to call", kind="host", metavar="HOST", optional=True),
            switch("status", "list the shared connections, or that of HOST", "--status"),
            switch("stop", "stop them, or that of HOST, once what runs has ended", "--stop"),
            Argument("persist", "end it after S seconds without use", ("--persist",), "seconds", metavar="S"),
            JSON,
        ),
        CLI,
        examples=(("mux build", "what comes goes through it"), ("mux --stop build", "no more")),
    ),
)
