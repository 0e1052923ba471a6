"""Completes a word in whose middle the cursor stands, as zsh does, and readline with skip-completed-text.

What stands behind the cursor stays. A name that ends with that counts before all others.
"""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from rsh.client.editor.place import Completion

# The rest of a word: up to what ends one.
_REST: Final = re.compile(r"[^\s;&|<>()]*")


def within(found: list[Completion], typed: int, behind: str) -> list[Completion]:
    """Fit what was found to what stands behind the cursor.

    Args:
        typed: characters of the line up to the cursor.
    """
    matched = _REST.match(behind)
    rest = matched[0] if matched else ""
    if not rest:
        return found if not behind.startswith((" ", "\t")) else [_without_blank(each) for each in found]
    ending = [fitted for each in found if (fitted := _ending(each, typed, rest)) is not None]
    return ending or [_without_blank(each) for each in found]


def _ending(completion: Completion, typed: int, rest: str) -> Completion | None:
    """Leave out of a completion what is there already; None when it does not end so."""
    for whole in (completion.text.rstrip(" "), completion.text.rstrip(" /")):
        text = whole.removesuffix(rest)
        if text != whole and len(text) >= typed - completion.start:
            return replace(completion, text=text)
    return None


def _without_blank(completion: Completion) -> Completion:
    return replace(completion, text=completion.text.removesuffix(" "))
