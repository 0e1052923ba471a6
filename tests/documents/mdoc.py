"""Reads our manual pages: what stands in which section, as far as the tests ask."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "man/rsh.1", ROOT / "man/rsh-server.8", ROOT / "man/rsh-protocol.7")
_FLAG = re.compile(r"\bFl ((?:Fl )?)(\S+)")


def lines_of(page: str) -> list[str]:
    """Give the source lines of a page, such as "rsh.1"."""
    return (ROOT / "man" / page).read_text(encoding="utf-8").splitlines()


def sections(lines: list[str], macro: str = ".Sh ") -> dict[str, list[str]]:
    """Part lines at headings: the lines under each."""
    found: dict[str, list[str]] = {"": []}
    current = found[""]
    for line in lines:
        if line.startswith(macro):
            current = found.setdefault(line.removeprefix(macro), [])
        else:
            current.append(line)
    return found


def section(page: str, title: str) -> list[str]:
    """Give the lines of one section."""
    return sections(lines_of(page))[title]


def flags(lines: list[str]) -> set[str]:
    """Give the options that have an item of their own."""
    items = [line for line in lines if line.startswith(".It ") and " Fl " in line.partition(" ")[0] + line[3:]]
    return {("--" if long else "-") + name for line in items for long, name in _FLAG.findall(line)}


def cells(line: str) -> list[str]:
    """Give the plain text of the columns of an item."""
    return [plain(cell) for cell in line.removeprefix(".It ").split(" Ta ")]


def rows(lines: list[str]) -> list[list[str]]:
    """Give the items of the tables in some lines, column by column."""
    return [cells(line) for line in lines if line.startswith(".It ") and " Ta " in line]


def plain(text: str) -> str:
    """Take macros and escapes out of a piece of a line."""
    text = re.sub(r"\b(?:Dv|Va|Em|Er|Sy|Li) ", "", text)
    return text.replace("\\&", "").replace("\\(dq", '"').replace("\\-", "-").replace("\\e", "\\").strip()


def lint() -> list[str]:
    """Give what mandoc has to say about our pages.

    Whether a page that is referred to is installed it can only ask this machine, so that is left out.
    """
    done = subprocess.run(["mandoc", "-Tlint", *PAGES], capture_output=True, text=True)
    said = (done.stdout + done.stderr).splitlines()
    return [line for line in said if "referenced manual not found" not in line and "outdated mandoc.db" not in line]


def references() -> set[str]:
    """Give the pages that ours refer to, such as "ssh.1"."""
    text = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
    return {f"{name}.{number}" for name, number in re.findall(r"^\.(?:It )?Xr (\S+) (\d)", text, re.MULTILINE)}
