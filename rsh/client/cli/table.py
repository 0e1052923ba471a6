"""The one table of commands: how each is called, parsed, completed and documented.

The command line, the prompt, `help`, the man page and the shells' completions are all made from it or held against it.
Cheap to import: no parser is built here (options.py does that), and no command is loaded (its `run` names it).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from rsh.client.cli.command import BOTH, CLI, PROMPT, Argument, Command, Group, Kind, Where
from rsh.client.cli.prompt_table import PROMPT_COMMANDS
from rsh.client.cli.tree_table import TREE_COMMANDS

__all__ = ["Argument", "Command", "Group", "Kind", "Where", "COMMANDS", "GLOBAL", "arguments", "commands", "find"]


def _switch(name: str, help: str, *flags: str, where: frozenset[Where] = BOTH) -> Argument:
    return Argument(name, help, flags, "switch", where=where)


_JSON: Final = _switch("json", "print JSON, one object a line", "--json")
# How the prompt is shown.
_PROMPT: Final = (
    _switch("no_rc", "pass over the rc file and what config.toml sets", "-X", "--no-rc"),
    _switch("plain", "no escape byte on the screen, a fixed prompt", "--plain"),
    Argument("prompt", "the prompt of --plain", ("--prompt",), metavar="TEXT", default="rsh> "),
    Argument("ready_marker", "with --plain, a line before each prompt", ("--ready-marker",), metavar="TEXT"),
    _switch("no_echo", "with --plain, do not show what is typed", "--no-echo"),
)
_SHELL: Final = Argument("shell", "its name or id", metavar="NAME")
_JOIN: Final = (
    _switch("read_only", "only look: nothing that is typed is taken", "--read-only"),
    _switch("steal", "whoever is attached has to go", "--steal"),
    Argument("scrollback", "show so much of what it printed before: 64K", ("--scrollback",), "size", metavar="SIZE"),
)
_JOB: Final = Argument("id", "which job", metavar="ID", where=CLI)
_HUMAN: Final = (
    _switch("human", "sizes as 1.1K, 234M, 2G", "-h", "--human-readable"),
    _switch("si", "likewise, in powers of 1000", "--si"),
)
_HOST: Final = Argument("host", "whom to call", kind="host", metavar="HOST", where=CLI)
_REMOTE: Final = Argument("paths", "files over there", kind="remote", metavar="PATH", many=True)
_TARGET_LOCAL: Final = Argument(
    "target", "copy all sources into this directory", ("-t", "--target-directory"), "local-directory", metavar="DIR"
)
_TARGET_REMOTE: Final = Argument(
    "target", "the directory that takes all sources", ("-t", "--target-directory"), "remote-directory", metavar="DIR"
)
_TREES: Final = _switch("recursive", "accepted and implied: directories are copied whole", "-r", "-R", "--recursive")
_KEEP: Final = _switch("preserve", "accepted and implied: modes and times are kept", "-p", "--preserve")

_ON_CONFLICT: Final = Argument(
    "on_conflict",
    "what to do with files that are there already",
    ("--on-conflict",),
    "choice",
    metavar="POLICY",
    choices=("overwrite", "skip", "newer", "rename", "backup", "ask", "fail"),
    default="overwrite",
)
_FILTER: Final = (
    Argument(
        "exclude",
        "leave out what a gitignore pattern names",
        ("--exclude",),
        "exclude",
        metavar="PATTERN",
        many=True,
    ),
    Argument("exclude", "take it in again", ("--include",), "include", metavar="PATTERN", many=True),
)
_DRY: Final = _switch("dry_run", "say what would be done, do nothing", "-n", "--dry-run")
_LIMIT: Final = Argument("limit", "move so many bytes a second at most: 10M", ("--limit",), "rate", metavar="RATE")
_COMPRESSION: Final = (
    _switch("compress", "compress whatever shrinks", "--compress"),
    _switch("no_compress", "compress nothing", "--no-compress"),
)
_ARCHIVE: Final = _switch("archive", "keep owner, group, attributes and ACLs, where allowed", "-a", "--archive")
_FOLLOW: Final = _switch("follow", "copy what symbolic links point to", "-L", "--dereference")
_DURABILITY: Final = Argument(
    "durability",
    "when it has to be on the disk: auto, none, file (each)",
    ("--durability",),
    "choice",
    metavar="WHEN",
    choices=("auto", "none", "file"),
    default="auto",
)
_COPY: Final = (_ARCHIVE, _FOLLOW, *_FILTER, _ON_CONFLICT, _DRY, _LIMIT, *_COMPRESSION, _DURABILITY)
_ESCAPE: Final = Argument(
    "escape", "begins an escape after Enter: a character, ^X, or none", ("-e", "--escape"), metavar="CHAR", default="~"
)
_ENCODING: Final = Argument("encoding", "what is spoken over there, for a terminal", ("--encoding",), metavar="CODEC")

# What every command of the command line takes beside its own, before or after its name.
GLOBAL: Final = (
    _switch("help", "show this help", "--help"),
    _switch("quiet", "print errors only", "-q", "--quiet", where=CLI),
    Argument(
        "color",
        "when to colour: always, auto, never",
        ("--color", "--colour"),
        "choice",
        metavar="WHEN",
        choices=("always", "auto", "never"),
        default="auto",
    ),
    Argument(
        "reconnect_timeout",
        "leave after S without a connection, 0: at once",
        ("--reconnect-timeout",),
        "seconds",
        metavar="S",
        where=CLI,
    ),
    Argument(
        "mux",
        "share a connection with this user's other commands: auto, never",
        ("--mux",),
        "choice",
        metavar="WHEN",
        choices=("auto", "never"),
        where=CLI,
    ),
    _switch("debug", "show tracebacks", "--debug", where=CLI),
)

COMMANDS: Final = (
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
            _switch("keep_going", "in a batch, go on behind a line that fails", "-k", "--keep-going"),
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
            _HOST,
            Argument("directory", "run it in DIR", ("-C", "--directory"), "remote-directory", metavar="DIR"),
            Argument("environment", "set a variable for it", ("-E", "--env"), "assignment", metavar="K=V", many=True),
            Argument("timeout", "end it after S seconds, exit 124", ("--timeout",), "seconds", metavar="S"),
            _switch("terminal", "give it a terminal", "-t", "--tty"),
            _switch("no_input", "stdin is empty", "-n", "--no-input"),
            _switch("detach", "print an id and leave; it goes on without us, see jobs", "-d", "--detach"),
            Argument("id", "with --detach: start it once, however often KEY is asked for", ("--id",), metavar="KEY"),
            _switch("json", "print one JSON object with status, duration and output", "--json"),
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
            _HOST,
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
        (_HOST, _JSON),
        examples=(("sessions build", "name, user, since, last seen, what runs, who is attached"),),
    ),
    Command(
        "attach",
        "Go to a living shell; with no NAME to the one left last",
        "rsh.client.prompt.connect:run_attach",
        "running",
        (
            _HOST,
            Argument("shell", "its name or id", metavar="NAME", optional=True),
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
        (_HOST, _SHELL),
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
        (_HOST, Argument("ids", "these only", metavar="ID", many=True, optional=True), _JSON),
        CLI,
        examples=(("jobs build", "id, state, since, duration, status, command"),),
    ),
    Command(
        "logs",
        "Print what a detached command has written, each stream where it belongs",
        "rsh.client.commands.jobs:run_logs",
        "running",
        (
            _HOST,
            _JOB,
            _switch("follow", "and what it writes until it ends", "-f", "--follow"),
            _JSON,
        ),
        CLI,
        examples=(("logs -f build x2m4ekqu", "as it comes"),),
    ),
    Command(
        "wait",
        "Wait until a detached command has ended, and exit as it did",
        "rsh.client.commands.jobs:run_wait",
        "running",
        (_HOST, _JOB, _JSON),
        CLI,
        examples=(("wait build x2m4ekqu", "the status is that of the command"),),
    ),
    Command(
        "cancel",
        "End a detached command and all that it started",
        "rsh.client.commands.jobs:run_cancel",
        "running",
        (
            _HOST,
            _JOB,
            Argument("grace", "S seconds after TERM comes KILL", ("--grace",), "seconds", metavar="S", default="5"),
            _JSON,
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
            _switch("status", "list the shared connections, or that of HOST", "--status"),
            _switch("stop", "stop them, or that of HOST, once what runs has ended", "--stop"),
            Argument("persist", "end it after S seconds without use", ("--persist",), "seconds", metavar="S"),
            _JSON,
        ),
        CLI,
        examples=(("mux build", "what comes goes through it"), ("mux --stop build", "no more")),
    ),
    Command(
        "put",
        "Copy files and trees there",
        "rsh.client.transfer.transfers:run_put",
        "files",
        (
            Argument(
                "paths", "files here, then the place there", kind="local", last="remote", metavar="PATH", many=True
            ),
            _TARGET_REMOTE,
            _TREES,
            _KEEP,
            *_COPY,
            _JSON,
        ),
        bare=True,
        repeatable=True,
        examples=(("put a.txt src build:work/", "into a directory"), ("put - build:notes", "what stdin says")),
    ),
    Command(
        "get",
        "Copy files and trees here",
        "rsh.client.transfer.transfers:run_get",
        "files",
        (
            Argument(
                "paths", "files there, then the place here", kind="remote", last="local", metavar="PATH", many=True
            ),
            _TARGET_LOCAL,
            _TREES,
            _KEEP,
            *_COPY,
            _JSON,
        ),
        bare=True,
        repeatable=True,
        examples=(("get 'build:log/*.gz' logs/", "what a pattern names there"), ("get build:notes -", "to stdout")),
    ),
    Command(
        "sync",
        "Make a directory like another, one here and one over there",
        "rsh.client.transfer.sync:run_sync",
        "files",
        (
            Argument("source", "what it is to be like", kind="local", metavar="SRC"),
            Argument("destination", "what is made like it", kind="local", metavar="DST"),
            _switch("delete", "delete from DST what SRC has not", "--delete"),
            _switch("checksum", "compare by digest, not by size and time", "-c", "--checksum"),
            _switch("itemize", "print each change, as rsync -i does", "-i", "--itemize-changes"),
            _switch("yes", "do not ask before deleting", "-y", "--yes"),
            _switch("force", "likewise", "-f", "--force"),
            _ARCHIVE,
            *_FILTER,
            _DRY,
            _LIMIT,
            *_COMPRESSION,
            _JSON,
        ),
        repeatable=True,
        examples=(("sync --delete src/ build:src", "there as here"), ("sync -n build:www www", "what would be done")),
    ),
    Command(
        "ls",
        "List files over there",
        "rsh.client.commands.ls:run_ls",
        "files",
        (
            Argument("paths", "what to list", kind="remote", metavar="PATH", many=True, optional=True),
            _switch("long", "mode, links, owner, group, size and time as well", "-l"),
            _switch("all", "names that start with a dot as well", "-a", "--all"),
            _switch("almost_all", "as -a, without . and ..", "-A", "--almost-all"),
            *_HUMAN,
            _switch("one", "one name a line", "-1"),
            _switch("by_time", "newest first", "-t"),
            _switch("by_size", "largest first", "-S"),
            _switch("reverse", "the other way round", "-r", "--reverse"),
            _switch("recursive", "directories with all below them", "-R", "--recursive"),
            _switch("itself", "directories themselves, not what is in them", "-d", "--directory"),
            _switch("classify", "mark kinds: / directory, * program, @ link", "-F", "--classify"),
            _JSON,
        ),
        bare=True,
        repeatable=True,
        examples=(("ls -lh build:src", "sizes in words"), ("ls -t 'build:*.log'", "newest first")),
    ),
    Command(
        "cat",
        "Print files from over there",
        "rsh.client.transfer.transfers:run_cat",
        "files",
        (_REMOTE,),
        examples=(("cat build:/etc/hostname", "one file"),),
    ),
    Command(
        "edit",
        "Edit a file over there with the editor here",
        "rsh.client.commands.edit:run_edit",
        "files",
        (Argument("path", "the file", kind="remote", metavar="FILE"),),
        bare=True,
        examples=(("edit build:/etc/motd", "put back when the editor ends"),),
    ),
    Command(
        "rm",
        "Remove files over there",
        "rsh.client.commands.changes:run_rm",
        "files",
        (
            _REMOTE,
            _switch("recursive", "directories and all below them", "-r", "-R", "--recursive"),
            _switch("force", "what is not there is no failure; ask nothing", "-f", "--force"),
            _switch("yes", "ask nothing", "-y", "--yes"),
            _DRY,
        ),
        examples=(("rm -r build:work/old", "a whole tree"),),
    ),
    Command(
        "mkdir",
        "Make directories over there",
        "rsh.client.commands.changes:run_mkdir",
        "files",
        (
            Argument("paths", "directories to make", kind="remote-directory", metavar="DIR", many=True),
            _switch("parents", "those above as well; existing ones are no failure", "-p", "--parents"),
        ),
        examples=(("mkdir -p build:work/new/deep", "with those above"),),
    ),
    Command(
        "mv",
        "Rename or move files over there",
        "rsh.client.commands.changes:run_mv",
        "files",
        (
            Argument("paths", "files, then the new name or directory", kind="remote", metavar="PATH", many=True),
            _TARGET_REMOTE,
        ),
        examples=(("mv build:a.txt build:old/", "into a directory"),),
    ),
    *TREE_COMMANDS,
    Command(
        "mget",
        "Copy files and trees here, all into one directory",
        "rsh.client.transfer.transfers:run_get",
        "files",
        (_REMOTE, replace(_TARGET_LOCAL, default="."), *_COPY, _JSON),
        PROMPT,
        examples=(("mget log/*.gz notes", "both to where we stand"),),
    ),
    Command(
        "mput",
        "Copy files and trees there, all into one directory",
        "rsh.client.transfer.transfers:run_put",
        "files",
        (
            Argument("paths", "files here", kind="local", metavar="PATH", many=True),
            replace(_TARGET_REMOTE, default="."),
            *_COPY,
            _JSON,
        ),
        PROMPT,
        examples=(("mput *.c *.h", "all to where the shell stands"),),
    ),
    Command(
        "stat",
        "Show all about files over there",
        "rsh.client.commands.facts:run_stat",
        "files",
        (_REMOTE, _switch("follow", "follow symbolic links", "-L", "--dereference"), _JSON),
        examples=(("stat build:a.txt", "size, mode, owner, times"),),
    ),
    Command(
        "sum",
        "Print digests of files over there",
        "rsh.client.commands.facts:run_sum",
        "files",
        (
            _REMOTE,
            Argument(
                "algorithm",
                "xxh128 (quick) or sha256",
                ("-a", "--algorithm"),
                "choice",
                metavar="NAME",
                choices=("xxh128", "sha256"),
                default="xxh128",
            ),
            _JSON,
        ),
        examples=(("sum -a sha256 build:image.iso", "as sha256sum prints it"),),
    ),
    Command(
        "df",
        "Show how full the disks over there are",
        "rsh.client.commands.machine:run_df",
        "machine",
        (
            Argument("paths", "any path on them", kind="remote", metavar="PATH", many=True, optional=True),
            *_HUMAN,
            _JSON,
        ),
        repeatable=True,
        examples=(("df -h build:", "where the home directory is"),),
    ),
    Command(
        "ping",
        "Measure round trips",
        "rsh.client.commands.ping:run_ping",
        "machine",
        (
            _HOST,
            Argument("count", "stop after N", ("-c", "--count"), "number", metavar="N", default="4"),
            Argument(
                "interval", "wait S seconds between two", ("-i", "--interval"), "seconds", metavar="S", default="1"
            ),
            _JSON,
        ),
        examples=(("ping -c 10 -i 0.1 build", "ten in a second"),),
    ),
    Command(
        "info",
        "Tell what machine it is: system, clock, load, disks, versions",
        "rsh.client.commands.machine:run_info",
        "machine",
        (_HOST, _JSON),
        repeatable=True,
        examples=(("info build --json", "for programs"),),
    ),
    Command(
        "key",
        "Print this account's key line, for `rsh-server authorize` over there",
        "rsh.client.commands.trust:run_key",
        "trust",
        (_switch("fingerprint", "print its fingerprint only", "-l", "--fingerprint"), _JSON),
        CLI,
        examples=(("key", "one line to hand over"),),
    ),
    Command(
        "trust",
        "Trust the server of a URL (`rsh-server url` there prints it), or list whom we trust",
        "rsh.client.commands.trust:run_trust",
        "trust",
        (
            Argument("url", "rsh://HOST:PORT#SHA256:...", metavar="URL", optional=True),
            _switch("replace", "put it in the place of the key we had", "--replace"),
            _switch("forget", "trust that server no longer; HOST will do for the URL", "--forget"),
            _JSON,
        ),
        CLI,
        examples=(("trust rsh://build:8000#SHA256:...", "pin that server's key"),),
    ),
    *PROMPT_COMMANDS,
)


def commands(where: Where) -> list[Command]:
    """Give the commands of one place, in the table's order."""
    return [command for command in COMMANDS if where in command.where]


def find(name: str, where: Where) -> Command | None:
    """Give the command with that name or alias in one place, or None."""
    for command in COMMANDS:
        if where in command.where and (command.name == name or name in command.aliases):
            return command
    return None


def arguments(command: Command, where: Where) -> list[Argument]:
    """Give the arguments that a command takes in one place, the global ones last."""
    own = [argument for argument in command.arguments if where in argument.where]
    return own + [argument for argument in GLOBAL if where in argument.where]
