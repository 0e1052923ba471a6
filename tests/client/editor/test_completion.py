"""Completion as a function of text (R19-R21)."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from rsh.client.editor.completion import complete
from rsh.client.editor.name import Name
from rsh.client.editor.place import Completion

HERE = [Name("local.txt"), Name("src", True), Name("my file"), Name("it's"), Name("~odd"), Name("a\nb"), Name("\udcff")]
THERE = [Name("remote.txt"), Name("log", True), Name("logs", True), Name("lo g"), Name("~/notes x"), Name("~/\x1b[m")]
BELOW = [Name("log/main"), Name("log/many", True)]
LINKS = [Name("lnk", link=True), Name("lnkd", True, link=True), Name("~ann", True, "user")]


class FixedNames:
    """Names that are always the same."""

    late = False

    def here(self, word: str) -> Iterable[Name]:
        return [name for name in HERE if name.text.startswith(word)]

    def there(self, word: str) -> Iterable[Name]:
        known = BELOW if "log/" in word else THERE + LINKS
        return [name for name in known if name.text.startswith(word)]

    def programs_here(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("less", "local-tool") if name.startswith(word)]

    def programs_there(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("ls", "less", "grep", "cd", "make", "put") if name.startswith(word)]

    def variables_there(self, word: str) -> Iterable[Name]:
        return [Name(name) for name in ("HOME", "HOSTNAME", "x\x1b") if name.startswith(word)]

    def value_there(self, name: str) -> str | None:
        return {"LOG": "log", "TOP": "", "HERE": "~", "A_B": "lo g"}.get(name)

    def arguments_there(self, line: str) -> Iterable[Name]:
        known = {
            "git ch": [Name("checkout", raw=True), Name("cherry=", raw=True, goes_on=True), Name("ch\x1b", raw=True)],
            "git add lo": [Name("log", True), Name("lo g")],
        }
        return known.get(line, [])


def completed(text: str) -> list[str]:
    """Give the lines that completion can make of a text."""
    return [text[: each.start] + each.text for each in complete(text, FixedNames())]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("put lo", ["put local.txt "]),
        ("put s", ["put src/"]),
        ("put local.txt rem", ["put local.txt remote.txt "]),
        ("put local.txt sr", ["put local.txt src/"]),
        ("put -t log lo", ["put -t log local.txt "]),
        ("put -t lo", ["put -t log/", "put -t logs/"]),
        ("get rem", ["get remote.txt "]),
        ("get remote.txt lo", ["get remote.txt local.txt "]),
        (":get rem", [":get remote.txt "]),
        (":g rem", [":g remote.txt "]),
        ("ls lo", ["ls log/", "ls logs/", "ls lo\\ g "]),
        ("lcd s", ["lcd src/"]),
        ("lcd lo", []),
        ("lcd src ", []),
        ("lls -l lo", ["lls -l local.txt "]),
        ("help pu", ["help put "]),
        (":sum -a sh", [":sum -a sha256 "]),
        ("ls --hu", ["ls --human-readable "]),
        ("ls -- --hu", []),
        ("put --on-conflict=sk", ["put --on-conflict=skip "]),
    ],
)
def test_arguments_of_our_commands(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("gr", ["grep "]),
        ("pu", ["put "]),
        ("l", ["ls ", "lcd ", "lls ", "lpwd ", "lmkdir ", "less "]),
        ("sudo=1 gr", ["sudo=1 grep "]),
        ("cat remote.txt | gr", ["cat remote.txt | grep "]),
        ("cat remote.txt | put", ["cat remote.txt | put "]),
        ("a && (gr", ["a && (grep "]),
        ("echo $(gr", ["echo $(grep "]),
        ('echo "$(cat rem', ['echo "$(cat remote.txt ']),
        ("cat rem", ["cat remote.txt "]),
        ("cat > rem", ["cat > remote.txt "]),
        ("cat >rem", ["cat >remote.txt "]),
        ("cd lo", ["cd log/", "cd logs/"]),
        ("make x; cd lo", ["make x; cd log/", "make x; cd logs/"]),
        ("ls log | less rem", ["ls log | less remote.txt "]),
        (":pu", [":put "]),
        ("!le", ["!less "]),
        ("!less lo", ["!less local.txt "]),
        ("  !less lo", ["  !less local.txt "]),
    ],
)
def test_words_of_a_shell_line(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


@pytest.mark.parametrize("text", ["", " ", "cat $HO", "# rem", "cat <<E\nrem", "cat rem\\", "echo `", "cat ${rem"])
def test_nothing_is_offered_where_nobody_knows(text: str) -> None:
    assert [line for line in completed(text) if "remote" in line or "local" in line] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("put my", ["put my\\ file "]),
        ("put my\\ f", ["put my\\ file "]),
        ("put 'my f", ["put 'my file' "]),
        ('put "my', ['put "my file" ']),
        ("put it", ["put it\\'s "]),
        ("put 'it", ["put 'it'\\''s' "]),
        ("put a", ["put $'a\\nb' "]),
        ("put 'sr", ["put 'src/"]),
        ("put \udcff", ["put $'\\xff' "]),
        ("put \\~o", ["put ./~odd "]),
        ("cat ~/no", ["cat ~/notes\\ x "]),
        ("cat ~a", ["cat ~ann/"]),
        ("cat \\~a", []),
        ("cat lo*", ["cat log logs lo\\ g "]),
        ("cat x >lo?", ["cat x >log "]),
        ("cat 'lo*", []),
        ("cat lo\\*", []),
        ("cat ~/n*", ["cat ~/notes\\ x "]),
        ("cat nothing*", []),
        ("put *.txt", ["put local.txt "]),
        ("get [q-s]*", ["get remote.txt "]),
        ("!cat *y*", ["!cat my\\ file "]),
        ("cat ~/'no", ["cat ~/'notes x' "]),
        ("cat l*g/ma", ["cat log/main ", "cat log/many/"]),
        ("cat lo[g]/m*", ["cat log/main log/many "]),
        ("cat */mai", ["cat log/main "]),
        ("cat nothing*/m", []),
        ("cd l*/m", ["cd log/many/"]),
        ("cat 'l'*/mai", ["cat log/main "]),
        ("cat \\*/mai", []),
    ],
)
def test_names_are_quoted_as_the_user_has_begun(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


def test_what_is_shown_has_no_control_characters() -> None:
    assert [each.shown for each in complete("cat ~/\x1b", FixedNames())] == ["$'\\x1b[m'"]


def test_directories_and_commands_are_told_apart() -> None:
    assert complete("get log", FixedNames())[0] == Completion(4, "log/", "log/", directory=True)
    assert complete("lpw", FixedNames())[0].about == "Print the directory here"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("git ch", ["git checkout ", "git cherry="]),
        ("true; git ch", ["true; git checkout ", "true; git cherry="]),
        ("git add lo", ["git add log/", "git add lo\\ g "]),
        ("git add re", ["git add remote.txt "]),
        ("git ch > lo", ["git ch > log/", "git ch > logs/", "git ch > lo\\ g "]),
        ("!git ch", []),
    ],
)
def test_arguments_as_the_shell_knows_them_come_before_paths(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("echo $HO", ["echo $HOME", "echo $HOSTNAME"]),
        ("echo ${HOM", ["echo ${HOME}"]),
        ('echo "a $HOM', ['echo "a $HOME']),
        ("echo '$HOM", []),
        ("echo \\$HOM", []),
        ("echo $x", []),
        ("cat $LOG/ma", ["cat $LOG/main ", "cat $LOG/many/"]),
        ("cat ${LOG}/mai", ["cat ${LOG}/main "]),
        ('cat "$LOG/mai', ['cat "$LOG/main" ']),
        ('cat "${TOP}log/man', ['cat "${TOP}log/many/']),
        ("cd $LOG/", ["cd $LOG/many/"]),
        ("cat '$LOG/mai", []),
        ("cat \\$LOG/mai", []),
        ("cat $NONE/mai", []),
        ("cat $HERE/no", []),
        ("cat $(x)/$LOG/mai", []),
        ("cat >$LOG/mai", ["cat >$LOG/main "]),
        ("cat $LOG/x$HO", ["cat $LOG/x$HOME", "cat $LOG/x$HOSTNAME"]),
    ],
)
def test_variables_are_those_of_the_shell(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


def test_symbolic_links_are_marked() -> None:
    assert [each.shown for each in complete("cat ln", FixedNames())] == ["lnk@", "lnkd@"]
    assert completed("cat lnkd") == ["cat lnkd/"]
