"""Keys with `path=`: file requests only, beneath one directory only.

There are two walls. The paths of a request are looked at before anything is done with them, and one that leads outside
is refused, which gives clear errors. Then the kernel holds the thread that serves the request (landlock.py): a path
that led inside when it was looked at and leads outside a moment later opens, makes, renames and removes nothing. What
the kernel does not watch, changes by path of mode and owner and looks through symlinks, such keys may not ask for.
"""

from __future__ import annotations

import glob
import os
from functools import cache
from importlib import import_module
from typing import Final

import msgspec

from rsh.errors import Code, Refused
from rsh.files.disk import globs, identity
from rsh.files.disk.names import has_magic, is_component, join
from rsh.files.transfer import placing
from rsh.files.upkeep import operations
from rsh.protocol import requests
from rsh.server import landlock
from rsh.server.account import Grant

# Requests that name files as patterns. Only List looks through a symlink that is named, to a directory.
_PATTERNS: Final = requests.List | requests.Get | requests.Survey | requests.Find | requests.Measure | requests.Remove
# Requests that name files as patterns and read what a symlink points to.
_FOLLOWING: Final = requests.Read | requests.Sum
# Requests that move or copy what patterns name.
_SOURCES: Final = requests.Move | requests.Copy

_SERVED: Final = (
    _PATTERNS
    | _FOLLOWING
    | _SOURCES
    | requests.Put
    | requests.Write
    | requests.MakeDirectory
    | requests.Link
    | requests.Sync
    | requests.Complete
)
# What the kernel could not hold back.
_CHANGING: Final = requests.SetMode | requests.SetOwner
# What tells about the whole machine.
_TELLING: Final = requests.Usage | requests.About


def home_of(grant: Grant) -> bytes:
    """Give the directory that a key is kept in.

    Raises:
        Refused: it is not there, or nothing here could keep the key in it.
    """
    if not landlock.version():
        raise Refused(
            Code.FORBIDDEN, "this key is limited to a directory, and the kernel here has no Landlock to do so"
        )
    home = os.path.realpath(os.fsencode(grant.path))
    if not os.path.isdir(home):
        raise Refused(Code.FORBIDDEN, "the directory that this key is limited to is not there")
    return home


def confine(request: requests.Request, grant: Grant) -> requests.Request:
    """Confine the calling thread to the directory of a key, for good; give the request with its paths expanded.

    Raises:
        Refused: the key may not ask for that.
    """
    if isinstance(request, _CHANGING):
        raise Refused(Code.FORBIDDEN, "this key may not change permissions and owners")
    if isinstance(request, _TELLING):
        raise Refused(Code.FORBIDDEN, "this key may not ask about the machine")
    if not isinstance(request, _SERVED):
        grant.require_shell()
    if getattr(request, "follow", False):
        raise Refused(Code.FORBIDDEN, "this key may not look through symbolic links")
    home = home_of(grant)
    prepare()
    try:
        landlock.restrict(home, writable=not grant.read_only)
    except OSError as error:
        raise Refused(Code.FORBIDDEN, f"this key cannot be limited to its directory: {error.strerror}") from error
    return _Paths(home).checked(request)


class _Paths:
    """What paths of requests mean for a key with that home."""

    def __init__(self, home: bytes) -> None:
        self._home = home
        self._directory = home  # of the request at hand

    def checked(self, request: requests.Request) -> requests.Request:
        """Expand the paths of a request. Raises Refused for one that leads outside."""
        self._directory = join(self._home, self._plain(getattr(request, "directory", b"")))
        changes: dict[str, bytes | tuple[bytes, ...]] = {"directory": self._directory}
        for name in ("path", "target"):
            if hasattr(request, name):
                changes[name] = self._plain(getattr(request, name))
        if isinstance(request, _PATTERNS | _FOLLOWING):
            opens = isinstance(request, _FOLLOWING) or (isinstance(request, requests.List) and not request.itself)
            changes["paths"] = self._expanded(request.paths, follow=opens)
        elif isinstance(request, _SOURCES):
            changes["sources"] = self._expanded(request.sources, follow=False)
        elif isinstance(request, requests.MakeDirectory):
            changes["paths"] = tuple(self._plain(path) for path in request.paths)
        elif isinstance(request, requests.Link) and not request.symbolic:
            changes["sources"] = tuple(self._plain(path, follow=False) for path in request.sources)
        elif isinstance(request, requests.Complete):
            self._plain(request.word[: request.word.rfind(b"/") + 1])
        return msgspec.structs.replace(request, **changes)

    def _expanded(self, patterns: tuple[bytes, ...], *, follow: bool) -> tuple[bytes, ...]:
        """Expand patterns to what is inside.

        A pattern without a match must look the same as one that matches something outside, lest it tells what is there;
        and nobody who expands it again may find that.
        """
        paths: list[bytes] = []
        for pattern in patterns:
            plain = self._plain(pattern, follow=follow)
            if not has_magic(plain):
                paths.append(plain)
                continue
            found = globs.expand([plain], directory=self._directory)
            inside = [path for path in found if path != plain and self._is_inside(path, follow=follow)]
            paths += inside or [plain if os.path.lexists(join(self._directory, plain)) else glob.escape(plain)]
        return tuple(paths)

    def _plain(self, path: bytes, *, follow: bool = True) -> bytes:
        """Expand `~`. Raises Refused for a path that leads outside."""
        shown = path
        if path == b"~" or path.startswith(b"~/"):
            path = self._home + path[1:]
        if path.startswith(b"~") or not self._is_inside(path, follow=follow):
            name = shown[:300].decode("utf-8", "backslashreplace")
            raise Refused(Code.FORBIDDEN, f"{name}: outside of the directory that this key is limited to")
        return path

    def _is_inside(self, path: bytes, *, follow: bool) -> bool:
        where = join(self._directory, path)
        above, _, name = where.rpartition(b"/")
        try:
            real = os.path.realpath(where) if follow or not is_component(name) else join(os.path.realpath(above), name)
        except OSError:
            return False  # It changed under our eyes, or is no path at all.
        return real == self._home or real.startswith(self._home.rstrip(b"/") + b"/")


@cache
def prepare() -> None:
    """Load and open what serving files needs from outside of the directory, while we still can."""
    import pathspec

    for name in ("fnmatch", "grp", "hashlib", "pwd", "shutil", "xxhash", "zstandard"):
        import_module(name)
    pathspec.GitIgnoreSpec.from_lines(["*"]).match_file("x")
    operations.umask()
    identity.identity(os.stat("/"))
    placing.own_descriptors()
