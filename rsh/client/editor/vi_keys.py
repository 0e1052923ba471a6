"""What prompt_toolkit's keys of vi have not got, or do otherwise than vi does (POSIX.1-2017, sh, Command Line Editing).

A screen module.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prompt_toolkit.application.current import get_app
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.clipboard import ClipboardData
from prompt_toolkit.document import Document
from prompt_toolkit.filters import Condition, Filter, vi_navigation_mode
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.key_binding.bindings.named_commands import get_by_name
from prompt_toolkit.key_binding.bindings.vi import (
    TextObject,
    TextObjectType,
    create_operator_decorator,
    create_text_object_decorator,
)
from prompt_toolkit.key_binding.key_processor import KeyPressEvent
from prompt_toolkit.key_binding.vi_state import InputMode
from prompt_toolkit.keys import Keys

_QUOTES: Final = "'\"`"
_BRACKETS: Final = "()[]{}"


def bind_vi(keys: KeyBindings, where: Filter) -> None:
    """Bind the keys of vi's command mode."""
    commands = where & vi_navigation_mode
    keys.add("r", Keys.Any, filter=commands)(_replace)
    keys.add("~", filter=commands)(_swap_case)
    keys.add("delete", filter=commands)(get_by_name("delete-char"))
    keys.add("#", filter=commands)(get_by_name("insert-comment"))
    for older, newer in (("k", "j"), ("-", "+")):
        keys.add(older, filter=commands)(_older)
        keys.add(newer, filter=commands)(_newer)
    _bind_operators(keys, where)


def _bind_operators(keys: KeyBindings, where: Filter) -> None:
    """Bind what cuts, and what of the line it may cut."""
    operator, motion = create_operator_decorator(keys), create_text_object_decorator(keys)
    operator("d", filter=where)(_delete)
    operator("c", filter=where)(_change)
    operator("y", filter=where)(_yank)
    for key in ("w", "W"):
        motion(key, filter=where & _CHANGES, no_move_handler=True, no_selection_handler=True)(_word)
    motion("%", filter=where)(_bracket)
    for quote in _QUOTES:
        motion("i", quote, filter=where, no_move_handler=True)(_in_quotes)
        motion("a", quote, filter=where, no_move_handler=True)(_with_quotes)


def _replace(event: KeyPressEvent) -> None:
    """Put a character in the place of as many as are counted; Esc, and keys that are none, give it up."""
    buffer = event.current_buffer
    new = "\n" if event.data == "\r" else event.data
    if len(new) != 1 or not (new.isprintable() or new == "\n"):
        return
    if event.arg > len(buffer.document.current_line_after_cursor):
        event.app.output.bell()
        return
    buffer.delete(event.arg)
    buffer.insert_text(new if new == "\n" else new * event.arg)
    buffer.cursor_position -= new != "\n"


def _older(event: KeyPressEvent) -> None:
    """Go a line up, from the first one to the line that was typed before."""
    _go(event.current_buffer, event.current_buffer.auto_up, event.arg)


def _newer(event: KeyPressEvent) -> None:
    """Go a line down, from the last one to the line that was typed next."""
    _go(event.current_buffer, event.current_buffer.auto_down, event.arg)


def _go(buffer: Buffer, move: Callable[[int], None], count: int) -> None:
    before = buffer.working_index
    move(count)
    if buffer.working_index != before:
        buffer.cursor_position += buffer.document.get_start_of_line_position()


def _swap_case(event: KeyPressEvent) -> None:
    buffer = event.current_buffer
    begin = buffer.cursor_position
    end = begin + min(event.arg, len(buffer.document.current_line_after_cursor))
    buffer.transform_region(begin, end, str.swapcase)
    buffer.cursor_position = end


def _cut(event: KeyPressEvent, motion: TextObject) -> tuple[Document, ClipboardData] | None:
    """Give what is left and what is cut; None for a motion that led nowhere, which prompt_toolkit cuts by all the same.

    The terminal rings then.
    """
    buffer = event.current_buffer
    start, end = motion.operator_range(buffer.document)
    if motion.type in (TextObjectType.EXCLUSIVE, TextObjectType.INCLUSIVE) and start >= end:
        event.app.output.bell()
        return None
    return motion.cut(buffer)


def _delete(event: KeyPressEvent, motion: TextObject) -> None:
    if found := _cut(event, motion):
        event.current_buffer.document, data = found
        if data.text:
            event.app.clipboard.set_data(data)


def _change(event: KeyPressEvent, motion: TextObject) -> None:
    if motion.type is TextObjectType.EXCLUSIVE and motion.start == motion.end:  # between quotes that hold nothing
        event.current_buffer.cursor_position += motion.start
    else:
        _delete(event, motion)
    event.app.vi_state.input_mode = InputMode.INSERT


def _yank(event: KeyPressEvent, motion: TextObject) -> None:
    found = _cut(event, motion)
    if found and found[1].text:
        event.app.clipboard.set_data(found[1])


_CHANGES: Final = Condition(lambda: get_app().vi_state.operator_func is _change)


def _word(event: KeyPressEvent) -> TextObject:
    """Give what `cw` changes: words, and not the blanks behind them; but blanks where the cursor stands on one."""
    document, big = event.current_buffer.document, event.key_sequence[-1].key == "W"
    if document.current_char.isspace():
        end = document.find_next_word_beginning(count=event.arg, WORD=big)
    else:
        end = document.find_next_word_ending(include_current_position=True, count=event.arg, WORD=big)
    return TextObject(end or document.get_end_of_document_position())


def _bracket(event: KeyPressEvent) -> TextObject:
    """Lead to the partner of the first bracket at or behind the cursor."""
    document = event.current_buffer.document
    behind = document.current_line_after_cursor
    way = next((index for index, char in enumerate(behind) if char in _BRACKETS), 0)
    found = Document(document.text, document.cursor_position + way).find_matching_bracket_position()
    return TextObject(way + found, type=TextObjectType.INCLUSIVE) if found else TextObject(0)


def _in_quotes(event: KeyPressEvent) -> TextObject:
    start, end = _quotes(event)
    return TextObject(start + 1, end) if end else TextObject(0)


def _with_quotes(event: KeyPressEvent) -> TextObject:
    start, end = _quotes(event)
    return TextObject(start, end + 1) if end else TextObject(0)


def _quotes(event: KeyPressEvent) -> tuple[int, int]:
    """Give where, from the cursor, the pair of quotes begins and ends that it stands in, or else the next of its line.

    Both are 0 when there is none.
    """
    document, quote = event.current_buffer.document, event.key_sequence[-1].data
    column = document.cursor_position_col
    places = [index for index, char in enumerate(document.current_line) if char == quote]
    for start, end in zip(places[::2], places[1::2], strict=False):
        if end >= column:
            return start - column, end - column
    return 0, 0
