"""The prompt on a terminal: line editing, ghost text, completion and history search, by prompt_toolkit.

A screen module: it is imported only when a prompt is really shown.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Callable, Iterable
from typing import Any, Final

from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.auto_suggest import AutoSuggest, Suggestion
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.completion import CompleteEvent, Completer
from prompt_toolkit.completion import Completion as MenuEntry
from prompt_toolkit.document import Document
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.history import History as EditorHistory
from prompt_toolkit.input import Input
from prompt_toolkit.layout.processors import AfterInput
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.defaults import create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession
from prompt_toolkit.styles import Style

from rsh.client import marks
from rsh.client.bindings import Modes, make_bindings
from rsh.client.completion import complete
from rsh.client.history import History
from rsh.client.names import ClientNames
from rsh.client.passthrough import to_stdout
from rsh.client.prompt_text import Place, fragments

# The 16 colours of the terminal's own palette, which its user has made fit for its background.
STYLE: Final = Style.from_dict(
    {
        "prompt.account": "bold",
        "prompt.host0": "bold ansigreen",
        "prompt.host1": "bold ansicyan",
        "prompt.host2": "bold ansimagenta",
        "prompt.host3": "bold ansiblue",
        "prompt.host4": "bold ansiyellow",
        "prompt.host5": "bold ansibrightcyan",
        "prompt.directory": "ansiblue",
        "prompt.status": "bold ansired",
        "auto-suggestion": "noinherit dim",
        "note": "dim",
    }
)
CONTINUATION: Final = "… "


class LineHistory(EditorHistory):
    """Our history as the editor wants it; the file is written by whoever runs the lines."""

    def __init__(self, history: History, loaded: Callable[[], None]) -> None:
        """Use a history; `loaded` is called when its lines have come."""
        super().__init__()
        self._history = history
        self._tell_loaded = loaded

    async def load(self) -> AsyncGenerator[str, None]:
        """Give the lines, the newest first; the file is read in another thread."""
        if not self._loaded:
            older = await asyncio.get_running_loop().run_in_executor(None, self._history.lines)
            typed = set(self._loaded_strings)  # while the file was being read
            self._loaded_strings += [line for line in reversed(older) if line not in typed]
            self._loaded = True
        for line in self._loaded_strings:
            yield line
        self._tell_loaded()

    def load_history_strings(self) -> Iterable[str]:
        """Give nothing: load does."""
        return ()

    def append_string(self, string: str) -> None:
        """Keep a line for this prompt, where it was typed last; none with a blank in front."""
        if not string.strip() or string[0].isspace():
            return
        if string in self._loaded_strings:
            self._loaded_strings.remove(string)
        super().append_string(string)

    def store_string(self, string: str) -> None:
        """Do nothing: it is stored when it runs."""


class Ghost(AutoSuggest):
    """Suggests the newest line of the history that begins with what is typed."""

    def get_suggestion(self, buffer: Buffer, document: Document) -> Suggestion | None:
        """Give the rest of that line."""
        text = document.text
        if not text.strip():
            return None
        for line in reversed(buffer.history.get_strings()):
            if line.startswith(text) and line != text:
                return Suggestion(line[len(text) :])
        return None


class MenuCompleter(Completer):
    """Hands our completions to prompt_toolkit; runs in a thread of its."""

    def __init__(self, names: ClientNames) -> None:
        self._names = names

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[MenuEntry]:
        """Give the completions of the word before the cursor."""
        text = document.text_before_cursor
        for each in complete(text, self._names):
            yield MenuEntry(
                each.text,
                start_position=each.start - len(text),
                display=each.shown,
                display_meta=each.about or None,
                style="fg:ansiblue bold" if each.directory else "",
            )


class Screen:
    """The prompt of a terminal.

    Attributes:
        session: prompt_toolkit's side of it.
    """

    def __init__(
        self,
        history: History,
        names: ClientNames,
        *,
        color: bool,
        marked: bool = False,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        """Prepare a prompt; nothing is shown yet.

        Args:
            color: use colours.
            marked: put marks for the terminal around the prompt (marks.py).
            input, output: other ones than the terminal, for tests.
        """
        self._hint = ""
        self._place = Place("", "", b"", b"")
        self._names = names
        self._marked = marked
        self._output = output or _terminal_output()
        self.session: PromptSession[str] = PromptSession(
            history=LineHistory(history, self._suggest_again),
            auto_suggest=Ghost(),
            completer=MenuCompleter(names),
            complete_in_thread=True,
            complete_while_typing=False,
            complete_style=CompleteStyle.MULTI_COLUMN,
            enable_history_search=True,
            enable_open_in_editor=True,
            enable_suspend=True,
            search_ignore_case=True,
            multiline=True,
            prompt_continuation=_continuation,
            input_processors=[AfterInput(self._note)],
            style=STYLE,
            color_depth=None if color else ColorDepth.DEPTH_1_BIT,
            include_default_pygments_style=False,
            tempfile_suffix=".sh",
            input=input,
            output=self._output,
        )
        self.session.key_bindings = make_bindings(Modes(self.session, self.hint))
        self.session.default_buffer.on_text_changed += self._forget_hint
        self.session.app.before_render += self._close_menu_of_one

    def hint(self, text: str) -> None:
        """Show a few words behind the line, till it changes."""
        self._hint = text
        self.session.app.invalidate()

    def print_above(self, data: bytes | bytearray | memoryview) -> None:
        """Print output that comes while the prompt is shown, above it; called by any thread."""
        app = self.session.app
        text = bytes(data) if bytes(data[-1:]) == b"\n" else bytes(data) + b"\r\n"
        loop = app.loop
        if loop is None or not app.is_running:
            to_stdout(text)
            return
        loop.call_soon_threadsafe(lambda: run_in_terminal(lambda: to_stdout(text)))

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Show the prompt and give the line that is typed: one or, pasted or unfinished at first, several.

        Args:
            fresh_line: the cursor is known to stand at the beginning of a line.

        Raises:
            EOFError: Ctrl-D on an empty line. KeyboardInterrupt: Ctrl-C; the line is dropped.
        """
        self._place = place
        self._hint = ""
        if not fresh_line:
            self._begin_line()
        if not self._marked:
            return self.session.prompt(self._left)
        self._send(marks.output_ended(place.status) + marks.standing(place))
        line = self.session.prompt(self._left)
        self._send(marks.OUTPUT_BEGINS)
        return line

    def leave(self, status: int) -> None:
        """End the program from a signal handler.

        An exception that is raised just anywhere in the event loop would be shown to the user as a bug; so the loop is
        asked to raise it where the prompt waits.
        """
        app = self.session.app
        if app.is_running and app.loop is not None:
            app.loop.call_soon_threadsafe(_exit, app, status)
        else:
            sys.exit(status)

    def _suggest_again(self) -> None:
        """Look for ghost text to what was typed before the history was there."""
        buffer = self.session.default_buffer
        if buffer.text and buffer.suggestion is None:
            buffer.insert_text("")
        self.session.app.invalidate()

    def _left(self) -> StyleAndTextTuples:
        shown = fragments(self._place, self._output.get_size().columns)
        if not self._marked:
            return [*shown]
        return [("[ZeroWidthEscape]", marks.PROMPT_BEGINS), *shown, ("[ZeroWidthEscape]", marks.LINE_BEGINS)]

    def _note(self) -> StyleAndTextTuples:
        """Give what is said behind the line; only for the moment: it does not stay on the screen."""
        text = "completion: no answer" if self._names.late else self._hint
        return [("class:note", f"  ({text})")] if text and not self.session.app.is_done else []

    def _forget_hint(self, buffer: Any) -> None:
        self._hint = ""
        self._names.late = False

    def _close_menu_of_one(self, app: Application[str]) -> None:
        """Be done with a completion that was the only one: it is in the line, and Enter is to run that."""
        buffer = self.session.default_buffer
        state = buffer.complete_state
        if state is not None and len(state.completions) == 1 and state.complete_index == 0:
            buffer.complete_state = None

    def _begin_line(self) -> None:
        """Go to a line of its own when the cursor is not at the beginning of one: zsh's PROMPT_SP.

        The mark and the blanks fill one line exactly. From the first column they end where they began, and are
        overwritten; from any other they end on the line below, and the mark stays and tells that no newline came.
        """
        self._send("\x1b[7m%\x1b[0m" + " " * (self._output.get_size().columns - 1) + "\r")

    def _send(self, sequence: str) -> None:
        self._output.write_raw(sequence)
        self._output.flush()


def _exit(app: Application[str], status: int) -> None:
    if app.is_running and not app.is_done:
        app.exit(exception=SystemExit(status), style="class:exiting")


def _continuation(width: int, line_number: int, wrap_count: int) -> str:
    """Mark the lines that were begun; what is only wrapped stays as it is, to be copied whole."""
    return "" if wrap_count else CONTINUATION


def _terminal_output() -> Output:
    """Give the terminal, without asking it where its cursor is.

    The answer could reach a command that has just been started; and a program that drives us does not give one.
    """
    output = create_output(sys.stdout)
    if isinstance(output, Vt100_Output):
        output.enable_cpr = False
    return output
