"""The prompt on a terminal: line editing, ghost text, completion and history search, by prompt_toolkit.

A screen module: it is imported only when a prompt is really shown.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable
from typing import Any, Final

from msgspec.structs import replace
from prompt_toolkit.application import Application, run_in_terminal
from prompt_toolkit.document import Document
from prompt_toolkit.filters import vi_navigation_mode
from prompt_toolkit.formatted_text import StyleAndTextTuples
from prompt_toolkit.input.typeahead import get_typeahead
from prompt_toolkit.output import Output

from rsh.client.cli.settings import Settings
from rsh.client.editor import marks
from rsh.client.editor.above import Above
from rsh.client.editor.aside import Aside
from rsh.client.editor.bindings import Modes, make_bindings
from rsh.client.editor.bottom_line import BottomLine
from rsh.client.editor.completing import Completing, accept_only
from rsh.client.editor.cutting import Cuts
from rsh.client.editor.giving_way import GivingWay, soon
from rsh.client.editor.highlighting import LineLexer
from rsh.client.editor.history import History
from rsh.client.editor.line_history import Ghost, LineHistory, Patience
from rsh.client.editor.line_input import LineInput, as_typed, whole_pastes
from rsh.client.editor.line_session import choose_keys, line_control, make_session
from rsh.client.editor.menu import MenuCompleter
from rsh.client.editor.names import ClientNames
from rsh.client.editor.paper import Paper
from rsh.client.editor.repeating import Repeating
from rsh.client.shell.shell import Called
from rsh.client.terminal.passthrough import to_stdout
from rsh.client.text.prompt_text import Place, fragments

# Rows that a menu and its line want, and those of the screen that may be needed for anything else.
MENU_ROWS: Final = 8
OTHER_ROWS: Final = 2


class Screen:
    """The prompt of a terminal.

    Attributes:
        session: prompt_toolkit's side of it.
        link: gives the state of the link in a few words; "" when all is well.
        jobs: gives how many work in the background.
        toolbar: gives the line at the bottom, for a setting; "" for none.
        goes_on: tells of a line whether it is for the shell over there, and that can have it now.
        begins: called when the prompt begins: from then on what comes can be printed above it.
    """

    def __init__(
        self,
        history: History,
        names: ClientNames,
        settings: Settings,
        *,
        color: bool,
        marked: bool = False,
        input: LineInput | None = None,
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
        self.jobs: Callable[[], int] = lambda: 0
        self.toolbar: Callable[[str], str] = lambda choice: ""
        self.goes_on: Callable[[str], bool] = lambda line: False
        self.begins: Callable[[], None] = lambda: None
        self._place = Place("", "", b"", b"")
        self._names = names
        self._settings = settings
        self._color = color
        self._marked = marked
        self._paper = Paper(output)
        self._history = history
        self._completer = MenuCompleter(names, self.hint)
        self._lines = LineHistory(history.lines, self._suggest_again)
        self._all_lines = LineHistory(history.lines_of_all, self._suggest_again)
        self._ghost = Ghost()
        self._lexer = LineLexer(names.knows, self.refresh)
        self._above = Above()
        self._cuts = Cuts()
        self._kept = Document()  # what was typed when it last did
        self._keys = input or LineInput(sys.stdin)
        self.session = make_session(
            self._lines,
            self._ghost,
            self._completer,
            self._cuts,
            self._behind,
            color=color,
            input=self._keys,
            output=self._paper.output,
        )
        self._way = GivingWay(self.session.app)
        self._keys.typed_before = self._paper.begin_line
        self._keys.goes_on = lambda: self.goes_on(self.session.default_buffer.text)
        self._completing = Completing(self.session, self._keys, names)
        self._patience = Patience(self.session.app, self._keys)
        self._aside = Aside(self.session.app, self._completer, self._completing)
        modes = Modes(settings, self.apply, self.hint, self._search_all)
        modes.is_zsh = names.is_zsh
        self.session.key_bindings = make_bindings(
            modes,
            self._cuts,
            lambda: self._completing.waits,
            self._give_up_completion,
            self._completing.hold_keys,
            Repeating(self.session.app, self.session.default_buffer),
        )
        BottomLine(self.session, self._paper, lambda: self.toolbar(settings.text("toolbar")))
        if color:
            line_control(self.session).lexer = self._lexer  # PromptSession would wrap it, and hide that it learns.
        self.session.default_buffer.on_text_changed += self._aside.line_changed
        self.session.app.before_render += self._fit
        self.session.app.after_render += self._load_lexer

    def apply(self) -> None:
        """Do as the settings say."""
        typing = self._settings.text("complete") == "typing"
        self.session.complete_while_typing = typing
        self.session.enable_history_search = ~vi_navigation_mode if not typing else False
        choose_keys(self.session, vi=self._settings.text("keys") == "vi", shapes=self._marked)
        self._ghost.enabled = self._settings.on("suggest")
        self._lexer.enabled = self._settings.on("highlight")

    def hint(self, text: str) -> None:
        """Show a few words behind the line, till it changes; called by any thread."""
        self._aside.words = text
        self.refresh()

    def refresh(self) -> None:
        """Have the prompt drawn again; called by any thread."""
        try:
            self.session.app.invalidate()
        except RuntimeError:
            pass  # The prompt has just ended, and its event loop with it.

    @property
    def waits(self) -> bool:
        """Whether the prompt is shown."""
        return self.session.app.is_running

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
        elif not soon(loop, lambda: run_in_terminal(lambda: to_stdout(text))):
            to_stdout(text)

    def read(self, place: Place, *, fresh_line: bool) -> str:
        """Show the prompt and give the line that is typed: one or, pasted or unfinished at first, several.

        Args:
            fresh_line: the cursor is known to stand at the beginning of a line.

        Raises:
            EOFError: Ctrl-D on an empty line. KeyboardInterrupt: Ctrl-C; the line is dropped.
            Called: by `call_away`; what was typed so far is there again the next time. SystemExit: the terminal has
            gone away, which may be seen before the signal comes that tells it.
        """
        try:
            return self._read(place, fresh_line=fresh_line)
        except Called:
            self._kept = self.session.default_buffer.document
            raise
        except OSError as error:
            raise SystemExit(128 + signal.SIGHUP) from error

    def _read(self, place: Place, *, fresh_line: bool) -> str:
        self._place = place
        self._aside.words = ""
        self._prepare()
        if not fresh_line:
            self._paper.begin_line()
        if not self._marked:
            return self._ask()
        self._paper.send(marks.before_prompt(place, self._settings))
        line = self._ask()
        if self._settings.on("marks"):
            self._paper.send(marks.OUTPUT_BEGINS)
        return line

    def type_ahead(self, data: bytes) -> None:
        """Use keys that were pressed before the prompt was there as if they were pressed now: Enter runs the line."""
        self._keys.type_ahead(whole_pastes(data).replace(b"\n", b"\r"))

    def take_ahead(self) -> bytes:
        """Give the keys that no line has taken, as they were typed; they are the caller's then."""
        return as_typed(get_typeahead(self._keys)) + self._keys.rest()

    def hand_over(self) -> list[Any] | None:
        """Leave the terminal to the line, raw as it may have stayed; as LineInput.hand_over."""
        return self._keys.hand_over()

    def give_back(self) -> None:
        """Put the terminal back if it stayed raw and the line has not taken it over."""
        self._keys.give_back()

    def stand(self, directory: bytes) -> None:
        """Show another directory in the prompt that is there; called by any thread."""
        self._place = replace(self._place, directory=directory)
        self.refresh()

    def tell(self, note: str, ring: str, *, fresh_line: bool) -> None:
        """Say a few words behind the output of a line, and make the terminal ring if it knows how."""
        if note:
            if not fresh_line:
                self._paper.begin_line()
            self._paper.send(f"\x1b[2m{note}\x1b[0m\r\n")
        if ring and self._marked:
            self._paper.send(ring)

    def answered(self) -> None:
        """Have the line coloured anew, for more is known, and completed if that has waited; called by any thread."""
        self._lexer.forget()
        self.refresh()
        self._completing.answered()

    def _give_up_completion(self) -> None:
        self._completing.give_up()
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
        self._patience.begin()
        self._completing.begin_line()

    def _fit(self, app: Application[str]) -> None:
        """Show no menu of one, and have room for others as far as the screen has it; show what fits from its start."""
        accept_only(self.session.default_buffer)
        for window in self.session.layout.find_all_windows():
            window.horizontal_scroll = 0  # It moves on again as far as the cursor is to be seen.
        self.session.reserve_space_for_menu = max(min(MENU_ROWS, self._paper.rows - OTHER_ROWS), 0)

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
        self._way.call_away()

    def _ask(self) -> str:
        kept, self._kept = self._kept, Document()
        with self._way.interrupts:
            try:
                return self.session.prompt(self._left, default=kept, pre_run=self._begin)
            finally:
                if missing := self._above.end():
                    to_stdout(missing)

    def _begin(self) -> None:
        self.begins()
        self._way.begin()

    def end(self, status: int) -> bool:
        """End the program if the prompt waits; False when it does not. Called by any thread."""
        return self._way.end(status)

    def _suggest_again(self) -> None:
        """Have keys read now that the history is there; look for ghost text to what was typed before."""
        self._patience.end()
        buffer = self.session.default_buffer
        if buffer.text and buffer.suggestion is None:
            buffer.insert_text("")
        self.session.app.invalidate()

    def _behind(self) -> StyleAndTextTuples:
        return self._aside.fragments()

    def _left(self) -> StyleAndTextTuples:
        place = replace(self._place, link=self.link(), jobs=self.jobs())
        shown = fragments(place, self._paper.columns, self._settings.text("prompt"))
        above = self._above.fragments()
        if not self._marked or not self._settings.on("marks"):
            return [*above, *shown]
        return [*above, *marks.around(shown)]
