from __future__ import annotations

from pathlib import Path

from rsh.protocol.answer_records import Candidate
from rsh.server import completing


def test_paths_keep_what_was_typed_before_them(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "alpha").touch()
    (tmp_path / "sub" / "beta").touch()
    found = list(completing.paths(b"sub/al", bytes(tmp_path), b"/"))
    assert found == [Candidate(b"sub/alpha", False)]
    assert list(completing.paths(b"su", bytes(tmp_path), b"/")) == [Candidate(b"sub", True)]


def test_hidden_files_come_only_after_a_dot(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    assert list(completing.paths(b"", bytes(tmp_path), b"/")) == []
    assert list(completing.paths(b".h", bytes(tmp_path), b"/")) == [Candidate(b".hidden", False)]


def test_home_is_understood(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert list(completing.paths(b"~/f", b"/nowhere", bytes(tmp_path))) == [Candidate(b"~/file", False)]


def test_commands_are_programs_and_words_of_the_shell(tmp_path: Path) -> None:
    program, data = tmp_path / "exp-program", tmp_path / "exp-data"
    program.touch(mode=0o755)
    data.touch(mode=0o644)
    found = [candidate.text for candidate in completing.commands(b"exp", bytes(tmp_path))]
    assert found == [b"exp-program", b"export"]


def test_places_that_are_not_there_have_nothing(tmp_path: Path) -> None:
    assert list(completing.paths(b"no/x", bytes(tmp_path), b"/")) == []
    assert list(completing.commands(b"zzz", b"/nonexistent:")) == []


def test_accounts_and_links_are_told(tmp_path: Path) -> None:
    assert Candidate(b"~root", True, "user") in list(completing.paths(b"~ro", bytes(tmp_path), b"/"))
    (tmp_path / "link").symlink_to("nowhere")
    link = Candidate(b"link", link=True)
    assert list(completing.paths(b"l", bytes(tmp_path), b"/")) == [link]
    assert list(completing.candidates_of([b"plink"], bytes(tmp_path), b"/")) == [link]
    assert list(completing.candidates_of([b"p~root"], bytes(tmp_path), b"/")) == [Candidate(b"~root", True, "user")]


def test_answers_of_a_shell_are_in_order_of_their_names_unless_it_has_its_own() -> None:
    answers = [b"wb", b"fa", b"bc", b"ka"]
    for given, texts in ((answers, [b"a", b"b", b"c"]), ([b"o", *answers], [b"b", b"a", b"c"])):
        found = list(completing.candidates_of(given))
        assert [candidate.text for candidate in found] == texts
        assert Candidate(b"a", False, "function") in found
