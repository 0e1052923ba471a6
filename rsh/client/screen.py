"""The prompt on a terminal: line editing, ghost text, completion and history search, by prompt_toolkit.

A screen module: it is imported only when a prompt is really shown.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace
from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.enums import EditingMode
from prompt_toolkit.filters import Condition, is_done
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input import Input
from prompt_toolkit.input.typeahead import store_typeahead
from prompt_toolkit.input.vt100_parser import Vt100Parser
from prompt_toolkit.key_binding.key_processor import KeyPress
from prompt_toolkit.layout.containers import ConditionalContainer, HSplit, Window
from prompt_toolkit.layout.controls import BufferControl, FormattedTextControl
from prompt_toolkit.layout.processors import AfterInput
from prompt_toolkit.output import ColorDepth, Output
from prompt_toolkit.output.defaults import create_output
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.shortcuts import CompleteStyle, PromptSession
from prompt_toolkit.styles import Style

from rsh.client import marks
from rsh.client.above import Above
from rsh.client.bindings import Modes, make_bindings
from rsh.client.highlighting import LineLexer
from rsh.client.history import History
from rsh.client.line_history import Ghost, LineHistory
from rsh.client.looks import LOOKS
from rsh.client.menu import MenuCompleter
from rsh.client.names import ClientNames
from rsh.client.passthrough import to_stdout
from rsh.client.prompt_text import Fragments, Place, fragments
from rsh.client.settings import Settings
from rsh.client.shell import Called

CONTINUATION: Final = "… "

# Screens with fewer columns, or rows, have no line at the bottom.
NARROW: Final = 40
LOW: Final = 6


class Screen:
    """The prompt of a terminal.

    Attributes:
        session: prompt_toolkit's side of it.
        link: gives the state of the link in a few words; "" when all is well.
        toolbar: gives the line at the bottom, for a setting; "" for none.
    """

    def __init__(
        self,
        history: History,
        names: ClientNames,
        settings: Settings,
        *,
        color: bool,
        marked: bool = False,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        """Prepare a prompt; nothing is shown yet.

        Args:
            settings: looked at before each line.
            color: use colours.
            marked: the terminal takes marks (marks.py).
            input, output: other ones than the terminal, for tests.
        """
        self.link: Callable[[], str] = lambda: ""
        self.toolbar: Callable[[str], str] = lambda choice: ""
        self._hint = ""
        self._place = Place("", "", b"", b"")
        self._names = names
        self._settings = settings
        self._color = color
        self._marked = marked
        self._output = output or _terminal_output()
        self._history = history
        self._lines = LineHistory(history.lines, self._suggest_again)
        self._all_lines = LineHistory(history.lines_of_all, self._suggest_again)
        self._ghost = Ghost()
        self._lexer = LineLexer(names.knows, self.refresh)
        self._above = Above()
        self._called = False  # the prompt is to give way
        self._kept = Document()  # what was typed when it last did
        self.session: PromptSession[str] = self._session(input)
        self.session.key_bindings = make_bindings(Modes(settings, self.apply, self.hint, self._search_all))
        self._add_toolbar()
        if color:
            self._line_control().lexer = self._lexer  # PromptSession would wrap it, and hide that it learns.
        self.session.default_buffer.on_text_changed += self._forget_hint
        self.session.app.before_render += self._close_menu_of_one
        self.session.app.after_render += self._load_lexer

    def _session(self, input: Input | None) -> PromptSession[str]:
        return PromptSession(
            history=self._lines,
            auto_suggest=self._ghost,
            completer=MenuCompleter(self._names, self.hint),
            complete_in_thread=True,
            complete_style=CompleteStyle.MULTI_COLUMN,
            enable_open_in_editor=True,
            enable_suspend=True,
            search_ignore_case=True,
            multiline=True,
            prompt_continuation=_continuation,
            input_processors=[AfterInput(self._note)],
            style=Style.from_dict(LOOKS),
            color_depth=None if self._color else ColorDepth.DEPTH_1_BIT,
            include_default_pygments_style=False,
            tempfile_suffix=".sh",
            input=input,
            output=self._output,
        )

    def _add_toolbar(self) -> None:
        """Have a line at the bottom. prompt_toolkit's own is not shown unless the terminal says where its cursor is."""
        window = Window(FormattedTextControl(self._bottom), height=1, style="class:bottom-toolbar")
        shown = Condition(lambda: bool(self._bottom())) & ~is_done
        container = self.session.layout.container
        if isinstance(container, HSplit):
            container.children.append(ConditionalContainer(window, filter=shown))

    def _line_control(self) -> BufferControl:
        """Give what shows the line."""
        controls = [each for each in self.session.layout.find_all_controls() if isinstance(each, BufferControl)]
        return next(each for each in controls if each.buffer is self.session.default_buffer)

    def apply(self) -> None:
        """Do as the settings say."""
        typing = self._settings.text("complete") == "typing"
        self.session.complete_while_typing = typing
        self.session.enable_history_search = not typing
        vi = self._settings.text("keys") == "vi"
        self.session.editing_mode = EditingMode.VI if vi else EditingMode.EMACS
        self._ghost.enabled = self._settings.on("suggest")
        self._lexer.enabled = self._settings.on("highlight")

    def hint(self, text: str) -> None:
        """Show a few words behind the line, till it changes; called by any thread."""
        self._hint = text
        self.refresh()

    def refresh(self) -> None:
        """Have the prompt drawn again; called by any thread."""
        try:
            self.session.app.invalidate()
        except RuntimeError:
            pass  # The prompt has just ended, and its event loop with it.

    def print_above(self, data: bytes | bytearray | memoryview) -> None:
        """Print output that comes while the prompt is shown, above it; called by any thread."""
        app = self.session.app
        loop = app.loop
        if loop is None or not app.is_running:
            to_stdout(bytes(data) if bytes(data[-1:]) == b"\n" else bytes(data) + b"\r\n")
            return
        text = self._above.take(bytes(data))
        if not text:
            self.refresh()
        elif not _soon(loop, lambda: run_in_terminal(lambda: to_stdout(text))):
            to_stdout(text)

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Show the prompt and give the line that is typed: one or, pasted or unfinished at first, several.

        Args:
            fresh_line: the cursor is known to stand at the beginning of a line.

        Raises:
            EOFError: Ctrl-D on an empty line. KeyboardInterrupt: Ctrl-C; the line is dropped.
            Called: by `call_away`; what was typed so far is there again the next time.
        """
        try:
            return self._read(place, fresh_line=fresh_line)
        except Called:
            self._kept = self.session.default_buffer.document
            raise

    def _read(self, place: Place, *, fresh_line: bool) -> str:
        self._place = place
        self._hint = ""
        self._prepare()
        if not fresh_line:
            self._begin_line()
        if not self._marked:
            return self._ask()
        self._send(marks.before_prompt(place, self._settings))
        line = self._ask()
        if self._settings.on("marks"):
            self._send(marks.OUTPUT_BEGINS)
        return line

    def type_ahead(self, data: bytes) -> None:
        """Use keys that were pressed before the prompt was there as if they were pressed now: Enter runs the line."""
        keys: list[KeyPress] = []
        parser = Vt100Parser(keys.append)
        parser.feed(data.decode("utf-8", "surrogateescape").replace("\n", "\r"))
        parser.flush()
        store_typeahead(self.session.app.input, keys)

    def stand(self, directory: bytes) -> None:
        """Show another directory in the prompt that is there; called by any thread."""
        self._place = replace(self._place, directory=directory)
        self.refresh()

    def tell(self, note: str, ring: str, *, fresh_line: bool) -> None:
        """Say a few words behind the output of a line, and make the terminal ring if it knows how."""
        if note:
            if not fresh_line:
                self._begin_line()
            self._send(f"\x1b[2m{note}\x1b[0m\r\n")
        if ring and self._marked:
            self._send(ring)

    def renew_colors(self) -> None:
        """Have the line coloured anew: more is known of commands; called by any thread."""
        self._lexer.forget()
        self.refresh()

    def keep(self, text: str) -> None:
        """Have a text in the next line, to be changed or run again."""
        self._kept = Document(text)

    def _prepare(self) -> None:
        """Be ready for a new line."""
        self.apply()
        self._lexer.forget()
        if self._history.has_grown():
            self._lines.renew()
        self.session.default_buffer.history = self._lines

    def _load_lexer(self, app: Application[str]) -> None:
        """Import what colours the line once the first prompt is there to be seen."""
        self.session.app.after_render -= self._load_lexer
        if self._color:
            self._lexer.load()

    def _search_all(self) -> None:
        """Have the lines of all hosts in the place of this one's, till the next prompt."""
        buffer = self.session.default_buffer
        self._all_lines.renew()
        buffer.history = self._all_lines
        buffer.reset(buffer.document)

    def leave(self, status: int) -> None:
        """End the program from a signal handler.

        An exception that is raised just anywhere in the event loop would be shown to the user as a bug; so the loop is
        asked to raise it where the prompt waits.
        """
        if not self.end(status):
            sys.exit(status)

    def call_away(self) -> None:
        """Have the prompt give way: `read`, or the next one, raises Called. Called by any thread."""
        self._called = True
        app = self.session.app
        if app.is_running and app.loop is not None:
            _soon(app.loop, self._give_way)

    def _ask(self) -> str:
        kept, self._kept = self._kept, Document()
        try:
            return self.session.prompt(self._left, default=kept, pre_run=self._give_way)
        finally:
            if missing := self._above.end():
                to_stdout(missing)

    def _give_way(self) -> None:
        app = self.session.app
        if self._called and app.is_running and not app.is_done:
            self._called = False
            app.exit(exception=Called(), style="class:exiting")

    def end(self, status: int) -> bool:
        """End the program if the prompt waits; False when it does not. Called by any thread."""
        app = self.session.app
        return app.is_running and app.loop is not None and _soon(app.loop, lambda: _exit(app, status))

    def _suggest_again(self) -> None:
        """Look for ghost text to what was typed before the history was there."""
        buffer = self.session.default_buffer
        if buffer.text and buffer.suggestion is None:
            buffer.insert_text("")
        self.session.app.invalidate()

    def _left(self) -> StyleAndTextTuples:
        place = replace(self._place, link=self.link())
        shown = fragments(place, self._output.get_size().columns, self._settings.text("prompt"))
        above = self._above.fragments()
        if not self._marked or not self._settings.on("marks"):
            return [*above, *shown]
        return [*above, ("[ZeroWidthEscape]", marks.PROMPT_BEGINS), *_ended(shown)]

    def _bottom(self) -> StyleAndTextTuples:
        """Give the line at the bottom; a narrow or low screen has none."""
        size = self._output.get_size()
        if size.columns < NARROW or size.rows < LOW:
            return []
        text = self.toolbar(self._settings.text("toolbar"))
        return [("class:bottom-toolbar.text", text[: size.columns - 1])] if text else []

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


def _ended(shown: Fragments) -> StyleAndTextTuples:
    """Mark the end of the prompt: before its last blank, for an escape is sent with the character behind it only.

    The blank has a colour of its own, though it is none: prompt_toolkit does not send plain blanks at a line's end.
    """
    mark = ("[ZeroWidthEscape]", marks.LINE_BEGINS)
    if not shown or not shown[-1][1].endswith(" "):
        return [*shown, mark]
    style, text = shown[-1]
    return [*shown[:-1], (style, text[:-1]), mark, ("class:prompt.end", " ")]


def _soon(loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> bool:
    """Have something done by the prompt's event loop; False when that has just ended."""
    try:
        loop.call_soon_threadsafe(work)
    except RuntimeError:
        return False
    return True


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
