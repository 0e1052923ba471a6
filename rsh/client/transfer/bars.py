"""The bars of a transfer on a terminal, drawn by rich: a line for the large file on its way, and one for it all.

prompt_toolkit's bars are an application that takes the keyboard: what is typed ahead for the shell would be lost.
"""

from __future__ import annotations

from typing import Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from rsh.client.text.columns import shorten
from rsh.client.text.condition_text import describe
from rsh.client.text.units import BINARY, amount
from rsh.client.transfer.tally import State, retries
from rsh.escape import printable

# Columns of the terminal that a bar, and all figures beside it, need; in less they are left out.
_ROOM_FOR_BAR: Final = 72
_ROOM_FOR_FILES: Final = 50
_ROOM_FOR_RATE: Final = 36


class TransferBars:
    """Lines at the bottom of stderr that are drawn again and again, and leave nothing behind."""

    def __init__(self, *, color: bool, base: int = BINARY) -> None:
        """Begin to draw.

        Args:
            base: of the units of sizes.
        """
        self._base = base
        self._console = Console(stderr=True, no_color=True if not color else None, highlight=False, emoji=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=True, redirect_stdout=False)
        self._live.start()

    def draw(self, state: State) -> None:
        """Show how it stands."""
        width = self._console.width
        lines: RenderableType = self._lines(state, width)
        if state.lost:
            lines = Group(lines, Text(describe(state.lost), no_wrap=True, overflow="ellipsis"))
        self._live.update(lines, refresh=True)

    def print_above(self, line: str) -> None:
        """Print a line that stays."""
        self._console.print(Text(line), soft_wrap=True)

    def close(self) -> None:
        """Take the lines away."""
        self._live.update("")
        self._live.stop()

    def _lines(self, state: State, width: int) -> Table:
        if width < _ROOM_FOR_RATE and state.share is not None:
            return self._narrow(state, state.share, width)
        grid = Table.grid(padding=(0, 1), expand=False)
        barred = width >= _ROOM_FOR_BAR
        for column in ("name", "bar", "share", "figures") if barred else ("name", "share", "figures"):
            grid.add_column(justify="right" if column == "share" else "left", no_wrap=True, overflow="ellipsis")
        if state.path:
            name = Text(shorten(printable(state.path), max(8, width // 3)))
            grid.add_row(name, *_bar(state.done, state.size, barred), *self._file_figures(state))
        grid.add_row(Text("total", style="bold"), *_total_bar(state, barred), *self._total_figures(state, width))
        return grid

    def _narrow(self, state: State, share: float, width: int) -> Table:
        """Give what matters most: how much is done, and how long the rest takes."""
        grid = Table.grid(padding=(0, 1), expand=False)
        grid.add_column(justify="right", no_wrap=True)
        grid.add_column(no_wrap=True, overflow="ellipsis")
        if state.path:
            name = Text(shorten(printable(state.path), max(1, width - len("100% "))))
            grid.add_row(self._file_figures(state)[0], name)
        grid.add_row(Text(f"{share * 100:.0f}%"), Text(f"{clock(state.seconds_left)} left"))
        return grid

    def _file_figures(self, state: State) -> tuple[Text, Text]:
        share = min(100, state.done * 100 // state.size) if state.size else 100
        return Text(f"{share}%"), Text(f"{amount(state.done, self._base)} of {amount(state.size, self._base)}")

    def _total_figures(self, state: State, width: int) -> tuple[Text, Text]:
        total, share = state.total, state.share
        if total is None or share is None:
            moved = f"{amount(state.bytes, self._base)}  {amount(int(state.rate), self._base)}/s  {state.items} files"
            return Text("scanning" if state.scanning else ""), Text(moved)
        words = [clock(state.seconds_left), f"{amount(int(state.rate), self._base)}/s"]
        if width >= _ROOM_FOR_FILES:
            words += [f"{state.items}/{total.items} files", *([retries(state)] if state.retries else [])]
        return Text(f"{share * 100:.0f}%"), Text("  ".join(words))


def _bar(done: float, whole: float | None, barred: bool) -> list[RenderableType]:
    return [ProgressBar(total=whole, completed=done, width=20, pulse=whole is None)] if barred else []


def _total_bar(state: State, barred: bool) -> list[RenderableType]:
    return _bar(state.share or 0.0, None if state.share is None else 1.0, barred)


def clock(seconds: float | None) -> str:
    """Give a time that is left as 0:05 or 1:02:03; one that is not known as -:--."""
    if seconds is None:
        return "-:--"
    minutes, second = divmod(min(round(seconds), 359_999), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"
