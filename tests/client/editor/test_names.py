"""Sources of names: this machine's files, and the memory of what was asked over there (R18, R21, R22)."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from rsh.client.editor.name import Name
from rsh.client.editor.names import MANY, ClientNames, Key, Memory, matching
from rsh.errors import LinkError
from tests.machines import SOON


class Machine:
    """The other side, as far as completion asks it: it can be slow, and it can be gone."""

    def __init__(self, *names: str) -> None:
        self.names = [Name(name) for name in names]
        self.asked: list[Key] = []
        self.up = threading.Event()
        self.up.set()

    def ask(self, kind: str, word: bytes, directory: bytes) -> list[Name]:
        self.asked.append((kind, word, directory))
        self.up.wait()
        if not self.names:
            raise LinkError("gone")
        return [name for name in self.names if name.text.startswith(os.fsdecode(word))][:MANY]

    def memory(self, budget: float = SOON) -> Memory:
        return Memory(self.ask, budget=budget, fresh=SOON)

    def source(self, budget: float = SOON) -> ClientNames:
        return ClientNames(self.memory(budget), lambda: b"/home")


def texts(names: object) -> list[str]:
    return [name.text for name in names]  # type: ignore[attr-defined]  # any sequence of names


def test_a_folder_is_asked_for_once_while_the_word_grows() -> None:
    machine = Machine("src/a1", "src/a2", "src/b")
    names = machine.source()
    assert texts(names.there("src/a")) == ["src/a1", "src/a2"]
    assert texts(names.there("src/a2")) == ["src/a2"]
    assert machine.asked == [("path", b"src/", b"/home")]


def test_hidden_files_are_asked_for_after_a_dot() -> None:
    machine = Machine(".profile")
    assert texts(machine.source().there(".p")) == [".profile"]
    assert machine.asked[0][1] == b"."


def test_a_crowded_folder_is_asked_for_by_the_word() -> None:
    machine = Machine(*(f"f{number:05}" for number in range(3000)))
    names = machine.source()
    assert texts(names.there("f02999")) == ["f02999"]
    assert not names.cut


def test_answer_that_is_full_is_told_to_be_cut() -> None:
    names = Machine(*(f"f{number:05}" for number in range(3000))).source()
    assert len(texts(names.there(""))) == MANY
    assert names.cut


def test_folders_among_more_files_than_an_answer_holds_are_found() -> None:
    machine = Machine(*(f"f{number:05}" for number in range(3000)))
    folders = [Name("f1", True), Name("zoo", True)]
    names = ClientNames(
        Memory(lambda kind, *where: folders if kind == "directory" else machine.ask(kind, *where), budget=SOON),
        lambda: b"",
    )
    assert texts(names.folders_there("")) == ["f1", "zoo"]
    assert texts(names.folders_there("z")) == ["zoo"]
    assert not names.cut


def test_folders_among_few_files_are_not_asked_for_alone() -> None:
    machine = Machine("a")
    machine.names += [Name("b", True)]
    assert texts(machine.source().folders_there("")) == ["b"]
    assert [kind for kind, *_ in machine.asked] == ["path"]


def test_commands_are_asked_for_by_their_first_letter() -> None:
    machine = Machine("make", "man", "less")
    names = machine.source()
    assert texts(names.programs_there("ma")) == ["make", "man"]
    assert names.programs_there("") == []
    assert machine.asked == [("command", b"m", b"/home")]


def test_command_that_a_line_has_defined_is_known_behind_it() -> None:
    machine = Machine("putty")
    names = machine.source()
    assert names.still_knows("put") is False
    machine.names = [Name("put")]
    assert names.still_knows("put") is True


def test_what_was_known_of_a_command_counts_while_the_other_side_is_silent() -> None:
    machine = Machine("putty")
    memory = machine.memory()
    names = ClientNames(memory, lambda: b"")
    names.programs_there("p")
    machine.up.clear()
    memory._budget = 0
    assert names.still_knows("put") is False
    assert names.still_knows("cut") is None
    machine.up.set()


def test_forgotten_answers_are_asked_for_again() -> None:
    machine = Machine("a")
    memory = machine.memory()
    names = ClientNames(memory, lambda: b"")
    assert texts(names.there("a")) == ["a"]
    machine.names = [Name("ab")]
    memory.forget()
    assert texts(names.there("a")) == ["ab"]


def test_old_answers_are_given_while_the_other_side_is_slow() -> None:
    machine = Machine("a")
    memory = machine.memory(budget=0.01)
    names = ClientNames(memory, lambda: b"")
    while not names.there("a"):
        pass
    names.late = False
    machine.up.clear()
    memory.forget()
    assert texts(names.there("a")) == ["a"]
    assert not names.late
    machine.up.set()


def test_no_answer_is_late_and_asked_only_once() -> None:
    machine = Machine("a")
    machine.up.clear()
    names = machine.source(budget=0.01)
    assert names.there("a") == []
    assert names.late
    assert names.there("a") == []
    machine.up.set()
    while names.there("a") == []:
        pass
    assert len(machine.asked) == 1


def test_a_failure_is_no_answer() -> None:
    names = Machine().source()
    assert names.there("a") == []
    assert names.late


@pytest.mark.parametrize(
    ("word", "found"), [("re", ["README", "Report"]), ("Re", ["Report"]), ("RE", ["README"]), ("x", [])]
)
def test_matching_is_smart_about_case(word: str, found: list[str]) -> None:
    assert texts(matching([Name("README"), Name("Report")], word)) == found


def test_matching_takes_letters_and_their_accents_as_they_look() -> None:
    apart, joined = "e\u0301tude", "\u00e9t\u00e9"
    for word in ("\u00e9t", "e\u0301t"):
        assert texts(matching([Name(apart), Name(joined), Name("\u00c9t"), Name("et")], word)) == [apart, joined]
    assert texts(matching([Name("E\u0301tude")], "\u00e9t")) == ["E\u0301tude"]


def test_here_lists_files_of_this_machine(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    (tmp_path / "document").touch()
    (tmp_path / ".dot").touch()
    (tmp_path / os.fsdecode(b"\xff")).touch()
    names = Machine().source()
    assert list(names.here(f"{tmp_path}/d")) == [Name(f"{tmp_path}/dir", True), Name(f"{tmp_path}/document")]
    assert texts(names.here(f"{tmp_path}/.")) == [f"{tmp_path}/.dot"]
    assert texts(names.here(f"{tmp_path}/\udcff")) == [f"{tmp_path}/\udcff"]
    assert names.here(f"{tmp_path}/nowhere/x") == []


def test_programs_here_are_those_of_the_path() -> None:
    assert "ls" in texts(Machine().source().programs_here("ls"))


def test_the_parent_directory_is_offered_where_it_is_typed(tmp_path: Path) -> None:
    assert texts(Machine(".profile").source().there("..")) == [".."]
    assert texts(Machine("a/x").source().there("a/..")) == ["a/.."]
    assert texts(Machine("x").source().here(f"{tmp_path}/..")) == [f"{tmp_path}/.."]


def test_paths_are_asked_for_beside_arguments() -> None:
    machine = Machine("src/a1")
    machine.up.clear()
    names = machine.source(budget=0)
    assert names.arguments_there("make src/a") is None
    assert names.late
    assert texts(names.there("src/a")) == []  # it has been asked
    machine.up.set()
    names._memory._budget = SOON
    assert texts(names.there("src/a")) == ["src/a1"]
    assert [kind for kind, _, _ in machine.asked].count("path") == 1


def test_work_over_there_and_in_the_background_is_known() -> None:
    names = Machine("work", "world").source()
    names.background = lambda: [Name("1"), Name("12"), Name("2")]
    assert texts(names.transfers("1")) == ["1", "12"]
    assert texts(names.shells_there("wor")) == ["work", "world"]


def test_files_are_looked_at_again_after_a_while_and_commands_are_not() -> None:
    machine = Machine("made")
    names = ClientNames(Memory(machine.ask, budget=SOON, fresh=0), lambda: b"/home")
    assert texts(names.there("ma")) == texts(names.programs_there("ma")) == ["made"]
    machine.names = [Name("made"), Name("made-by-others")]
    assert texts(names.there("ma")) == ["made", "made-by-others"]
    assert texts(names.programs_there("ma")) == ["made"]
    machine.up.clear()
    machine.names = []
    patient = ClientNames(Memory(machine.ask, budget=0, fresh=0), lambda: b"/home")
    assert texts(patient.there("ma")) == [] and patient.late
    machine.up.set()
