"""The requests that open a channel: what a client asks a service for.

Paths, arguments and environment values are bytes, as the kernel has them. A relative path is meant from `directory`,
and that, when it is relative or empty, from the account's home directory.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from msgspec import Meta, Struct

Path: TypeAlias = Annotated[bytes, Meta(max_length=65536)]
Paths: TypeAlias = Annotated[tuple[Path, ...], Meta(max_length=65536)]
FileDigest: TypeAlias = Annotated[bytes, Meta(max_length=16)]
Side: TypeAlias = Annotated[int, Meta(ge=0, lt=2**16)]
Name: TypeAlias = Annotated[str, Meta(max_length=64)]
Rules: TypeAlias = Annotated[tuple[Annotated[bytes, Meta(max_length=4096)], ...], Meta(max_length=1024)]
Rate: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]  # bytes a second; 0 is no limit
Count: TypeAlias = Annotated[int, Meta(ge=0, lt=2**62)]
JobId: TypeAlias = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")]
ShellId: TypeAlias = Annotated[str, Meta(pattern=r"^([0-9a-f]{8})?\Z")]
ShellName: TypeAlias = Annotated[str, Meta(pattern=r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,31})?\Z")]
Token: TypeAlias = Annotated[bytes, Meta(max_length=16)]


class Terminal(Struct, array_like=True, frozen=True, forbid_unknown_fields=True):
    """The terminal that a command wants: its size in cells."""

    columns: Side
    rows: Side


class Exec(Struct, tag=1, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Runs a command: a shell line (one word) or an argument vector. Lanes: 0 stdin and stdout, 1 stderr."""

    arguments: tuple[bytes, ...]
    shell: bool  # arguments[0] is a line for the account's shell; without arguments that shell itself, as at a login
    directory: Path = b""
    environment: dict[bytes, bytes] = {}
    terminal: Terminal | None = None
    report_directory: bool = False  # say in Exit where the shell stood at the end
    no_input: bool = False  # stdin is /dev/null


class List(Struct, tag=2, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Lists paths: Entry and Failure records in lane 0. Patterns are expanded."""

    paths: Paths
    directory: Path = b""
    recursive: bool = False
    itself: bool = False  # a directory is shown itself, not its content (`ls -d`, stat)
    follow: bool = False  # a symlink is shown as what it points to


class Put(Struct, tag=3, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Receives files over there: the client sends the record stream of rsh-protocol(7), TRANSFER."""

    target: Path
    directory: Path = b""
    durability: Name = "auto"
    policy: Name = "overwrite"  # what happens to files that are there already (rsh/files/transfer/conflicts.py)
    agreed: Paths = ()  # with the policy "ask": what may be replaced
    rehearsal: bool = False  # say what would be done, and do nothing
    compression: Name = "no"  # of lane 0: "no", "near", "far" or "always" (rsh/files/stream/compression.py)
    archive: bool = False  # owner, group and extended attributes come along


class Get(Struct, tag=4, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Sends files from over there: the server sends the record stream. Patterns are expanded."""

    paths: Paths
    directory: Path = b""
    rules: Rules = ()  # what is left out, as in a .gitignore
    rehearsal: bool = False  # announce files without their content
    limit: Rate = 0
    compression: Name = "no"  # as for Put
    archive: bool = False  # send owner, group and extended attributes
    follow: bool = False  # send what symlinks point to


class Read(Struct, tag=5, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Gives the content of files one after the other in lane 0; Digest and Failure records in lane 1."""

    paths: Paths
    directory: Path = b""
    limit: Rate = 0  # bytes a second


class Write(Struct, tag=6, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Takes lane 0 as the content of one file and a Finish record in lane 1, then puts it in place, whole.

    Answers with a Summary or a Failure record in lane 0.
    """

    path: Path
    directory: Path = b""
    expected: FileDigest | None = None  # the file must still have this XXH3-128, "" not be there; else ECONFLICT


class Remove(Struct, tag=7, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Removes files, with `recursive` whole trees. Answers with Failure records, one for each that stays."""

    paths: Paths
    directory: Path = b""
    recursive: bool = False
    force: bool = False  # what is not there is no failure


class MakeDirectory(Struct, tag=8, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Makes directories, with `parents` those above as well and existing ones are no failure."""

    paths: Paths
    directory: Path = b""
    parents: bool = False


class Move(Struct, tag=9, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Renames, or moves into a directory, as mv(1)."""

    sources: Paths
    target: Path
    directory: Path = b""


class Sum(Struct, tag=10, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Gives digests of files as Digest records."""

    paths: Paths
    directory: Path = b""
    algorithm: Name = "xxh128"


class Usage(Struct, tag=11, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Gives how full the file systems of some paths are, of none all, as Space records (df)."""

    paths: Paths
    directory: Path = b""


class About(Struct, tag=12, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks what machine this is: a Machine record, then a Space record for each file system."""


class Complete(Struct, tag=13, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks how a word that is being typed could go on: Candidate records."""

    # "command", "variable", "value" of that, "path", "directory"; or "argument", and word is a command up to the cursor
    kind: Name
    word: Path
    directory: Path = b""
    shell: Name = ""  # id of the living shell whose line it is


class Shell(Struct, tag=14, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Starts a living shell on a terminal.

    Lane 0: what is typed, and the terminal's output. Lane 1: Line, Seen and Hangup records up; down an Attached
    record and then Ready, Echo, Jobs, Started, Taken, Gap and Notice records. The shell lives on when the channel ends.
    """

    terminal: Terminal
    directory: Path = b""
    environment: dict[bytes, bytes] = {}
    id: ShellId = ""  # chosen by the client: asked for twice, it is started once; "": by the server
    name: ShellName = ""
    token: Token = b""  # of the client, to go on by; b"": it will not


class Shells(Struct, tag=15, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks what living shells there are: ShellEntry records, the oldest first."""


class Attach(Struct, tag=16, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Joins a living shell. Lanes as those of Shell."""

    shell: Name  # its id or name; "" for the one that was left last
    terminal: Terminal
    token: Token = b""
    offset: Count = 0  # of the first byte of output that is wanted,
    tail: Count | None = None  # but not more of it than this; None: all that is kept
    seen: Count | None = None  # sequence of the last Ready that came; None: the last one there is will do
    read_only: bool = False
    steal: bool = False  # whoever is attached has to go
    redraw: bool = False  # have the program that runs draw its screen anew


class EndShell(Struct, tag=17, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Ends a living shell as a terminal that goes away does. The channel is closed once it has ended."""

    shell: Name  # its id or name


class Batch(Struct, tag=18, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Starts a shell without a terminal that runs lines one after the other; each has /dev/null as its stdin.

    Lane 0 down: what they print. Lane 1: BatchLine records up; down LineEnd records, and between them, as content,
    what is written to stderr. The shell ends with its channel.
    """

    directory: Path = b""
    environment: dict[bytes, bytes] = {}


class Survey(Struct, tag=25, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Asks how much a Get of the same paths would send: Total records, the complete one last."""

    paths: Paths
    directory: Path = b""
    rules: Rules = ()
    follow: bool = False


class Copy(Struct, tag=30, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Copies over there, as cp(1); trees whole. Answers with Failure records, one for each that was not copied."""

    sources: Paths
    target: Path
    directory: Path = b""


class Link(Struct, tag=31, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Makes links, as ln(1); the sources of symbolic ones are the text that they hold."""

    sources: Paths
    target: Path
    directory: Path = b""
    symbolic: bool = False
    force: bool = False  # what has the name is replaced


class SetMode(Struct, tag=32, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Changes permissions, as chmod(1)."""

    paths: Paths
    mode: Name  # octal, or clauses as u+x,g-w
    directory: Path = b""
    recursive: bool = False


class SetOwner(Struct, tag=33, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Changes owner and group, as chown(1)."""

    paths: Paths
    owner: Name  # name or number; "" leaves it
    group: Name
    directory: Path = b""
    recursive: bool = False


class Find(Struct, tag=34, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Looks through trees: Entry and Failure records. No symlink is followed."""

    paths: Paths
    directory: Path = b""
    names: Rules = ()  # patterns, one of which the last component matches
    kind: Name = ""  # "f", "d", "l", "p" or "s"; "" for any
    depth: Annotated[int, Meta(ge=0)] | None = None  # levels below what was named
    least: Annotated[int, Meta(ge=0)] = 0  # bytes
    most: Annotated[int, Meta(ge=0)] | None = None
    newer_ns: int | None = None  # changed behind that, in nanoseconds since 1970
    older_ns: int | None = None


class Measure(Struct, tag=35, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Tells how much paths hold with all below them: Total and Failure records (du)."""

    paths: Paths
    directory: Path = b""


class Detach(Struct, tag=20, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Starts a command that belongs to nobody's session, or finds the one that has this id. Answers with a Job record.

    Its stdin is empty, its output is kept.
    """

    id: JobId  # chosen by the client: asked for twice, it is started once
    arguments: tuple[bytes, ...]
    shell: bool  # arguments[0] is a line for the account's shell
    directory: Path = b""
    environment: dict[bytes, bytes] = {}
    timeout: float = 0.0  # seconds until it is ended; 0 for never


class Jobs(Struct, tag=21, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Tells how detached commands stand, of no ids all: Job records, the oldest first."""

    ids: Annotated[tuple[JobId, ...], Meta(max_length=1024)] = ()


class Logs(Struct, tag=22, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Gives what a detached command has written: Output records with content, and at the end a Job record."""

    id: JobId
    follow: bool = False  # and what it writes until it ends
    position: Count = 0  # of the first byte that is wanted, both streams counted together


class Wait(Struct, tag=23, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Answers with a Job record once a detached command has ended."""

    id: JobId


class Cancel(Struct, tag=24, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Ends a detached command and all that it started: TERM, then KILL. Answers with a Job record once it has ended."""

    id: JobId
    grace: float = 5.0  # seconds between the two


class Sync(Struct, tag=26, array_like=True, frozen=True, forbid_unknown_fields=True):
    """Makes a directory like another one, the target like the source.

    Lane 0: the record stream of the source, and what the target answers. Lane 1: the manifest of the target.
    """

    path: Path  # the directory over there
    upward: bool  # it is the target
    directory: Path = b""
    rules: Rules = ()
    checksum: bool = False
    delete: bool = False
    rehearsal: bool = False
    itemize: bool = False
    durability: Name = "auto"
    limit: Rate = 0
    compression: Name = "no"
    archive: bool = False
    delete_all: bool = False


Request: TypeAlias = (
    Exec
    | List
    | Put
    | Get
    | Read
    | Write
    | Remove
    | MakeDirectory
    | Move
    | Sum
    | Usage
    | About
    | Complete
    | Shell
    | Batch
    | Survey
    | Sync
    | Copy
    | Link
    | SetMode
    | SetOwner
    | Find
    | Measure
    | Detach
    | Jobs
    | Logs
    | Wait
    | Cancel
    | Shells
    | Attach
    | EndShell
)
