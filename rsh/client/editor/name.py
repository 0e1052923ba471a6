"""A name that a word of a line may become, and where such names come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Protocol

from msgspec import Struct

# What the name of an account is told to be.
USER: Final = "user"


class Name(Struct, frozen=True):
    """A file, a command, a variable; text as os.fsdecode gives it. The whole word, not only what is missing.

    Attributes:
        raw: it is to stand in the line as it is. goes_on: no blank follows. link: it is a symbolic one.
    """

    text: str
    directory: bool = False
    about: str = ""
    raw: bool = False
    goes_on: bool = False
    link: bool = False

    @property
    def user(self) -> bool:
        """Whether it stands for somebody's home."""
        return self.about == USER and self.text.startswith("~")


class Names(Protocol):
    """Where names come from. Every method gives those that fit the word, and may answer with none.

    Attributes:
        late: since this was last set to False, a question to the other side was not answered in time.
        line: what names were asked for last: the line up to the cursor.
        cut: since this was last set to False, an answer held as many names as one can: there may be more.
    """

    late: bool
    line: str
    cut: bool

    def here(self, word: str) -> Iterable[Name]:
        """Give paths of this machine."""

    def there(self, word: str) -> Iterable[Name]:
        """Give paths over there, from the shell's working directory."""

    def folders_there(self, word: str) -> Iterable[Name]:
        """Give directories over there."""

    def programs_here(self, word: str) -> Iterable[Name]:
        """Give commands of this machine."""

    def programs_there(self, word: str) -> Iterable[Name]:
        """Give commands over there."""

    def variables_there(self, word: str) -> Iterable[Name]:
        """Give variables of the shell over there."""

    def value_there(self, name: str) -> str | None:
        """Give the value of a variable of the shell over there; None when it has none, or nobody knows."""

    def transfers(self, word: str) -> Iterable[Name]:
        """Give the numbers of the transfers in the background."""

    def shells_there(self, word: str) -> Iterable[Name]:
        """Give the living shells over there, by name or id."""

    def arguments_there(self, line: str) -> Iterable[Name] | None:
        """Give words that may end a command, by what the shell over there knows of its arguments.

        None: it has not answered in time.
        """
