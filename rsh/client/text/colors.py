"""Whether to colour, and how ls colours names: LS_COLORS as GNU ls reads it, its own defaults without."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from typing import Final

# dircolors(1) without a file: blue directories, cyan links, green programs, and so on.
_DEFAULTS: Final = {
    "di": "01;34",
    "ln": "01;36",
    "pi": "33",
    "so": "01;35",
    "bd": "01;33",
    "cd": "01;33",
    "su": "37;41",
    "sg": "30;43",
    "tw": "30;42",
    "ow": "34;42",
    "st": "37;44",
    "ex": "01;32",
}
_BY_TYPE: Final = {
    stat.S_IFLNK: "ln",
    stat.S_IFIFO: "pi",
    stat.S_IFSOCK: "so",
    stat.S_IFBLK: "bd",
    stat.S_IFCHR: "cd",
}


def wants_color(choice: str, *, terminal: bool, environment: Mapping[str, str] = os.environ) -> bool:
    """Decide whether to colour.

    Args:
        choice: --color: "always" and "never" win over all else.
        terminal: whether the output is one. NO_COLOR, CLICOLOR_FORCE or FORCE_COLOR, CLICOLOR=0 and TERM=dumb are
            asked before it, in this order (no-color.org, bixense.com/clicolors).
    """
    if choice != "auto":
        return choice == "always"
    if environment.get("NO_COLOR"):
        return False
    if any(environment.get(name, "0") not in ("", "0") for name in ("CLICOLOR_FORCE", "FORCE_COLOR")):
        return True
    if environment.get("CLICOLOR") == "0" or environment.get("TERM", "") in ("", "dumb", "unknown"):
        return False
    return terminal


class NameColors:
    """Colours names by what they are."""

    def __init__(self, ls_colors: str = "") -> None:
        """Read LS_COLORS; what is malformed in it is left out."""
        self._codes = dict(_DEFAULTS)
        self._endings: dict[str, str] = {}  # "*.gz" as ".gz"
        for entry in ls_colors.split(":"):
            key, _, code = entry.partition("=")
            if not code or not set(code) <= set("0123456789;"):
                continue
            if key.startswith("*"):
                self._endings[key[1:].lower()] = code
            else:
                self._codes[key] = code

    def paint(self, text: str, mode: int, name: str) -> str:
        """Put the colour of a file of this st_mode and name round `text`."""
        code = self._code(mode, name)
        return f"\x1b[{code}m{text}\x1b[0m" if code.strip("0;") else text

    def _code(self, mode: int, name: str) -> str:
        if stat.S_ISDIR(mode):
            return self._codes.get(_directory_key(mode), "")
        if not stat.S_ISREG(mode):
            return self._codes.get(_BY_TYPE.get(stat.S_IFMT(mode), ""), "")
        for bits, key in ((stat.S_ISUID, "su"), (stat.S_ISGID, "sg"), (0o111, "ex")):
            if mode & bits:
                return self._codes.get(key, "")
        return self._by_ending(name) if self._endings else self._codes.get("fi", "")

    def _by_ending(self, name: str) -> str:
        lower = name.lower()
        for index in [index for index, letter in enumerate(lower) if letter in ".~#"]:
            if lower[index:] in self._endings:
                return self._endings[lower[index:]]
        return self._codes.get("fi", "")


def _directory_key(mode: int) -> str:
    sticky, open_to_all = mode & stat.S_ISVTX, mode & stat.S_IWOTH
    if sticky and open_to_all:
        return "tw"
    if open_to_all:
        return "ow"
    return "st" if sticky else "di"
