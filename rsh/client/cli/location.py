"""Reads HOST:PATH as scp and rsync users write it, and takes the one host out of a command's paths.

A name of this machine that holds a colon needs `./` in front, as with scp.
"""

from __future__ import annotations

import socket
from typing import Any

from msgspec import Struct

from rsh.client.cli.options import Options
from rsh.client.cli.table import Argument, Command
from rsh.errors import UsageError


class Location(Struct, frozen=True):
    """A path over there, and where that is."""

    host: str
    path: str


def parse_location(text: str) -> Location | None:
    """Part `[user@]host[:port]:path`; None for a path of this machine.

    `host:path`, `[v6]:path`, `unix:/socket:path`; `host:8000:path` when all before the second colon are digits.
    """
    if text.startswith("unix:"):
        socket_path, colon, path = text[5:].partition(":")
        return Location("unix:" + socket_path, path) if colon else None
    user, at, rest = text.rpartition("@") if "@" in text.partition(":")[0].partition("/")[0] else ("", "", text)
    parts = _split_bracketed(rest) if rest.startswith("[") else _split_plain(rest)
    if parts is None:
        return None
    host, path = parts
    if not host:
        raise UsageError(f"'{text}' names no host", advice="an IPv6 address stands in brackets, a file here as ./NAME")
    port, colon, after = path.partition(":")
    if colon and port.isascii() and port.isdigit():
        host, path = f"{host}:{port}", after
    return Location(user + at + host, path)


def parse_host(text: str) -> Location:
    """Read an argument that must name a host: HOST or HOST:PATH.

    `host:8000` is a port here, as wherever a host is named; the file of that name is `host:./8000`.
    """
    if _is_bare_v6(text) or _ends_in_port(text):
        return Location(text, "")
    found = parse_location(text)
    if found is not None:
        return found
    if "/" in text and not text.startswith("unix:"):
        raise UsageError(f"'{text}' names no host", advice=f"write HOST:{text}")
    return Location(text, "")


def _must_locate(text: str) -> Location:
    found = parse_location(text)
    if found is None:
        raise UsageError(f"'{text}' names no host", advice=f"write HOST:{text}")
    return found


def locate(command: Command, options: Options) -> str | None:
    """Take the host out of all remote paths of a command and leave bare paths in their place.

    Returns:
        the host, None for a command that calls nobody.
    Raises:
        UsageError: paths on two hosts, or on none, or on the wrong side of a copy.
    """
    if command.name == "sync":
        return _locate_sync(options)
    hosts: list[str] = [options.host] if getattr(options, "host", None) else []
    for argument in command.arguments:
        value = vars(options).get(argument.name)
        if argument.last is not None:
            setattr(options, argument.name, _locate_copy(argument, value, options, hosts))
        elif argument.kind.startswith("remote") and not hosts_alone(command) and value:
            reader = parse_host if argument.optional else _must_locate
            places = [reader(text) for text in (value if argument.many else [value])]
            hosts += [place.host for place in places]
            paths = [place.path or "." for place in places]
            setattr(options, argument.name, paths if argument.many else paths[0])
    if len(set(hosts)) > 1:
        raise UsageError(f"paths on two hosts: {hosts[0]} and {next(host for host in hosts if host != hosts[0])}")
    if not hosts and any(argument.kind.startswith("remote") for argument in command.arguments):
        raise UsageError("missing HOST", advice=f"try 'rsh {command.name} --help'")
    return hosts[0] if hosts else None


def sides_at_the_prompt(source: str, target: str) -> tuple[str, str, bool]:
    """Read SRC and DST of a sync at the prompt, where a path over there has a colon in front.

    Returns:
        both without it, and whether the source is over there.
    """
    if source.startswith(":") == target.startswith(":"):
        raise UsageError("one side is here and one over there", advice="write a path over there with a colon: :PATH")
    fetch = source.startswith(":")
    return (source[1:] or ".", target, True) if fetch else (source, target[1:] or ".", False)


def _locate_sync(options: Options) -> str:
    """Take the host out of SRC or DST of a sync, and keep in `fetch` which it was."""
    here, there = parse_location(options.source), parse_location(options.destination)
    if (here is None) == (there is None):
        raise UsageError("one side is here and one over there", advice="write HOST:PATH for one of SRC and DST")
    values = vars(options)
    values["fetch"] = here is not None
    if here is not None:
        values["source"] = here.path or "."
        return here.host
    assert there is not None
    values["destination"] = there.path or "."
    return there.host


def hosts_alone(command: Command) -> bool:
    """Say whether a command names its host as an argument of its own, so that its paths are bare (exec -C DIR)."""
    return any(argument.kind == "host" for argument in command.arguments)


def _locate_copy(argument: Argument, texts: Any, options: Options, hosts: list[str]) -> list[str]:
    """Check the sides of `put SRC... HOST:DST` or `get HOST:SRC... DST` and strip the host."""
    places = [None if text == "-" else parse_location(text) for text in texts]
    getting = argument.kind == "remote"
    with_target = options.target is None and (len(texts) > 1 or not getting)
    for index, (text, place) in enumerate(zip(texts, places, strict=True)):
        is_target = with_target and index == len(texts) - 1
        if (place is not None) != (getting != is_target):
            raise _wrong_side(text, getting, is_target)
    hosts += [place.host for place in places if place is not None]
    return [text if place is None else place.path or "." for text, place in zip(texts, places, strict=True)]


def _wrong_side(text: str, getting: bool, is_target: bool) -> UsageError:
    if getting and is_target:
        return UsageError(f"'{text}' is not here", advice="get copies to this machine; a name with a colon is ./NAME")
    if getting:
        return UsageError(f"'{text}' names no host", advice=f"get copies from over there: write HOST:{text}")
    if is_target:
        return UsageError(f"'{text}' names no host", advice=f"put copies over there: write {text}: or HOST:{text}")
    return UsageError(f"'{text}' is not here", advice="put copies from this machine; a name with a colon is ./NAME")


def _split_bracketed(text: str) -> tuple[str, str] | None:
    inside, _, after = text.partition("]")
    return (inside + "]", after[1:]) if after.startswith(":") else None


def _split_plain(text: str) -> tuple[str, str] | None:
    host, colon, path = text.partition(":")
    return (host, path) if colon and "/" not in host else None


def _ends_in_port(text: str) -> bool:
    host, _, port = text.rpartition(":")
    plain = ":" not in host or host.endswith("]")
    return bool(host) and plain and host != "unix" and port.isascii() and port.isdigit() and "/" not in host


def _is_bare_v6(text: str) -> bool:
    try:
        socket.inet_pton(socket.AF_INET6, text.rpartition("@")[2].partition("%")[0])
    except OSError:
        return False
    return True
