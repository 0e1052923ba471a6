"""The scanner: words, what is unfinished, where commands stand."""

from __future__ import annotations

import os
import subprocess

import pytest

from rsh.client.text.syntax import Scan


def texts(line: str) -> list[str]:
    return [word.text for word in Scan(line).words]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("put a b", ["put", "a", "b"]),
        ("put 'a b' \"c d\" e\\ f", ["put", "a b", "c d", "e f"]),
        ("put $'a\\nb\\xff'", ["put", "a\nb\udcff"]),
        ("put $'\\xc3\\xa9\\u00e9\\351' ''", ["put", "éé\udce9", ""]),
        ("put \"a\\\"b\\q\" 'it'\\''s'", ["put", 'a"b\\q', "it's"]),
        ("put a\\\nb", ["put", "ab"]),
        ("put -- -a", ["put", "--", "-a"]),
        ("echo \"$(ls 'a b')\" $((1 << 2))", ["echo", "$(ls 'a b')", "$((1 << 2))"]),
    ],
)
def test_words_as_a_shell_splits_them(line: str, words: list[str]) -> None:
    assert texts(line) == words


@pytest.mark.parametrize("line", ["a 'b  c'\\ d \"e'f\" g", "$'x\\ty' \\$z '\"' a#b", 'a\\\\ "b\\$c" ~ é'])
def test_words_equal_those_of_bash(line: str) -> None:
    found = subprocess.run(["bash", "-c", f"printf '%s\\0' {line}"], capture_output=True, check=True).stdout
    assert [os.path.expanduser(text) for text in texts(line)] == found.decode().split("\0")[:-1]


@pytest.mark.parametrize(
    "line",
    [
        "echo 'a",
        'echo "a',
        "echo a\\",
        "echo $'a",
        "cat <<EOF",
        "cat <<EOF\na\nEO",
        "cat <<-'E O'\n\ta\n\tE",
        "if true",
        "if true; then",
        "for i in a b; do",
        "while :; do if x; then y; fi",
        "case x in a) b;;",
        "f() {",
        "(cd a",
        "echo $(ls",
        "echo `ls",
        'echo "$(ls',
        "echo ${a",
        "echo $((1 +",
        "((1 +",
        "a |",
        "a &&",
        "a ||\n",
        "{ a;",
        'echo "${a',
    ],
)
def test_wants_more_when_unfinished(line: str) -> None:
    assert Scan(line).wants


@pytest.mark.parametrize(
    "line",
    [
        "",
        "a",
        "echo 'a' \"b\" \\\\",
        "cat <<EOF\nif '\nEOF",
        "cat <<-E\n\tx\n\tE\n",
        "if a; then b; else c; fi",
        "echo if for {",
        "for i in a; do b; done",
        "case x in a) b;; (c) d;; esac",
        "f() { a; }",
        "(a; b) && c",
        "echo $(a $(b)) `c`",
        "a | b",
        'echo "$(a "b")" ${c} $((1 << 2))',
        "((x << 1))",
        "# it's",
        "a # 'b",
        "echo a#'b'",
        "x=1 y",
        "time { a; }",
        "a &",
        "if a",
    ],
)
def test_is_whole_as_bash_sees_it(line: str) -> None:
    accepted = subprocess.run(["bash", "-n"], input=line.encode(), capture_output=True, check=False).returncode == 0
    assert bool(Scan(line).wants) != accepted


@pytest.mark.parametrize(
    ("line", "syntax"),
    [
        ("ls | wc", "|"),
        ("put x > y", ">"),
        ("ls $HOME", "$"),
        ("ls `a`", "`"),
        ("ls a;b", ";"),
        ("ls {a,b}", "{"),
        ("ls 2>x", ">"),
        ("ls '|' \"|\" \\|", ""),
        ("ls *.[ch]? ~x", ""),
        ("ls '$a' {} a$ {x}", ""),
        ("ls # a", "#"),
        ("ls a#b", ""),
        ("ls &", "&"),
    ],
)
def test_syntax_is_seen_only_unquoted(line: str, syntax: str) -> None:
    assert Scan(line).syntax == syntax


@pytest.mark.parametrize(
    ("line", "commands"),
    [
        ("sudo x | grep y && z a", ["sudo", "grep", "z"]),
        ("A=1 B=2 run x", ["A=1", "B=2", "run"]),
        ("if true; then ls; fi", ["if", "true", "then", "ls", "fi"]),
        ("> out run x", ["run"]),
        ("echo x 2> err; b", ["echo", "b"]),
        ("echo $(cd a; make x", ["cd", "make"]),
    ],
)
def test_words_know_where_commands_stand(line: str, commands: list[str]) -> None:
    assert [word.text for word in Scan(line).words if word.command] == commands


def test_quoted_wildcards_are_harmless_in_the_pattern() -> None:
    words = Scan("'*'.c *.c '~'/x ~/x '[a]'").words
    assert [word.pattern for word in words] == ["[*].c", "*.c", "./~/x", "~/x", "[[]a[]]"]


def test_a_long_line_is_read_quickly() -> None:
    line = "printf %s 'x' \"" + "y" * 1_000_000 + '" $z'
    assert len(Scan(line).words) == 5
