"""Names that completion finds in tests, and what it makes of a line with them."""

from __future__ import annotations

from collections.abc import Iterable

from rsh.client.editor.completion import complete
from rsh.client.editor.name import Name

HERE = [Name("local.txt"), Name("src", True), Name("my file"), Name("it's"), Name("~odd"), Name("a\nb"), Name("\udcff")]
THERE = [Name("remote.txt"), Name("log", True), Name("logs", True), Name("lo g"), Name("~/notes x"), Name("~/\x1b[m")]
BELOW = [Name("log/main"), Name("log/many", True)]
LINKS = [Name("lnk", link=True), Name("lnkd", True, link=True), Name("~ann", True, "user")]


class FixedNames:
    """Names that are always the same."""

    late = cut = False
    line = ""

    def here(self, word: str) -> Iterable[Name]:
        return [name for name in HERE if name.text.startswith(word)]

    def there(self, word: str) -> Iterable[Name]:
        known = BELOW if "log/" in word else THERE + LINKS
        return [name for name in known if name.text.startswith(word)]

    def folders_there(self, word: str) -> Iterable[Name]:
        return [name for name in self.there(word) if name.directory]

    def programs_here(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("less", "local-tool") if name.startswith(word)]

    def programs_there(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("ls", "less", "grep", "cd", "make", "put") if name.startswith(word)]

    def variables_there(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("HOME", "HOSTNAME", "x\x1b") if name.startswith(word)]

    def value_there(self, name: str) -> str | None:
        return {"LOG": "log", "TOP": "", "HERE": "~", "A_B": "lo g"}.get(name)

    def transfers(self, word: str) -> Iterable[Name]:
        return [Name(number) for number in ("1", "12") if number.startswith(word)]

    def shells_there(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("work", "world") if name.startswith(word)]

    def arguments_there(self, line: str) -> Iterable[Name] | None:
        known = {
            "git ch": [Name("checkout", raw=True), Name("cherry=", raw=True, goes_on=True), Name("ch\x1b", raw=True)],
            "git add lo": [Name("log", True), Name("lo g")],
            "git rm lo": [Name("log", True), Name("log/.hidden", True), Name("lo g")],
            "git rm .": [Name(".config")],
        }
        return None if line.startswith("late ") else known.get(line, [])


def completed(text: str) -> list[str]:
    """Give the lines that completion can make of a text."""
    return [text[: each.start] + each.text for each in complete(text, FixedNames())]
