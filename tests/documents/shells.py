"""Asks the shells, which are not interactive for it, how a line could go on."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

COMPLETIONS = Path(__file__).parent.parent.parent / "completions"
SOON = 60.0  # seconds

# Cuts each line as readline does, at blanks and at : and = which are words of their own, and calls the function.
BASH = r"""
source "$1"; function=$2; shift 2
for line; do
    COMP_LINE=$line COMP_POINT=${#line} COMP_WORDS=()
    while [[ -n $line ]]; do
        case $line in
            " "*) line=${line# }; [[ -z $line ]] && COMP_WORDS+=("") ;;
            [:=]*) COMP_WORDS+=("${line:0:1}"); line=${line:1}; [[ -z $line ]] && COMP_WORDS+=("") ;;
            *) word=${line%%[ :=]*}; COMP_WORDS+=("$word"); line=${line:${#word}} ;;
        esac
    done
    COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMPREPLY=()
    $function
    printf '%s\n' "${COMPREPLY[@]}" "---"
done
"""

FISH = r"""
source $argv[1]
for line in $argv[2..-1]
    complete -C $line
    echo ---
end
"""

# Prints what each function would hand to _arguments: the specifications, their braces expanded.
ZSH = r"""
_arguments() { print -rl -- "$@" }
words=(rsh) CURRENT=1
source $1 >/dev/null; shift
for function; do
    $function
    print -r -- ---
done
"""

_SPECIFICATION = re.compile(r"(?:\([^)]*\)|\*)*(--?[\w-]+?)[+=]?\[")


def bash(file: str, function: str, *lines: str, environment: Mapping[str, str] | None = None) -> list[list[str]]:
    """Give what bash would offer for each line."""
    return _answers(["bash", "--norc", "-c", BASH, "bash", str(COMPLETIONS / file), function, *lines], environment)


def fish(file: str, *lines: str, environment: Mapping[str, str] | None = None) -> list[list[str]]:
    """Give what fish would offer for each line, without the descriptions."""
    answers = _answers(["fish", "--no-config", "-c", FISH, str(COMPLETIONS / file), *lines], environment)
    return [[line.partition("\t")[0] for line in answer] for answer in answers]


def zsh_options(file: str, *functions: str) -> list[set[str]]:
    """Give the options that some functions would offer in zsh."""
    answers = _answers(["zsh", "-f", "-c", ZSH, "zsh", str(COMPLETIONS / file), *functions], None)
    return [{found[1] for line in answer if (found := _SPECIFICATION.match(line))} for answer in answers]


def with_rsh(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Give an environment in which `rsh` is the client of the tree under test."""
    folder.mkdir()
    program = folder / "rsh"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m rsh "$@"\n')
    program.chmod(0o755)
    patient = folder / "timeout"  # Two seconds are much for a user, and little for a machine that runs all the tests.
    patient.write_text('#!/bin/sh\nshift\nexec "$@"\n')
    patient.chmod(0o755)
    return {**environment, "PATH": f"{folder}:{environment['PATH']}"}


def _answers(command: Sequence[str], environment: Mapping[str, str] | None) -> list[list[str]]:
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SOON
    )
    complaints = [line for line in done.stderr.splitlines() if "compopt" not in line]  # it is not called by readline
    assert not complaints, complaints
    return [answer.splitlines() for answer in done.stdout.replace("---\n", "\0").split("\0")[:-1]]
