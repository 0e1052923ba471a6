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


def swapped(text: str, position: int) -> tuple[str, int] | None:
    """Give a text with the word at or before a position and the one before that swapped, and where the latter ends.

    None when there are no two, as in bash.
    """
    end = next_end(text, position)
    second = previous_start(text, end)
    first = previous_start(text, second)
    first_end = next_end(text, first)
    if first == second or second < first_end:
        return None
    last = next_end(text, second)
    between = text[first_end:second]
    return text[:first] + text[second:last] + between + text[first:first_end] + text[last:], last
