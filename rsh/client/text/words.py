"""Where words begin and end for keys that move by them: as in bash, a word is letters and digits."""

from __future__ import annotations


def previous_start(text: str, position: int) -> int:
    """Give where the word begins that ends at or before a position."""
    while position and not text[position - 1].isalnum():
        position -= 1
    while position and text[position - 1].isalnum():
        position -= 1
    return position


def next_end(text: str, position: int) -> int:
    """Give where the word ends that begins at or behind a position."""
    while position < len(text) and not text[position].isalnum():
        position += 1
    while position < len(text) and text[position].isalnum():
        position += 1
    return position
