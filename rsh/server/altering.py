"""The file services that come without content: copies and links over there, permissions, searches."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rsh.errors import Code, Refused
from rsh.files.disk.globs import expand, expand_home, matcher
from rsh.files.upkeep import attributes, copying, searching
from rsh.protocol import requests
from rsh.protocol.any_record import Record


def altered(request: requests.Request, directory: bytes, wanted: Callable[[], bool]) -> Iterable[Record]:
    """Carry out a request; give the records of its answer as it goes.

    Args:
        wanted: whether the client still waits.

    Raises:
        UsageError: it asks for what does not exist. Refused: nobody serves such a request.
    """
    if isinstance(request, requests.Copy):
        sources = expand(request.sources, directory=directory)
        return copying.copy(sources, expand_home(request.target), directory=directory, wanted=wanted)
    if isinstance(request, requests.Link):
        return _link(request, directory)
    if isinstance(request, requests.SetMode):
        paths = expand(request.paths, directory=directory)
        return attributes.set_modes(paths, request.mode, directory=directory, recursive=request.recursive)
    if isinstance(request, requests.SetOwner):
        paths = expand(request.paths, directory=directory)
        owner, group = request.owner, request.group
        return attributes.set_owners(paths, owner, group, directory=directory, recursive=request.recursive)
    if isinstance(request, requests.Find):
        paths = expand(request.paths, directory=directory)
        return searching.search(paths, _wish(request), directory=directory, wanted=wanted)
    if isinstance(request, requests.Measure):
        return searching.measure(expand(request.paths, directory=directory), directory=directory, wanted=wanted)
    raise Refused(Code.UNSUPPORTED, f"{type(request).__name__} is not served here")


def _link(request: requests.Link, directory: bytes) -> Iterable[Record]:
    return attributes.link(
        [expand_home(source) for source in request.sources],
        expand_home(request.target),
        directory=directory,
        symbolic=request.symbolic,
        force=request.force,
    )


def _wish(request: requests.Find) -> searching.Wish:
    return searching.Wish(
        names=tuple(map(matcher, request.names)),
        kind=request.kind,
        depth=request.depth,
        least=request.least,
        most=request.most,
        newer_ns=request.newer_ns,
        older_ns=request.older_ns,
    )
