"""What the shells do with a line must be what they do at a terminal of this machine."""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.holder.held import Held, printed_locally
from tests.machines import wait_until_gone
from tests.soak import sized

BOTH = ("bash", "zsh")
ALL = ("bash", "zsh", "sh")

# Rows of lines, and the shells they are for.
ROWS = {
    "status": (ALL, ["(exit 42)", "echo $?"]),
    "here-string": (("bash",), ["true <<<x | (exit 5)", "echo ${PIPESTATUS[@]}", "cat <<<a\necho b"]),
    "last word": (BOTH, ["echo a b", "echo $_", "echo $_ c", "echo $_"]),
    "pipeline": (("bash",), ["true | false | (exit 7)", "echo ${PIPESTATUS[@]} $?", "echo ${PIPESTATUS[@]}"]),
    "pipeline of zsh": (("zsh",), ["true | false | (exit 7)", "echo $pipestatus $?", "echo $pipestatus"]),
    "pipeline that went well": (
        ("bash",),
        [
            *("(exit 3) | true", "echo ${PIPESTATUS[@]} $?", "! true", "echo ${PIPESTATUS[@]} $?"),
            *("! false | true", "echo ${PIPESTATUS[@]} $?"),
        ],
    ),
    "pipeline of zsh that went well": (
        ("zsh",),
        [
            *("(exit 3) | true", "echo $pipestatus $?", "! true", "echo $pipestatus"),
            *("! false | true", "echo $pipestatus $?"),
        ],
    ),
    "pipeline and errexit": (
        ("bash",),
        ["set -eE; trap 'echo ERR' ERR", "(exit 4) | true", "echo ${PIPESTATUS[@]} $?"],
    ),
    "pipefail": (
        ("bash",),
        [
            *("set -o pipefail", "false | (exit 4) | true", "echo ${PIPESTATUS[@]} $?"),
            *("! false | true", "echo ${PIPESTATUS[@]} $?"),
        ],
    ),
    "pipefail of zsh": (
        ("zsh",),
        ["set -o pipefail", "false | (exit 4) | true", "echo $pipestatus $?", "! false | true", "echo $pipestatus $?"],
    ),
    "restricted": (
        ("bash",),
        ["set -r", "cd /", "(exit 3) | false", "echo ${PIPESTATUS[@]} $?; >f", "set -x", "echo $?", "set -e; false"],
    ),
    "restricted zsh": (
        ("zsh",),
        ["setopt restricted", "cd /", "(exit 3)", "echo $?; >f", "echo a | cat", "sleep 60 & true"],
    ),
    "aliases": (ALL, ["alias ll='echo aliased'", "ll", "unalias ll", "alias eval=echo printf=echo", "echo on"]),
    "functions": (ALL, ["f() { echo f $1; return 3; }", "f x", "echo $?", "unset -f f"]),
    "names of builtins": (("bash",), ["eval() { :; }; printf() { :; }; set() { :; }; trap() { :; }", "echo on"]),
    "here-document": (ALL, ["cat <<E\nhi $((1+1))\nE", "echo $?", "cat <<'A B'\nx\nA B"]),
    "several lines": (ALL, ["for i in 1 2; do\necho $i\ndone", "echo a; echo b\necho c"]),
    "comments": (("bash", "sh"), ["echo a # comment", "# nothing", "echo b"]),
    "open ends": (ALL, ["true &&\necho a", "f() \n{ echo b; }", "f"]),
    "errexit and !": (BOTH, ["set -e", "! true", "echo alive", "false || echo or", "case $- in *e*) echo still; esac"]),
    "errexit": (ALL, ["set -e", "echo on", "false", "echo not reached"]),
    "nounset": (BOTH, ["set -u", "echo ${x-none}", "echo $x", "echo on"]),
    "xtrace": (BOTH, ["set -x", "echo a", "PS4='> '", "(exit 3)", "echo $?", "set +x", "echo b"]),
    "verbose": (("bash",), ["set -v", "echo a", "(exit 3)", "echo $?", "set +v", "echo b"]),
    "ERR": (("bash",), ["trap 'echo failed $?' ERR", "false", "(exit 3)", "! true", "echo on", "trap - ERR", "false"]),
    "ZERR": (("zsh",), ["trap 'echo failed $?' ZERR", "false", "(exit 3)", "! true", "echo on", "trap - ZERR"]),
    "DEBUG": (("bash",), ["trap 'echo :$BASH_COMMAND' DEBUG", "echo a b", "x=$(echo c)", "trap - DEBUG", "echo d"]),
    "DEBUG and status": (("bash",), ["trap 'true' DEBUG", "(exit 4)", "echo $?", "trap -p DEBUG"]),
    "extdebug": (
        ("bash",),
        ["shopt -s extdebug", "trap 'true' DEBUG", "f() { echo $1; }", "f x", "(exit 4)", "echo $?"],
    ),
    "functrace": (("bash",), ["set -T", "trap 'echo :$BASH_COMMAND' DEBUG", "f() { echo $1; }", "f x", "trap - DEBUG"]),
    "RETURN": (("bash",), ["trap 'echo returned' RETURN", "f() { echo $1; }", "f x"]),
    "noclobber": (ALL, ["set -C", "echo a"]),
    "prompts": (BOTH, ["readonly PS2", "echo a"]),
    "command of the prompt": (("zsh",), ["precmd() { :; }; preexec() { :; }", "echo a"]),
    "IFS": (ALL, ["IFS=0123456789", "(exit 123)", 'echo "$?"']),
    "keys": (
        ("bash",),
        [
            "true; set -o vi; echo on",
            "f() { set -o $1; (exit 3); }",
            "f emacs",
            "echo $?",
            "set +o emacs; [[ -o emacs ]] || echo off",
        ],
    ),
    "posix": (("bash",), ["set -o posix", "(exit 12)", "echo $?"]),
    "emulate": (("zsh",), ["emulate ksh", "echo $?", "(exit 12)", "echo $?", "emulate sh", "(exit 13)", "echo $?"]),
    "!": (BOTH, ["echo a!b \"c!d\" '!e'"]),
    "two jobs": (
        BOTH,
        ["sleep 60 & sleep 61 &\ntrue", "(exit 3)", "sleep 62 & echo $?"],
    ),
    "ampersands": (
        BOTH,
        ["sleep 60 & p=$!", "echo 'a & b' \"c & d\" 2>&1", "[ $! = $p ] && echo same"],
    ),
    "jobs": (BOTH, ["sleep 60 &\ntrue", "jobs", "kill %%; wait 2>/dev/null", "echo $?"]),
    "bytes": (ALL, ["echo \udcff\udcfe | od -An -tx1", "x='a\tb'; echo \"$x\" | od -An -c"]),
    "positional parameters": (ALL, ["set -- a b", "echo $# $1", "shift", "echo $1"]),
    "coproc of zsh": (("zsh",), ["coproc cat", "print -p hi; read -p x; echo $x", "kill %1", "wait; echo on"]),
    "coproc": (("bash",), ["coproc cat", "echo hi >&${COPROC[1]}; read x <&${COPROC[0]}; echo $x"]),
    "select": (BOTH, ["echo 2 | select x in a b; do echo got $x; break; done"]),
    "removed directory": (ALL, ["mkdir d; cd d; rmdir ../d", "echo on", "cd ..", "pwd"]),
}


@pytest.fixture(params=ALL)
def shell(request: pytest.FixtureRequest) -> str:
    path = shutil.which(str(request.param))
    assert path, f"{request.param} is missing; tests/system.sh installs it"
    return path


@pytest.fixture
def held(shell: str, tmp_path: Path) -> Iterator[Held]:
    held = Held(shell, tmp_path)
    held.end()
    yield held
    held.close()


@pytest.mark.parametrize(("row", "name"), [(row, name) for row, (names, _) in ROWS.items() for name in names])
def test_lines_print_what_they_print_at_a_terminal(row: str, name: str, tmp_path: Path) -> None:
    lines = ROWS[row][1]
    for home in ("here", "there"):
        (tmp_path / home).mkdir()
    held = Held(shutil.which(name) or "", tmp_path / "there")
    held.end()
    output = ""
    for line in lines:
        if held.ended is None:
            output += held.run(line)[1]
    held.close()
    expected = printed_locally(name, tmp_path / "here", lines).replace(str(tmp_path / "here"), str(tmp_path / "there"))
    assert comparable(output) == comparable(expected)


def comparable(output: str) -> str:
    """Take out what is known to differ.

    Those are the numbers of processes; the level of an eval in a trace, and where zsh says that it is; and the \\r of a
    notice of bash's that comes at once.
    """
    output = re.sub(r"(\[\d\]) \d+", r"\1", output)
    output = re.sub(r"^\+(\+|\S*:\d+>)", "+", output, flags=re.MULTILINE)
    output = re.sub(r"^>> ", "> ", output, flags=re.MULTILINE)
    return output.replace("\r", "")


def test_line_that_is_unfinished_is_an_error_and_no_hang(held: Held) -> None:
    assert held.run('echo "unfinished')[0] != 0
    assert held.run("echo on") == (0, "on\n")


def test_here_document_that_is_unfinished_holds_only_what_was_typed(held: Held) -> None:
    assert "rsh" not in held.run("cat <<E\nx")[1].removeprefix("bash: ")
    assert held.run("echo on") == (0, "on\n")


SLEEP = "sh -c 'echo on; exec sleep 300'"


@pytest.mark.parametrize("line", [SLEEP, "echo on; while :; do :; done", f"for i in 1 2; do {SLEEP}; done"])
def test_ctrl_c_ends_the_line_and_nothing_else(held: Held, line: str) -> None:
    held.run("x=kept")
    held.begin(line)
    held.until("on")
    held.type(b"\x03")
    assert held.end()[0] != 0
    assert held.run("echo $x") == (0, "kept\n")


def test_ctrl_z_stops_the_line_and_fg_goes_on_with_it(held: Held) -> None:
    held.begin("sh -c 'echo on; read x; echo then $x'")
    held.until("on")
    held.type(b"\x1a")
    assert held.end()[0] != 0
    held.begin("fg")
    held.type(b"more\n")
    assert held.end()[1].endswith("then more\n")


def test_jobs_are_counted_running_and_stopped(held: Held) -> None:
    held.run("sleep 300 &")
    held.begin("sh -c 'echo on; exec sleep 300'")
    held.until("on")
    held.type(b"\x1a")
    held.end()
    while held.jobs != 2:  # What zsh makes of the rest of the line may not be stopped yet.
        held.run("true")
    held.run("kill -KILL %1 %2")
    while held.jobs:
        held.run("true")


def test_stopped_job_is_the_current_one_behind_bg_and_fg(held: Held) -> None:
    held.begin("sh -c 'echo on; exec sleep 300'")
    held.until("on")
    held.type(b"\x1a")
    assert held.end()[0] != 0
    assert "[1]" in held.run(" bg ")[1]
    assert re.search(r"\[1\] *\+ *[Rr]unning", held.run("jobs")[1])
    held.begin("fg")
    held.until("sleep 300")
    held.type(b"\x03")
    assert held.end()[0] == 130
    assert held.run("jobs") == (0, "")


@pytest.mark.parametrize(
    "line", ["sh -c 'echo on; read x </dev/tty; echo got $x' | cat", "sleep 299 | sort | sleep 300"]
)
def test_pipeline_that_was_stopped_has_the_terminal_again_behind_fg(line: str, tmp_path: Path) -> None:
    held = begun("zsh", tmp_path, "alias cat='cat -u' sort='sort -b'; alias -g G=x; precmd() { : }\n")
    held.end()
    held.begin(line)
    held.type(b"\x1a")
    assert held.end()[0] == 148
    held.begin("fg")
    held.until("continued")
    held.type(b"word\n" if "read" in line else b"\x03")
    status, output = held.end()
    assert "got word" in output if "read" in line else status == 130
    assert held.run("jobs") == (0, "")
    held.close()


@pytest.mark.parametrize("alias", ["cat='cat; echo more'", "-g G=x", "-g G='| cat'", "-s txt=cat", "tr='sed s/x/y/'"])
def test_pipeline_of_what_is_an_alias_is_that_of_the_alias(alias: str, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "there").mkdir()
    lines = [
        f"alias {alias}",
        "echo x | cat",
        "printf '%s\\n' a G | tr x y | sort",
        "echo $? $pipestatus",
        "true | false",
        "echo $pipestatus",
    ]
    held = Held("zsh", tmp_path / "there")
    held.end()
    output = "".join(held.run(line)[1] for line in lines)
    held.close()
    assert output == printed_locally("zsh", tmp_path / "here", lines)


def test_quit_ends_the_line_and_nothing_else(held: Held) -> None:
    held.begin(f"ulimit -c 0; {SLEEP}")
    held.until("on")
    held.type(b"\x1c")
    assert held.end()[0] != 0
    assert held.run("echo on") == (0, "on\n")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (b"\x03", "sleep 300"),
        (b"\x03", "cat | sleep 300"),
        (b"\x03", "read x"),
        (b"\x03", "while :; do :; done"),
        (b"\x1c", "ulimit -c 0; sleep 300"),
        (b"\x1a", "sleep 300"),
    ],
)
def test_key_that_makes_a_signal_is_heeded_at_whatever_moment_of_a_line_it_comes(
    held: Held, key: bytes, line: str
) -> None:
    chance = random.Random(7)
    for number in range(sized(10, 300)):
        held.begin(line)
        time.sleep(chance.choice((0.0, chance.random() * 0.02)))
        held.type(key)
        assert held.end()[0] != 0
        held.run("kill -KILL %%; wait")
        assert f"{number}\n" in held.run(f"echo {number}")[1]


def test_keys_behind_a_line_find_it_read_however_long_it_is(held: Held) -> None:
    held.begin(b"read x; echo $x $#; : " + b"y" * 500_000)
    held.type(b"typed\n")
    assert held.end()[1].endswith("typed 0\n")
    for _ in range(sized(1, 100)):
        held.begin(b"sleep 300; : " + b"y" * 500_000)
        held.type(b"\x03")
        assert held.end()[0] != 0
        assert held.run("echo on") == (0, "on\n")


@pytest.mark.parametrize("size", [8_000, 9_000, 40_000, 500_000, 1_000_000])
def test_long_line_arrives(held: Held, size: int) -> None:
    held.run("(exit 3)")
    assert held.run(b"echo $?" + b"x" * size + b" | wc -c; :  a b") == (0, f"{size + 2}\n")
    assert held.run(b"x='" + b"\xc3\xa4" * (size // 2) + b"'; echo ${#x}; (exit 4)")[0] == 4
    assert held.run(b"echo $?") == (0, "4\n")


@pytest.mark.parametrize("line", ["suspend", "kill -STOP $$"])
def test_shell_that_is_stopped_goes_on_as_nobody_else_could_have_it_go_on(line: str, tmp_path: Path) -> None:
    held = Held("bash", tmp_path)
    held.end()
    assert held.run(f"{line}; echo on") == (0, "on\n")
    held.close()


def test_zsh_that_does_nothing_of_what_it_reads_is_roused(tmp_path: Path) -> None:
    numb = tmp_path / "zsh"
    numb.write_text(f"#!/bin/sh\ntrap 'exec {shutil.which('zsh')} \"$@\"' INT\nwhile :; do read -r line; done\n")
    numb.chmod(0o755)
    held = Held(str(numb), tmp_path)
    held.end()
    assert held.run("echo on") == (0, "on\n")
    held.close()


@pytest.mark.parametrize("line", ["while :; do :; done", "x=$(sleep 300)"])
def test_line_of_zsh_that_ctrl_c_has_ended_says_so(line: str, tmp_path: Path) -> None:
    held = Held("zsh", tmp_path)
    held.end()
    held.begin(f"echo on; {line}")
    held.until("on")
    held.type(b"\x03")
    assert held.end()[0] == 130
    assert held.run("echo $?; (exit 2)") == (2, "130\n")
    assert held.run("echo $?") == (0, "2\n")
    held.close()


@pytest.mark.parametrize(
    "line", ["kill -KILL %1", "kill -9 %2", "kill -9 %1; (exit 1)", " fg; kill -9 %1 ;false", "kill -9 %1 && echo on"]
)
def test_job_that_is_none_is_told_of_and_its_number_is_that_of_nothing_of_ours(line: str, tmp_path: Path) -> None:
    held = Held("zsh", tmp_path)
    held.end()
    status, output = held.run(line)
    assert status == 1
    assert output.endswith("no such job\n")
    assert held.run("wait; echo on") == (0, "on\n")
    held.close()


def test_previous_job_is_one_of_several_that_a_line_has_begun(tmp_path: Path) -> None:
    held = Held("zsh", tmp_path)
    held.end()
    held.run("sleep 300 & sleep 301 & sleep 302 &")
    for rest, left in (("", ["[1]", "[3]"]), ("; echo on", ["[3]"])):
        held.run(f"kill -KILL %-{rest}")
        held.until_jobs(len(left))
        assert [line.split()[0] for line in held.run("jobs")[1].splitlines() if "running" in line] == left
    held.close()


def test_exit_is_the_end_with_its_status(held: Held) -> None:
    held.run("exit 7")
    assert held.ended == (7, 0)


def test_trap_that_skips_every_command_does_not_keep_the_line_from_ending(tmp_path: Path) -> None:
    held = Held(shutil.which("bash") or "", tmp_path)
    held.end()
    held.run("shopt -s extdebug")
    held.run("trap false DEBUG")
    held.run("echo not run")
    assert held.directory == bytes(tmp_path)
    held.close()


def test_prompt_of_the_shell_is_not_shown(held: Held) -> None:
    assert held.run("PS1='evil> '; PS2=evil") == (0, "")
    assert held.run("echo good") == (0, "good\n")


# What sets a command for the prompt, one more, and takes them away; and what shows the first as it was set.
HOOKS = {
    "bash": (
        "PROMPT_COMMAND='echo one $?; n=$((n + 1)); cd /'",
        "PROMPT_COMMAND+=('echo two $?')",
        "unset PROMPT_COMMAND",
        'echo "$PROMPT_COMMAND"',
        "echo one $?; n=$((n + 1)); cd /\n",
    ),
    "zsh": (
        "precmd() { echo one $?; n=$((n + 1)); cd / }",
        "two() { echo two $? }; precmd_functions+=(two)",
        "unfunction precmd; precmd_functions=()",
        "functions precmd | head -1",
        "precmd () {\n",
    ),
}


@pytest.mark.parametrize("name", BOTH)
def test_command_of_the_prompt_runs_before_each_report_and_sees_the_status(name: str, tmp_path: Path) -> None:
    first, second, none, show, shown = HOOKS[name]
    shell = Held(name, tmp_path)
    shell.end()
    assert shell.run(first) == (0, "one 0\n")
    assert shell.directory == b"/"
    assert shell.run("set -e; (exit 3) || (exit 4) && :") == (4, "one 4\n")
    assert shell.run("echo $?; set +e") == (0, "4\none 0\n")
    assert shell.run(show) == (0, shown + "one 0\n")
    assert shell.run(second) == (0, "one 0\ntwo 0\n")
    assert shell.run("(exit 5)") == (5, "one 5\ntwo 5\n")
    assert shell.run("echo 'unfinished")[0] != 0
    assert shell.run(none) == (0, "")
    assert shell.run("echo $n") == (0, "6\n")
    shell.close()


# What shows the statuses of the line's last pipeline, and sets the shell's own prompt, before each prompt.
PROMPTS = {
    "bash": "PROMPT_COMMAND='echo was $? ${PIPESTATUS[@]}; PS1=evil; PS2=evil'\nPS0='will '",
    "zsh": "precmd() { echo was $? $pipestatus; PS1=evil PS2=evil RPS1=evil }; preexec() { echo -n 'will ' }",
}


@pytest.mark.parametrize("name", BOTH)
def test_command_of_the_prompt_sees_the_statuses_and_may_set_the_prompt(name: str, tmp_path: Path) -> None:
    shell = begun(name, tmp_path, f"{PROMPTS[name]}\n")
    assert shell.end() == (0, "was 0 0\n")
    for mode in ("echo a", "set -o pipefail"):
        shell.run(mode)
        for line in ("false | (exit 3)", "(exit 3) | true", "! false | (exit 3)", "! (exit 3) | true", "(exit 4)"):
            status, output = shell.run(line)
            pipe = line.removeprefix("! ")
            statuses = "4" if "4" in line else "1 3" if "false" in line else "3 0"
            failed = pipe[-1] == ")" or mode != "echo a"
            expected = 4 if "4" in line else int(not failed) if pipe != line else 3 if failed else 0
            assert (status, output) == (expected, f"will was {expected} {statuses}\n"), (mode, line)
    for _ in range(2):
        shell.begin(SLEEP)
        shell.until("on")
        shell.type(b"\x03")
        assert shell.end()[1].replace("\n", "") == "^Cwas 130 130"
    assert shell.run("PROMPT_COMMAND=; echo on")[1].startswith("will on\n")
    shell.close()


def test_mark_of_zsh_behind_output_is_not_shown_whoever_chooses_it(tmp_path: Path) -> None:
    shell = begun("zsh", tmp_path, "precmd() { setopt prompt_cr prompt_sp }\n")
    assert shell.end() == (0, "")
    shell.begin(SLEEP)
    shell.until("on")
    shell.type(b"\x03")
    assert shell.end()[1].strip() == "^C"
    for line in ("echo a", "unfunction precmd; setopt prompt_cr prompt_sp; echo a", "echo a"):
        assert shell.run(line) == (0, "a\n")
    shell.close()


def test_output_that_a_startup_file_of_zsh_holds_back_comes_with_its_first_prompt(tmp_path: Path) -> None:
    rc = "exec 5>&1 >~/held; echo rc; precmd() { exec >&5 5>&-; cat ~/held; unfunction precmd }\n"
    shell = begun("zsh", tmp_path, rc)
    assert shell.end() == (0, "rc\n")
    assert shell.run("echo on") == (0, "on\n")
    shell.close()


def test_hooks_of_zsh_run_once_behind_ctrl_c_and_see_nothing_of_ours(tmp_path: Path) -> None:
    shell = begun("zsh", tmp_path, 'precmd() { echo "was $?" }; preexec() { echo "will $1" }')
    assert shell.end() == (0, "was 0\n")
    shell.begin(SLEEP)
    shell.until("\non")
    shell.type(b"\x03")
    status, output = shell.end()
    assert (status, output.lstrip()) == (130, "^Cwas 130\n")
    assert shell.run("echo $precmd_functions") == (0, "will echo $precmd_functions\n__rsh_hide\nwas 0\n")
    shell.close()


def test_debug_trap_of_zsh_sees_the_lines_and_nothing_of_ours(tmp_path: Path) -> None:
    shell = begun("zsh", tmp_path, 'preexec() { : }; TRAPDEBUG() { echo "will $ZSH_DEBUG_CMD" }')
    assert shell.end() == (0, "")
    assert shell.run("echo a; echo b") == (0, "will echo a\na\nwill echo b\nb\n")
    shell.begin("read x")
    shell.until("will read x")
    shell.type(b"\x03")
    assert shell.end()[1].strip() == "^C"
    assert shell.run("unfunction TRAPDEBUG") == (0, "will unfunction TRAPDEBUG\n")
    assert shell.run("echo a") == (0, "a\n")
    shell.close()


@pytest.mark.parametrize(
    "rc",
    [
        "set -x",
        "set -v",
        "emulate sh",
        "emulate ksh",
        "emulate csh",
        "setopt ignorebraces",
        "setopt cshjunkiequotes",
        "setopt nounset ksharrays noclobber errreturn warncreateglobal",
        "setopt autocd extendedglob nomatch sharehistory promptsubst correct; HISTFILE=~/h SAVEHIST=9 HISTSIZE=9",
        "alias -g G='| grep'; alias eval=false builtin=false; true() { false }; printf() { : }",
    ],
)
def test_options_of_zsh_in_an_rc_file_show_nothing_of_ours(rc: str, tmp_path: Path) -> None:
    shell = begun("zsh", tmp_path, f"{rc}\n")
    assert shell.end() == (0, "")
    assert shell.run("echo a; (exit 3)")[0] == 3
    shell.run("set +xv")
    assert shell.run("echo a") == (0, "a\n")
    shell.begin("read x")
    shell.type(b"\x03")
    assert shell.end()[1].strip() == "^C"
    assert shell.run("echo $0 on")[1].endswith(" on\n")
    shell.close()


def test_command_of_the_prompt_of_bash_runs_once_behind_ctrl_c(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, f"PROMPT_COMMAND='echo \"was $?\"'\n{SLEEP}\n")
    for status in (0, 130):
        shell.until("on")
        shell.type(b"\x03")
        ended, output = shell.end()
        assert (ended, output.count("was 130")) == (status, 1)
        shell.begin(SLEEP)
    shell.close()


def test_what_bash_shows_before_a_line_is_shown_once_and_sees_the_status(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "PS0='<$? $((n += 1))>\\n'\n")
    assert shell.end() == (0, "")
    assert shell.run("sleep 0.1; (exit 3)") == (3, "<0 1>\n")
    assert shell.run('echo "$PS0 ${PROMPT_COMMAND-none}"') == (0, "<3 2>\n<$? $((n += 1))>\\n none\n")
    assert shell.run("echo 'unfinished")[0] != 0
    shell.begin(SLEEP)
    shell.until("<2 3>\r\non")
    shell.type(b"\x03")
    assert shell.end()[1].strip() == "^C"
    assert shell.run("PS0=; echo ${PROMPT_COMMAND-none}") == (0, "<130 4>\nnone\n")
    assert shell.run("echo $n") == (0, "4\n")
    shell.run("PS0=set; set -u")
    assert shell.run("echo on") == (0, "seton\n")
    shell.close()


# How prompts learn of lines in bash: the first command that a trap sees behind the last command of the prompt.
PREEXEC = """
seen() { if [ -n "$waits" ]; then waits=; echo "will $BASH_COMMAND"; fi; }
trap seen DEBUG
PROMPT_COMMAND='waits=1'
"""


def test_trap_by_which_prompts_learn_of_lines_sees_these_first(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, PREEXEC)
    assert shell.end() == (0, "")
    assert shell.run("echo a") == (0, "will echo a\na\n")
    assert shell.run("(exit 3) || false") == (1, "will false\n")
    assert shell.run("echo $?; false | true") == (0, "will echo $?\n1\n")
    assert shell.run("echo $? ${PIPESTATUS[@]}") == (0, "will echo $? ${PIPESTATUS[@]}\n0 1 0\n")
    shell.run("PROMPT_COMMAND='trap \"echo other\" DEBUG'")
    assert shell.run("echo b") == (0, "other\nb\n")
    shell.close()


def test_command_of_the_prompt_of_bash_stays_exported(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "export PROMPT_COMMAND=:\n")
    shell.end()
    assert shell.run('env | grep PROMPT_COMMAND; echo "$PROMPT_COMMAND"') == (0, "PROMPT_COMMAND=:\n:\n")
    shell.close()


def test_traps_of_bash_for_keys_take_none_of_the_others_away(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "trap 'echo interrupted' INT\n")
    shell.end()
    for mode in ("set +o posix", "set -o posix"):
        shell.run(mode)
        shell.run("trap 'echo :$BASH_COMMAND' DEBUG")
        assert shell.run("echo a") == (0, ":echo a\na\n")
        assert shell.run("kill -INT $$; trap - DEBUG")[1].endswith("interrupted\n:trap - DEBUG\n")
    shell.close()


def test_command_of_the_prompt_that_is_not_the_first_one_runs_once(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "PROMPT_COMMAND[2]='echo two'\n")
    shell.end()
    for _ in range(2):
        assert shell.run("echo a") == (0, "a\ntwo\n")
    shell.close()


@pytest.mark.parametrize("rc", ["n=0 PROMPT_COMMAND='n=$((n + 1))'", "n=0 PROMPT_COMMAND=('n=$((n + 1))' :)"])
def test_command_of_the_prompt_that_may_not_be_changed_disturbs_no_line(rc: str, tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, f"{rc}; readonly PROMPT_COMMAND\n")
    assert shell.end() == (0, "")
    assert shell.run("(exit 3)") == (3, "")
    assert shell.run("echo $?; ((n > 1)) && echo runs") == (0, "3\nruns\n")
    shell.close()


def test_errexit_of_an_rc_file_holds_beside_a_command_of_the_prompt_that_may_not_be_changed(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "set -e; readonly PROMPT_COMMAND=:\n")
    shell.end()
    assert shell.run("echo a") == (0, "a\n")
    shell.run("false")
    assert shell.ended == (1, 0)
    shell.close()


def test_prompt_that_may_not_be_changed_takes_nothing_from_a_line(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "PS1=; readonly PS1 PS2\n")
    shell.end()
    assert shell.run("(exit 3)")[0] == 3
    assert shell.run("echo $?")[1].endswith("3\n")
    shell.close()


@pytest.mark.parametrize("name", BOTH)
def test_function_that_is_named_as_all_of_ours_begins_disturbs_no_line(name: str, tmp_path: Path) -> None:
    define = "builtin() { echo mine; (exit 3); }"
    shell = begun(name, tmp_path, define + "\n")
    assert shell.end() == (0, "")
    assert shell.run(f"{define}; builtin") == (3, "mine\n")
    assert shell.run("echo $?") == (0, "3\n")
    shell.close()


def test_unfinished_line_of_zsh_is_told_of_without_a_word_of_ours(tmp_path: Path) -> None:
    shell = Held("zsh", tmp_path)
    shell.end()
    for line in ("if", "while true; do", "{"):
        assert shell.run(line) == (1, "zsh: parse error near `\\n'\n")
    shell.close()


def test_errors_of_a_plain_sh_name_no_command_of_ours(tmp_path: Path) -> None:
    shell = Held("sh", tmp_path)
    shell.end()
    for line in ("nosuch", "nosuch 'a b' \"$x\" | cat", "true && nosuch 2>&1 || true >f"):
        assert re.fullmatch(r"(/bin/)?sh: (line )?\d+: nosuch: (command )?not found\n", shell.run(line)[1])
    shell.run("alias nosuch='echo known' open='echo \"'")
    assert shell.run("nosuch as $((1 + 1))") == (0, "known as 2\n")
    assert shell.run("nosuch as $x alias") == (0, "known as alias\n")
    assert shell.run("open")[0] != 0
    assert shell.run("exit 4") == (4, "")
    shell.close()


@pytest.mark.parametrize("login", [False, True])
@pytest.mark.parametrize(
    ("rc", "shown"),
    [
        ("set -x", "++ echo a\na\n"),
        ("set -v", "echo a\na\n"),
        ("trap 'echo will $BASH_COMMAND' DEBUG", "will echo a\na\n"),
        ("set -u; set -o pipefail; stty raw -echo", "a\n"),
        ("exec </dev/null 8<&- 9>&-", "a\n"),
        ("set -e; trap 'echo failed' ERR", "a\n"),
    ],
)
def test_options_of_bash_in_an_rc_file_show_nothing_of_ours(rc: str, shown: str, login: bool, tmp_path: Path) -> None:
    (tmp_path / (".bash_profile" if login else ".bashrc")).write_text(f"{rc}\n")
    held = Held(shutil.which("bash") or "", tmp_path, LOGIN if login else {})
    assert held.end() == (0, "")
    assert held.run("echo a") == (0, shown)
    assert held.run("echo ${RSH_LOGIN-none} ${HISTFILE-none}")[1].endswith("none none\n")
    held.close()


def test_history_is_the_users_behind_an_rc_file_that_was_interrupted(tmp_path: Path) -> None:
    held = begun("bash", tmp_path, SLEEP + "\n")
    held.until("on")
    held.type(b"\x03")
    held.end()
    assert held.run("echo ${HISTFILE-none}") == (0, "none\n")
    assert held.run("history") == (0, "    1  echo ${HISTFILE-none}\n    2  history\n")
    held.close()


@pytest.mark.parametrize("name", BOTH)
def test_command_of_the_prompt_reads_the_keyboard_and_not_our_lines(name: str, tmp_path: Path) -> None:
    rc = "asks() { read word; echo got $word; }; PROMPT_COMMAND=asks; precmd_functions=(asks)"
    shell = begun(name, tmp_path, rc)
    shell.type(b"first\n")
    assert shell.end() == (0, "first\ngot first\n")
    shell.begin("echo on")
    shell.until("on")
    shell.type(b"second\n")
    assert shell.end() == (0, "second\ngot second\n")
    shell.close()


def test_preexec_of_zsh_sees_the_line(tmp_path: Path) -> None:
    shell = begun("zsh", tmp_path, 'preexec() { echo "will $1" }; false')
    shell.end()
    assert shell.run("echo $?; (exit 3)") == (3, "will echo $?; (exit 3)\n0\n")
    assert shell.run("echo $?") == (0, "will echo $?\n3\n")
    shell.close()


@pytest.mark.parametrize("name", BOTH)
def test_long_line_is_in_the_history_and_seen_by_what_runs_before_it(name: str, tmp_path: Path) -> None:
    shell = begun(name, tmp_path, "preexec() { echo $#1 }\n" if name == "zsh" else "preexec() { :; }\n")
    shell.end()
    line = "echo it\\'s " + " ".join(["x" * 99] * 300)
    assert shell.run(line)[1].startswith(f"{len(line)}\nit's x" if name == "zsh" else "it's x")
    assert shell.run("fc -ln -1 | tr -d '\\n\\t ' | wc -c")[1].endswith(f"{len(line.replace(' ', ''))}\n")
    shell.close()


def test_zsh_shows_its_first_line_and_edits_a_variable_at_the_keyboard(tmp_path: Path) -> None:
    held = Held("zsh", tmp_path, {"TERM": "xterm"})
    held.end()
    assert held.run("history")[1] == "    1  history\n"
    held.begin("word=old; vared word; echo got $word; setopt | grep -c zle")
    held.until("old")
    held.type(b"er\r")
    assert held.end()[1].endswith("got older\n0\n")
    held.close()


@pytest.mark.parametrize("name", BOTH)
def test_history_holds_the_lines_of_the_user_and_none_of_ours(name: str, tmp_path: Path) -> None:
    held = Held(name, tmp_path)
    held.end()
    for line in ("echo a", " echo unseen", "for i in 1 2; do\necho $i\ndone", "true # it's two", "(exit 3)"):
        held.run(line)
    assert held.run("echo $?; fc -ln -1")[1].split() == ["3", "(exit", "3)"]
    held.begin(SLEEP)
    held.until("on")
    held.type(b"\x03")
    held.end()
    printed = held.run("history")[1].replace("\\n", "\n")
    assert [line[7:] for line in printed.splitlines() if line[:5].strip().isdigit()] == [
        "echo a",
        "for i in 1 2; do",
        "true # it's two",
        "(exit 3)",
        "echo $?; fc -ln -1",
        SLEEP,
        *(["history"] if name == "bash" else []),
    ]
    held.run("echo a")
    assert held.run("fc -s a=b" if name == "bash" else "fc -e - a=b")[1] == "echo b\nb\n"
    held.close()


@pytest.mark.parametrize("line", ["history", " history", "  fc -l"])
def test_empty_history_of_zsh_shows_nothing_of_ours(line: str, tmp_path: Path) -> None:
    held = Held(shutil.which("zsh") or "", tmp_path)
    held.end()
    assert held.run(line) == (0, f"    1  {line.strip()}\n")
    held.close()


def test_history_that_a_command_of_the_prompt_keeps_is_no_error(tmp_path: Path) -> None:
    shell = begun("bash", tmp_path, "PROMPT_COMMAND='history -a; history -n; printf \"%s\" title'\n")
    assert shell.end() == (0, "title")
    assert shell.run("echo on") == (0, "on\ntitle")
    shell.close()


RC = {"bash": ".bashrc", "zsh": ".zshrc", "sh": ".profile"}
LOGIN = {"RSH_LOGIN": "1"}


def begun(name: str, home: Path, rc: str) -> Held:
    """Start a shell whose rc file has this content."""
    (home / RC[name]).write_text(rc)
    return Held(shutil.which(name) or "", home, LOGIN if name == "sh" else {})


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize(
    ("rc", "printed"),
    [
        ("alias ll='echo aliased'; x=5; cd /; echo greetings", "greetings\n"),
        ("echo a; return; echo b", "a\n"),
        ("PS1='evil> '; PS2=evil", ""),
        ("trap 'echo bye' EXIT", ""),
        ("set -u; stty -ixon", ""),
    ],
)
def test_rc_file_is_read_and_its_output_is_shown(name: str, tmp_path: Path, rc: str, printed: str) -> None:
    held = begun(name, tmp_path, rc)
    assert held.end() == (0, printed)
    assert held.run("echo on") == (0, "on\n")
    if "alias" in rc:
        assert held.run("ll $x; pwd") == (0, "aliased 5\n/\n")
    held.close()


@pytest.mark.parametrize("name", ALL)
def test_rc_file_reads_the_keyboard_and_not_our_lines(name: str, tmp_path: Path) -> None:
    held = begun(name, tmp_path, "echo who; read word\n")
    held.until("who")
    held.type(b"typed\n")
    held.end()
    assert held.run("echo got $word") == (0, "got typed\n")
    held.close()


@pytest.mark.parametrize("name", ALL)
def test_rc_file_that_hangs_is_ended_by_ctrl_c(name: str, tmp_path: Path) -> None:
    held = begun(name, tmp_path, SLEEP + "\n")
    held.until("on")
    held.type(b"\x03")
    held.end()
    assert held.run("echo alive") == (0, "alive\n")
    held.close()


@pytest.mark.parametrize("name", ALL)
def test_rc_file_that_is_wrong_does_not_keep_the_shell_from_beginning(name: str, tmp_path: Path) -> None:
    held = begun(name, tmp_path, "x=1\nif (\n")
    held.end()
    assert held.run("echo on") == (0, "on\n")
    held.close()


@pytest.mark.parametrize("name", ALL)
def test_rc_file_may_end_the_shell(name: str, tmp_path: Path) -> None:
    held = begun(name, tmp_path, "exit 5\n")
    held.end()
    assert held.ended == (5, 0)
    held.close()


@pytest.mark.parametrize("name", ALL)
def test_rc_file_may_put_another_shell_in_its_place(name: str, tmp_path: Path) -> None:
    held = begun(name, tmp_path, "exec sh -c 'echo other; read x; exit 4'\n")
    held.until("other")
    held.type(b"\n")
    held.end()
    assert held.ended == (4, 0)
    held.close()


def test_startup_files_of_zsh_are_found_where_they_say_they_are(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / ".zshenv").write_text("ZDOTDIR=~/other; x=env")
    (tmp_path / "other" / ".zprofile").write_text("x=$x,profile")
    (tmp_path / "other" / ".zshrc").write_text("x=$x,rc")
    (tmp_path / "other" / ".zlogin").write_text("x=$x,login")
    held = Held(shutil.which("zsh") or "", tmp_path, LOGIN)
    held.end()
    assert held.run("echo $x ${ZDOTDIR##*/}") == (0, "env,profile,rc,login other\n")
    held.close()


def test_room_that_zsh_makes_for_jobs_is_never_told_of_however_slowly_it_is_made(tmp_path: Path) -> None:
    held = Held("zsh", tmp_path)
    held.end()
    held.run("trap 'sleep 0.05' DEBUG")
    assert re.fullmatch(r"\[1\] \d+\n\[2\] \d+\n", held.run("sleep 300 & sleep 301 &")[1])
    held.close()


def test_startup_files_of_a_login_are_read_by_bash(tmp_path: Path) -> None:
    (tmp_path / ".profile").write_text("x=profile")
    (tmp_path / ".bashrc").write_text("x=rc")
    held = Held(shutil.which("bash") or "", tmp_path, LOGIN)
    held.end()
    assert held.run("echo $x") == (0, "profile\n")
    held.close()


def test_what_no_program_reads_is_given_back(held: Held) -> None:
    held.begin("sh -c 'echo on; read x; echo got $x'")
    held.until("on")
    held.type(b"first\nec\x7f\x7fsecond\nthi")
    assert held.end()[1].endswith("got first\n")
    assert held.unread == b"second\nthi"
    assert held.run("read -t 0 x 2>/dev/null; echo $?")[0] == 0
    assert held.unread == b""


def test_what_is_typed_early_is_for_the_next_line(held: Held) -> None:
    held.type(b"early\n")
    assert held.run("read x; echo got $x")[1].endswith("got early\n")


def test_what_came_late_and_was_taken_back_is_not_typed_again(held: Held) -> None:
    held.type(b"late\nthis\n")
    held.begin("read x; echo got $x", typed=5)
    assert held.end()[1].endswith("got this\n")


def test_modes_that_the_user_sets_stay_and_a_raw_terminal_does_not(held: Held) -> None:
    held.run("stty -ixon erase '^H'")
    held.run("stty raw -echo")
    modes = held.run("stty -a")[1]
    assert " -ixon" in modes
    assert "erase = ^H" in modes
    assert " -icanon" not in modes
    assert " -echo " not in modes


def test_shell_that_ignores_the_hang_up_ends_with_a_holder_that_is_killed(held: Held) -> None:
    pid, parent = (int(word) for word in held.run("echo $$ $PPID")[1].split())
    held.begin("trap '' HUP; echo on; while :; do sleep 0.1; done")
    held.until("on")
    os.kill(parent, signal.SIGKILL)
    assert wait_until_gone(pid)


def test_rc_file_that_chooses_keys_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / ".bashrc").write_text("set -o vi\n")
    shell = Held("bash", tmp_path)
    assert shell.end() == (0, "")
    assert [shell.run(line) for line in ("echo a", "(exit 3)", "echo $?")] == [(0, "a\n"), (3, ""), (0, "3\n")]
    shell.close()
