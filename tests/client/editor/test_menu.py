"""Completions as the menu has them (R19)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document

from rsh.client.editor.menu import MANY, MenuCompleter, common_beginning
from rsh.client.editor.name import Name


class Folder:
    """Files over there."""

    late = cut = False
    line = ""

    def __init__(self, *files: str, most: int = 2000) -> None:
        self._files = files
        self._most = most

    def here(self, word: str) -> Iterable[Name]:
        return []

    def there(self, word: str) -> Iterable[Name]:
        found = [Name(name) for name in self._files if name.startswith(word)][: self._most]
        self.cut = len(found) == self._most
        return found

    def value_there(self, name: str) -> str | None:
        return None

    programs_here = programs_there = variables_there = arguments_there = transfers = shells_there = folders_there = here


def test_too_many_are_told_first_and_shown_when_asked_again() -> None:
    told: list[str] = []
    completer = MenuCompleter(Folder(*(f"file{number:03}" for number in range(MANY + 1))), told.append)

    def complete(text: str) -> list[str]:
        return [each.text for each in completer.get_completions(Document(text), CompleteEvent())]

    assert complete("cat fi") == ["file"]
    assert told == [f"{MANY + 1} possibilities; Tab shows them"]
    assert len(complete("cat file")) == MANY + 1
    assert told[1:] == [""]
    assert len(complete("cat file00")) == 10


def test_nothing_is_put_in_of_names_that_are_not_all() -> None:
    told: list[str] = []
    names = [*(f"alpha{number:03}" for number in range(MANY + 1)), "beta"]
    completer = MenuCompleter(Folder(*names, most=MANY + 1), told.append)
    for _ in range(2):
        assert not list(completer.get_completions(Document("cat "), CompleteEvent(completion_requested=True)))
    assert told == [f"{MANY + 1} possibilities and more; type on"] * 2


@pytest.mark.parametrize(
    ("files", "typed", "inserted"),
    [
        (("map one", "map two"), "ma", "map\\ "),
        (("one 1", "one'2"), "o", "one"),  # no half escape
        (("a\x1b1", "a\x1c2"), "", "$'a"),
        (("back\\slash", "back\\up"), "b", "back\\\\"),
    ],
)
def test_tab_inserts_what_several_have_in_common_and_then_shows_them(
    files: tuple[str, ...], typed: str, inserted: str
) -> None:
    completer = MenuCompleter(Folder(*files), lambda text: None)

    def tab(text: str) -> list[str]:
        event = CompleteEvent(completion_requested=True)
        return [each.text for each in completer.get_completions(Document(f"cat {text}"), event)]

    assert tab(typed) == [inserted]
    assert len(tab(inserted)) == len(files)
    assert len(list(completer.get_completions(Document(f"cat {typed}"), CompleteEvent(text_inserted=True)))) == 2


@pytest.mark.parametrize(
    ("texts", "common"), [(["abc", "abd"], "ab"), (["ab", "abc"], "ab"), (["a"], "a"), (["a", "b"], "")]
)
def test_common_beginning(texts: list[str], common: str) -> None:
    assert common_beginning(texts) == common
