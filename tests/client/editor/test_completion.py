"""Completion as a function of text (R19-R21)."""

from __future__ import annotations

import pytest

from tests.client.editor.fixed_names import completed


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


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("x=re", ["x=remote.txt "]),
        ("x='lo ", ["x='lo g' "]),
        ("true; a[1]+=re", ["true; a[1]+=remote.txt "]),
        ("P=/a:re", ["P=/a:remote.txt "]),
        ("P='a:re", []),
        ("x=$LOG/ma", ["x=$LOG/main ", "x=$LOG/many/"]),
        ("x=$HOS", ["x=$HOSTNAME"]),
        ("y=1 x=re", ["y=1 x=remote.txt "]),
        ("x=(re", []),
        ("'x'=re", []),
    ],
)
def test_value_of_an_assignment_is_a_path(text: str, lines: list[str]) -> None:
    assert completed(text) == lines


@pytest.mark.parametrize("text", ["", " ", "cat $HO", "# rem", "cat <<E\nrem", "cat rem\\", "echo `", "cat ${rem"])
def test_nothing_is_offered_where_nobody_knows(text: str) -> None:
    assert [line for line in completed(text) if "remote" in line or "local" in line] == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("git ch", ["git checkout ", "git cherry="]),
        ("true; git ch", ["true; git checkout ", "true; git cherry="]),
        ("git add lo", ["git add log/", "git add lo\\ g "]),
        ("git add re", ["git add remote.txt "]),
        ("git rm lo", ["git rm log/", "git rm lo\\ g "]),
        ("git rm .", ["git rm .config "]),
        ("late ch", []),
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
