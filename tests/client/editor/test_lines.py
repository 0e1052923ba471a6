"""Lines of the prompt: whose they are (R1-R5) and when they are whole (R6)."""

from __future__ import annotations

import os

import pytest

from rsh.client.editor.lines import Local, Nothing, Ours, Remote, find_by_prefix, is_unfinished, read_line
from rsh.errors import UsageError


def ours(text: str) -> Ours:
    line = read_line(text)
    assert isinstance(line, Ours)
    return line


@pytest.mark.parametrize("text", ["", "   ", "\t\n", "# a comment", "  #x"])
def test_nothing_when_there_is_no_command(text: str) -> None:
    assert read_line(text) == Nothing()


@pytest.mark.parametrize(("text", "command"), [("!ls -l", "ls -l"), ("!", ""), (" ! ls | wc", "ls | wc")])
def test_local_after_an_exclamation_mark(text: str, command: str) -> None:
    assert read_line(text) == Local(command)


@pytest.mark.parametrize(
    "text",
    [
        "cd /tmp",
        "pwd",
        "rm -rf x",
        "cat a",
        "kill %1",
        "history",
        "alias a=b",
        "set -o vi",
        "source x",
        "mkdir a",
        "mv a b",
        ": nothing",
        ":",
        ":\tx",
        "true:false",
        "\\ls",
        "'ls'",
        "command ls",
        "ls; pwd",
        "/bin/ls",
        "exec zsh",
        "if true; then ls; fi",
    ],
)
def test_remote_when_it_is_not_ours(text: str) -> None:
    assert read_line(text) == Remote(text)


@pytest.mark.parametrize(
    "text", ["ls | wc -l", "put x > y", "ls $HOME", "ls `pwd`", "ls &", "ls {a,b}", "ls a\nls b", "exit; ls"]
)
def test_remote_when_a_shell_is_needed(text: str) -> None:
    assert read_line(text) == Remote(text)


def test_remote_text_is_untouched() -> None:
    assert read_line("  echo  'a\n b' ") == Remote("  echo  'a\n b' ")


def test_ls_goes_to_the_program_when_an_option_is_not_ours() -> None:
    assert read_line("ls --zero") == Remote("ls --zero")
    assert ours("ls -la src").options.long


@pytest.mark.parametrize("text", ["put --zero a", ":ls --zero", "get", "lcd a b"])
def test_wrong_arguments_are_refused_with_advice(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_line(text)
    assert "help" in caught.value.advice


@pytest.mark.parametrize(
    ("text", "name"),
    [("put a", "put"), (":put a", "put"), (":rm -r a", "rm"), (":mk a", "mkdir"), ("quit", "exit"), (":?", "help")],
)
def test_ours_by_name_and_by_unique_beginning(text: str, name: str) -> None:
    assert ours(text).command.name == name


def test_words_are_read_as_a_shell_reads_them() -> None:
    assert ours("put 'a b' \"it's\" c\\ d $'x\\ny' dst").options.paths == ["a b", "it's", "c d", "x\ny", "dst"]
    assert ours("put -- -a").options.paths == ["-a"]
    assert ours("get $'\\xff'").options.paths == ["\udcff"]


def test_quoted_wildcards_and_tildes_stand_for_themselves() -> None:
    assert ours(":rm '*' \\?").options.paths == ["[*]", "[?]"]
    assert ours("get *.c '~/a*' '[x]'").options.paths == ["*.c", "./~/a[*]", "[x]"]
    assert ours("get '*.c' -t '[x]'").options.paths == ["[*].c"]
    assert ours(":mv '[a]' '[b]'").options.paths == ["[[]a[]]", "[b]"]


@pytest.mark.parametrize(
    ("text", "message", "advice"),
    [
        (":ptu a", "no command ':ptu'", "did you mean ':put'?"),
        (":zzzzz", "no command ':zzzzz'", "all commands: help"),
        (":l", ":l may be :ls, :ln, :lcd, :lls, :lpwd, :lmkdir", ""),
        (":ls | wc", ":ls: '|' means something to a shell only", "quote it"),
        (":ls 'a", ":ls: a quote is not closed", ""),
    ],
)
def test_unknown_and_wrong_names_are_told(text: str, message: str, advice: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_line(text)
    assert message in str(caught.value)
    assert advice in caught.value.advice


def test_exact_name_wins_over_a_longer_one() -> None:
    assert find_by_prefix("ls").name == "ls"


@pytest.mark.parametrize(
    "text", ["echo 'a", "for i in a; do", "cat <<E\nx", "ls |", "put 'a", "a \\", "!ls \\", "!echo 'a"]
)
def test_unfinished_when_more_must_come(text: str) -> None:
    assert is_unfinished(text)


@pytest.mark.parametrize("text", ["", "ls", "!echo 'a'", "# it's", "cat <<E\nx\nE", "put a"])
def test_finished_when_it_can_run(text: str) -> None:
    assert not is_unfinished(text)


@pytest.mark.parametrize(
    ("text", "finished"),
    [
        ("f() { ls }", True),
        ("{ a } always { b }", True),
        ("f() { echo '}'", False),
        ("{ a {} ", False),
        ("!f() { a }", False),
    ],
)
def test_brace_closes_in_zsh_wherever_it_stands_alone(text: str, finished: bool) -> None:
    assert is_unfinished(text)
    assert is_unfinished(text, lambda: True) != finished


def test_lls_leaves_the_rest_to_the_shell_here() -> None:
    assert ours("lls -l '*.c' | head").options.words == ["-l '*.c' | head"]
    assert ours("lls").options.words == [""]


def test_tilde_is_expanded_where_the_path_is() -> None:
    home = os.path.expanduser("~")
    assert ours("put ~/a '~/b' ~/c").options.paths == [home + "/a", "./~/b", "~/c"]
    assert ours("get ~/a ~/b").options.paths == ["~/a", home + "/b"]
    assert ours("get ~/a -t ~/b").options.target == home + "/b"
    assert ours("lcd ~/a").options.path == home + "/a"


@pytest.mark.parametrize("text", ["put a b &", "get a&", ":sync a :b &", ":mput *.c &  "])
def test_a_transfer_goes_to_the_background_by_an_ampersand_at_its_end(text: str) -> None:
    assert ours(text).background
    assert not ours(text.rstrip(" &")).background


@pytest.mark.parametrize("text", ["put a & b", "put a && b", "put a | b &", "ls &", "put a &\nput b"])
def test_any_other_ampersand_is_for_the_shell_there(text: str) -> None:
    assert read_line(text) == Remote(text)


def test_command_that_names_a_host_elsewhere_needs_none_here() -> None:
    line = read_line(":attach work")
    assert isinstance(line, Ours)
    assert (line.command.name, line.options.shell) == ("attach", "work")
