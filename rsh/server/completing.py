"""The complete service: how a word that is being typed over there could go on."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Iterator, Mapping
from itertools import islice

from rsh.errors import Code, Refused
from rsh.files.stream.stream import write_records
from rsh.protocol.answer_records import Candidate
from rsh.protocol.requests import Complete
from rsh.server import inquiry, shells
from rsh.server.account import Account, Grant
from rsh.session.channel import Channel

# More than anybody reads.
MAX_CANDIDATES = 2000

# The longest candidate that is passed on, in bytes.
MAX_TEXT = 4096

# What a shell's answers are told to be.
ABOUT = {b"a": "alias", b"b": "builtin", b"f": "function", b"k": "keyword"}

# Stands among answers that are to stay in their order.
ORDERED = b"o"

# What bash knows without a PATH, as its `compgen -b -k` lists it.
SHELL_WORDS = (
    b"alias bg bind break builtin caller cd command compgen complete compopt continue declare dirs disown echo enable "
    b"eval exec exit export false fc fg getopts hash help history jobs kill let local logout mapfile popd printf pushd "
    b"pwd read readarray readonly return set shift shopt source suspend test times trap true type typeset ulimit umask "
    b"unalias unset wait if then else elif fi case esac for select while until do done in function time"
).split()


def complete(
    channel: Channel, request: Complete, account: Account, grant: Grant, environment: Mapping[bytes, bytes]
) -> None:
    """Answer one Complete request."""
    directory = os.path.join(account.home, request.directory)
    if request.kind in ("path", "directory"):
        found = paths(request.word, directory, account.home, confined=bool(grant.path))
        candidates = found if request.kind == "path" else (each for each in found if each.directory)
    elif request.kind in ("command", "variable", "value", "argument"):
        grant.require_shell()
        candidates = _from_shell(request, environment, directory, account.home)
    else:
        raise Refused(Code.UNSUPPORTED, "no completion of that kind")
    channel.accept()
    write_records(channel, islice(candidates, MAX_CANDIDATES))
    channel.close()


def _from_shell(
    request: Complete, environment: Mapping[bytes, bytes], directory: bytes, home: bytes
) -> Iterator[Candidate]:
    """Have the living shell answer. While it runs a line, or where no bash is, commands are those of our PATH."""
    answers: list[bytes] | None = None
    if request.shell:
        try:
            answers = inquiry.complete(shells.find(request.shell), request.kind, request.word)
        except Refused:
            pass  # It has just ended.
    if answers:
        yield from candidates_of(answers, directory, home)
    elif request.kind == "command":
        yield from commands(request.word, environment.get(b"PATH", b"/usr/bin:/bin"))


def candidates_of(answers: list[bytes], directory: bytes = b"", home: bytes = b"/") -> Iterator[Candidate]:
    """Read what a shell has answered (rsh/holder/bash/complete), by name unless it has an order of its own.

    Of two with one name the first one counts.
    """
    known = set()
    for answer in answers if ORDERED in answers else sorted(answers, key=lambda answer: answer[1:]):
        letter, text = answer[:1], answer[1:]
        if answer == ORDERED or text in known or len(text) > MAX_TEXT:
            continue
        known.add(text)
        place = os.path.join(directory, _expanded(text, home))
        file = letter in (b"d", b"p")
        link = file and os.path.islink(place)
        user = file and text.startswith(b"~") and b"/" not in text and place != os.path.join(directory, text)
        about = "user" if user else ABOUT.get(letter, "")
        yield Candidate(text, user or letter == b"d", about, letter in (b"w", b"W"), letter == b"W", link)


def paths(word: bytes, directory: bytes, home: bytes, *, confined: bool = False) -> Iterator[Candidate]:
    """Give the files whose names begin with a word; hidden ones only after a dot.

    Args:
        confined: tell nothing about accounts, nor about what symlinks point to.
    """
    folder, slash, beginning = word.rpartition(b"/")
    if word.startswith(b"~") and not slash and not confined:
        yield from users(word[1:])
    shown = folder + slash
    place = _expanded(folder + slash, home) if slash else b""
    try:
        with os.scandir(os.path.join(directory, place) or b".") as entries:
            names = sorted((e for e in entries if e.name.startswith(beginning)), key=lambda e: e.name)
    except OSError:
        return
    for entry in names:
        if not entry.name.startswith(b".") or beginning.startswith(b"."):
            yield Candidate(shown + entry.name, _is_directory(entry, follow=not confined), link=entry.is_symlink())


def users(beginning: bytes) -> Iterator[Candidate]:
    """Give the accounts of this machine, as what stands for their homes."""
    for name in sorted({os.fsencode(entry.pw_name) for entry in pwd.getpwall()}):
        if name.startswith(beginning):
            yield Candidate(b"~" + name, True, "user")


def commands(word: bytes, search_path: bytes) -> Iterator[Candidate]:
    """Give the programs and words of the shell that begin with a word."""
    found = {name for name in SHELL_WORDS if name.startswith(word)}
    for folder in search_path.split(b":"):
        try:
            with os.scandir(folder or b".") as entries:
                found |= {entry.name for entry in entries if entry.name.startswith(word) and _is_program(entry)}
        except OSError:
            continue
    for name in sorted(found):
        yield Candidate(name)


def _expanded(folder: bytes, home: bytes) -> bytes:
    if folder.startswith(b"~/"):
        return home + folder[1:]
    return os.path.expanduser(folder) if folder.startswith(b"~") else folder


def _is_directory(entry: os.DirEntry[bytes], *, follow: bool) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:
        return False


def _is_program(entry: os.DirEntry[bytes]) -> bool:
    try:
        mode = entry.stat().st_mode
    except OSError:
        return False
    return stat.S_ISREG(mode) and bool(mode & 0o111)
