"""Lays text out by the columns it takes on a screen: East Asian wide, emoji and combining characters included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeAlias

# A text and the columns it takes; the text may hold colour, which takes none.
Cell: TypeAlias = tuple[str, int]

GAP: Final = 2  # between columns, as ls(1) leaves


def text_width(text: str) -> int:
    """Give the columns that a printable text takes."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    width: int = wcswidth(text)
    return width if width >= 0 else len(text)


def fill_columns(cells: Sequence[Cell], width: int) -> list[str]:
    """Lay cells out in as many columns as fit, each read downwards, as ls(1) does.

    Args:
        width: of the screen; a cell that is wider has a line of its own.
    """
    if not cells:
        return []
    widths = [cell[1] for cell in cells]
    rows = next(rows for rows in _row_counts(len(cells), width) if _fits(widths, rows, width))
    column_widths = [max(widths[start : start + rows]) for start in range(0, len(cells), rows)]
    return [_line(cells[row::rows], column_widths) for row in range(rows)]


def align(rows: Sequence[Sequence[str]], right: Sequence[bool]) -> list[str]:
    """Lay a table out: every column as wide as its widest cell, the last one ragged.

    Args:
        right: for each column, whether it is flush right (numbers).
    """
    widths = [max(text_width(row[index]) for row in rows) for index in range(len(right))]
    lines = []
    for row in rows:
        cells = [_pad(text, widths[index], right[index], index == len(right) - 1) for index, text in enumerate(row)]
        lines.append(" ".join(cells))
    return lines


def shorten(text: str, width: int) -> str:
    """Cut a text in its middle so that it takes at most `width` columns."""
    if text_width(text) <= width:
        return text
    behind = max(0, width - 1) // 3
    front = _fitting(text, max(0, width - 1) - behind)
    back = _fitting(text[::-1], behind)[::-1]
    return f"{front}…{back}" if width > 0 else ""


def _fitting(text: str, width: int) -> str:
    """Give as much of a text's beginning as fits."""
    end = next((count for count in range(1, len(text) + 1) if text_width(text[:count]) > width), len(text) + 1)
    return text[: end - 1]


def _row_counts(count: int, width: int) -> list[int]:
    """Give the numbers of rows worth trying, least first: one for each possible number of columns."""
    most = max(1, min(count, width // (1 + GAP)))
    return sorted({-(-count // columns) for columns in range(1, most + 1)})


def _fits(widths: Sequence[int], rows: int, width: int) -> bool:
    if rows >= len(widths):
        return True
    total = sum(max(widths[start : start + rows]) + GAP for start in range(0, len(widths), rows))
    return total - GAP < width


def _line(cells: Sequence[Cell], column_widths: Sequence[int]) -> str:
    parts = []
    for index, (text, width) in enumerate(cells):
        last = index == len(cells) - 1
        parts.append(text if last else text + " " * (column_widths[index] - width + GAP))
    return "".join(parts)


def _pad(text: str, width: int, right: bool, last: bool) -> str:
    space = " " * (width - text_width(text))
    if right:
        return space + text
    return text if last else text + space
