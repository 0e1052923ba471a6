"""A name that a word of a line may become."""

from __future__ import annotations

from typing import Final

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
