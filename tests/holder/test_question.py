"""What a shell knows of how a line could go on; and that it is the same shell afterwards."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.holder import wire
from tests.holder.held import Held
from tests.machines import SOON


@pytest.fixture(params=["bash", "zsh", "sh"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Held]:
    held = Held(shutil.which(str(request.param)) or "", tmp_path)
    held.end()
    yield held
    held.close()


@pytest.fixture
def bash(tmp_path: Path) -> Iterator[Held]:
    held = Held(shutil.which("bash") or "", tmp_path)
    held.end()
    yield held
    held.close()


def begin(held: Held, kind: str, text: str) -> socket.socket:
    """Ask; give the way to the answer."""
    sock = held.place.connect()
    sock.settimeout(SOON)
    payload = kind.encode() + b"\0" + text.encode()
    sock.sendall(wire.HEAD.pack(wire.COMPLETE, len(payload)) + payload)
    return sock


def end(sock: socket.socket) -> list[str] | None:
    """Give the answers; None when the shell was not free to answer."""
    with sock:
        kind, length = wire.HEAD.unpack(sock.recv(wire.HEAD.size, socket.MSG_WAITALL))
        payload = sock.recv(length, socket.MSG_WAITALL)
    assert kind == wire.ANSWER
    return payload[1:].decode().split("\0")[:-1] if payload[0] else None


def ask(held: Held, kind: str, text: str) -> list[str]:
    """Ask; give the answers."""
    answers = end(begin(held, kind, text))
    assert answers is not None
    return answers


def wait_for(path: Path) -> None:
    """Wait for what another process makes."""
    deadline = time.monotonic() + SOON
    while not path.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)  # it can only be looked for again


def test_names_are_those_of_the_shell(bash: Held) -> None:
    bash.run("alias qqa=ls; qqf() { :; }; qqv=1; mkdir bin; echo > bin/qqc; chmod +x bin/qqc; PATH=$PATH:~/bin")
    assert ask(bash, "command", "qq") == ["aqqa", "fqqf", "cqqf", "cqqc"]
    assert ask(bash, "variable", "qq") == ["vqqv"]
    assert "kwhile" in ask(bash, "command", "whi")
    assert "bexport" in ask(bash, "command", "expo")


ZSH_RC = r"""
autoload -Uz compinit; compinit -D
_qq() { local -a them; them=('alpha:the first' 'beta:the second' 'al pha:with a blank'); _describe thing them }
_noisy() { print loud; read x; x=5; cd /; compadd -S= noise }
compdef _qq qq; compdef _noisy noisy; alias q=qq
"""


def test_arguments_are_those_of_zshs_own_completion_in_a_shell_that_stays_the_same(tmp_path: Path) -> None:
    (tmp_path / ".zshrc").write_text(ZSH_RC)
    (tmp_path / "a dir").mkdir()
    (tmp_path / "it's").touch()
    held = Held(shutil.which("zsh") or "", tmp_path)
    held.end()
    assert ask(held, "argument", "qq a") == ["walpha", r"wal\ pha"]
    assert ask(held, "argument", "true; q b") == ["wbeta"]
    assert ask(held, "argument", "noisy n") == ["Wnoise="]
    assert ask(held, "argument", "ls a") == ["da dir"]
    assert ask(held, "argument", "ls ~/'a") == ["d~/a dir"]
    assert ask(held, "argument", "ls i") == ["pit's"]
    assert held.run("echo $x $PWD; whence -w compadd; jobs") == (0, f"{tmp_path}\ncompadd: builtin\n")
    held.run("_qq() { while :; do :; done }")
    assert ask(held, "argument", "qq a") == []
    assert held.run("echo on") == (0, "on\n")
    held.close()


def test_names_of_zsh_are_those_of_the_shell(tmp_path: Path) -> None:
    held = Held(shutil.which("zsh") or "", tmp_path)
    held.end()
    held.run("alias qqa=ls; qqf() { :; }; qqv=1")
    assert ask(held, "command", "qq") == ["aqqa", "fqqf"]
    assert ask(held, "variable", "qq") == ["vqqv"]
    held.close()


@pytest.mark.parametrize("name", ["bash", "zsh"])
def test_values_are_those_of_the_shell(name: str, tmp_path: Path) -> None:
    held = Held(shutil.which(name) or "", tmp_path)
    held.end()
    held.run("name='a b'; empty=")
    for variable, answers in {"name": ["wa b"], "empty": ["w"], "none_such": [], "x[$(touch ran)]": [], "": []}.items():
        assert ask(held, "value", variable) == answers
    assert not (tmp_path / "ran").exists()
    held.close()


@pytest.mark.parametrize(
    ("specification", "line", "answers"),
    [
        ("complete -W 'alpha beta' tool", "tool a", ["walpha"]),
        ("w='one two'; complete -W '$w' tool", "tool ", ["wone", "wtwo"]),
        (
            "_t() { COMPREPLY=($1 $2 $3 $COMP_CWORD ${COMP_WORDS[1]}); }; complete -F _t tool",
            "tool x y",
            ["wtool", "wy", "wx", "w2", "wx"],
        ),
        ("_t() { COMPREPLY=(ab); compopt -o nospace; }; complete -F _t tool", "tool a", ["Wab"]),
        ("complete -o nosort -W 'beta alpha' tool", "tool ", ["o", "wbeta", "walpha"]),
        ("_t() { complete -W 'late' tool; return 124; }; complete -F _t tool", "tool l", ["wlate"]),
        ("_t() { COMPREPLY=(b); }; complete -F _t tool", "tool --a=", ["w--a=b"]),
        ("mkdir dir; touch dat; complete -f -o filenames tool", "tool d", ["ddir", "pdat"]),
        ("complete -C 'echo' tool", "tool a", ["wtool a tool"]),
        ("complete -W 'alpha' tool; alias t='tool -x'", "t a", ["walpha"]),
        ("_d() { complete -W 'dyn' $1; return 124; }; complete -D -F _d", "any d", ["wdyn"]),
        (":", "nosuchcommand x", []),
    ],
)
def test_arguments_are_those_of_the_specification(
    bash: Held, specification: str, line: str, answers: list[str]
) -> None:
    bash.run(specification)
    assert sorted(ask(bash, "argument", line)) == sorted(answers)


def test_arguments_come_from_the_library_of_specifications(held: Held) -> None:
    assert "w--color" in ask(held, "argument", "ls --col")


def test_nothing_is_left_behind(held: Held) -> None:
    held.run("x=1; trap 'echo failed' ERR 2>/dev/null; (exit 3); set -- a b")
    before = held.run("echo $? $# $x; set | grep -c rsh; jobs; (exit 5)")
    ask(held, "command", "e")
    ask(held, "argument", "ls --col")
    status, output = held.run("echo $?")
    assert (status, output) == (0, "5\n")
    assert before[1].splitlines()[0].endswith("2 1")


def test_specification_that_meddles_changes_nothing_and_prints_nothing(bash: Held) -> None:
    bash.run("x=1; _t() { x=2; cd /; echo out; echo err >&2; kill %1; exit 9; }")
    bash.run("complete -F _t tool; (exit 7)")
    ask(bash, "argument", "tool ")
    assert bash.run("echo $? $x $PWD; jobs") == (0, f"7 1 {bash.directory.decode()}\n")


def test_specification_that_hangs_is_ended(bash: Held) -> None:
    bash.run("_t() { sleep 300; }; complete -F _t tool")
    assert ask(bash, "argument", "tool ") == []
    assert bash.run("echo on; jobs") == (0, "on\n")


def test_line_does_not_wait_for_a_question(bash: Held, tmp_path: Path) -> None:
    bash.run("_t() { mkdir begun; sleep 300; }; complete -F _t tool; (exit 3)")
    question = begin(bash, "argument", "tool ")
    wait_for(tmp_path / "begun")
    assert bash.run("echo $?; jobs") == (0, "3\n")
    assert end(question) == []


def test_copy_that_answers_is_no_job(bash: Held) -> None:
    """Jobs are counted when something is printed that could be the word of one's end; this one ends a moment later."""
    bash.run("_t() { mkdir begun; while kill -0 $!; do sleep 0.01; done; }; complete -F _t tool")
    bash.run("{ until [ -e begun ]; do sleep 0.01; done; echo '[x'; } &")
    bash.until_jobs(1)
    assert ask(bash, "argument", "tool ") == []
    bash.until_jobs(0)


def test_shell_that_runs_a_line_is_not_asked(bash: Held) -> None:
    bash.begin("echo on; read x")
    bash.until("on")
    assert end(begin(bash, "command", "e")) is None
    bash.type(b"\n")
    assert bash.end()[0] == 0


def test_questions_of_no_kind_are_not_asked(bash: Held) -> None:
    assert end(begin(bash, "'; echo evil; '", "e")) is None


def test_what_is_typed_for_a_line_that_waits_for_a_question_reaches_it(bash: Held, tmp_path: Path) -> None:
    bash.run("_t() { mkdir begun; sleep 300; }; complete -F _t tool")
    question = begin(bash, "argument", "tool ")
    wait_for(tmp_path / "begun")
    bash.begin("read x; echo got $x")
    bash.type(b"typed\n")
    assert bash.end()[1].endswith("got typed\n")
    question.close()
