"""prompt_toolkit's side of the prompt: the editor of a line, and how it is set up. A screen module."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prompt_toolkit.auto_suggest import AutoSuggest
from prompt_toolkit.clipboard import Clipboard
from prompt_toolkit.completion import Completer
from prompt_toolkit.cursor_shapes import ModalCursorShapeConfig
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.layout.controls import BufferControl
from prompt_toolkit.layout.processors import AfterInput
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession
from prompt_toolkit.styles import Style

from rsh.client.editor.long_lines import LongLines, wrap_bare
from rsh.client.editor.looks import LOOKS

CONTINUATION: Final = "… "

# For how long Esc may be the beginning of what a key sends, and keys the beginning of what several mean, in seconds.
# In vi Esc is a key that much is done with, and what is half a command waits for its other half (None).
EMACS_WAITS: Final[tuple[float, float | None]] = 0.5, 1.0
VI_WAITS: Final[tuple[float, float | None]] = 0.1, None


def make_session(
    lines: History,
    ghost: AutoSuggest,
    completer: Completer,
    clipboard: Clipboard,
    behind: Callable[[], StyleAndTextTuples],
    *,
    color: bool,
    input: Input,
    output: Output,
) -> PromptSession[str]:
    """Give an editor of lines.

    Args:
        behind: gives what is shown behind the line.
    """
    session: PromptSession[str] = PromptSession(
        history=lines,
        auto_suggest=ghost,
        completer=completer,
        complete_in_thread=True,
        complete_style=CompleteStyle.MULTI_COLUMN,
        clipboard=clipboard,
        enable_open_in_editor=True,
        enable_suspend=True,
        search_ignore_case=True,
        multiline=True,
        prompt_continuation=_continuation,
        input_processors=[LongLines(), AfterInput(behind)],
        style=Style.from_dict(LOOKS),
        color_depth=None if color else ColorDepth.DEPTH_1_BIT,
        include_default_pygments_style=False,
        tempfile_suffix=".sh",
        input=input,
        output=output,
    )
    control = line_control(session)
    for window in session.layout.find_all_windows():
        if window.content is control:
            wrap_bare(window)
    return session


def line_control(session: PromptSession[str]) -> BufferControl:
    """Give what shows the line."""
    controls = [each for each in session.layout.find_all_controls() if isinstance(each, BufferControl)]
    return next(each for each in controls if each.buffer is session.default_buffer)


def choose_keys(session: PromptSession[str], *, vi: bool, shapes: bool) -> None:
    """Have the keys be those of vi or of emacs.

    Args:
        shapes: with vi's, the shape of the cursor shows the mode.
    """
    session.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
    session.app.ttimeoutlen, timeout = VI_WAITS if vi else EMACS_WAITS
    session.app.timeoutlen = timeout  # type: ignore[assignment]  # None is a time too (KeyProcessor._start_timeout)
    shows = vi and shapes
    session.cursor = ModalCursorShapeConfig() if shows else None
    if not shows:
        session.output.reset_cursor_shape()


def _continuation(width: int, line_number: int, wrap_count: int) -> str:
    """Mark the lines that were begun; what is only wrapped stays as it is, to be copied whole."""
    return "" if wrap_count else CONTINUATION
