"""Tab at the prompt: names of both sides, and arguments by the specifications of the living shell (R18-R22)."""

from __future__ import annotations

import getpass
import re
from pathlib import Path

from rsh.client.editor.spinner import FRAMES
from tests.machines import Daemon, Home
from tests.scenarios.screens import SIGN, Terminal, run

CTRL_C, CTRL_U = "\x03", "\x15"
SILENT = "(completion: no answer)"


def expect_completed(prompt: Terminal, completed: dict[str, str]) -> None:
    """Type the beginning of lines, and see what Tab makes of each."""
    for begun, whole in completed.items():
        prompt.press(begun, "\t")
        prompt.until_line(SIGN + whole)
        prompt.press(CTRL_U)
        prompt.until_line(SIGN)


def test_tab_completes_remote_and_local_names(prompt: Terminal, work: Path, tmp_path: Path) -> None:
    (work / "remote file").touch()
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "local file").touch()
    run(prompt, f"lcd {tmp_path}/here")
    prompt.press("get rem\t")
    prompt.until_line("get remote\\ file ")
    prompt.press(CTRL_C)
    prompt.until_line(f"130{SIGN}")
    prompt.press("put lo\t")
    prompt.until_line("put local\\ file ")


def test_tab_finds_a_name_that_looks_as_typed(prompt: Terminal, work: Path) -> None:
    (work / "e\u0301tude").write_text("found\n")  # as macOS has it
    prompt.press("cat \u00e9tu\t")
    prompt.until_line("tude ")
    prompt.press("\r")
    prompt.until_shown("\nfound\n")


def test_tab_finds_a_folder_among_thousands_of_files(prompt: Terminal, work: Path) -> None:
    for number in range(2500):
        (work / f"f{number}").touch()
    (work / "zoo").mkdir()
    (work / "f9-folder").mkdir()
    expect_completed(prompt, {"cd z": "cd zoo/", "cd f9": "cd f9-folder/", ":rmdir z": ":rmdir zoo/"})
    prompt.press("cd \t\t")
    prompt.until_shown("zoo/")


def test_tab_knows_what_the_shell_knows(prompt: Terminal) -> None:
    prompt.press("alias qqalias='echo aliased'; qqvar=5; complete -W 'alpha' qqtool; qqtool() { echo got $1; }\r")
    prompt.until_line(f"/w{SIGN}")
    expect_completed(prompt, {"qqal": "qqalias ", "qqtool al": "qqtool alpha ", "echo $qqv": "echo $qqvar"})


def test_tab_expands_what_the_shell_would(prompt: Terminal, work: Path) -> None:
    (work / "one" / "deep").mkdir(parents=True)
    (work / "one" / "deep" / "file x").touch()
    run(prompt, f"place={work}/one; home=~{getpass.getuser()}")
    completed = {
        "cat $place/de": "cat $place/deep/",
        "cat ${place}/deep/fi": "cat ${place}/deep/file\\ x ",
        'cat "$place/deep/fi': 'cat "$place/deep/file x" ',
        "cat o*/de": "cat one/deep/",
        "cat o*/d*/fi": "cat one/deep/file\\ x ",
        "cat o*/d*/f*": "cat one/deep/file\\ x ",
        "ls ~roo": "ls ~root/",
        "cd ~roo": "cd ~root/",
    }
    expect_completed(prompt, completed)


def test_tab_completes_accounts_by_the_specifications_of_bash(prompt: Terminal) -> None:
    run(prompt, ". /usr/share/bash-completion/bash_completion")
    expect_completed(prompt, {begun: f"{begun}t/" for begun in ("cat ~roo", "cd ~roo", "ls -l ~roo")})


def test_tab_completes_by_the_specifications_that_come_with_programs(prompt: Terminal, work: Path) -> None:
    (work / "Makefile").write_text("everything:\nnothing:\n")
    prompt.press("make ever", "\t")
    prompt.until_line(SIGN + "make everything ")


def test_tab_completes_in_the_middle_of_a_word_and_what_is_above(prompt: Terminal, work: Path) -> None:
    run(prompt, f"place={work}")
    for name in ("alpha_one", "alpha_two", ".hidden"):
        (work / name).mkdir()
    prompt.press("cat alph_two", *["\x02"] * len("_two"), "\t")
    prompt.until_shown(SIGN + "cat alpha_two")
    prompt.until(lambda: "alpha_one" not in prompt.text)
    prompt.press("\x05", CTRL_U)
    expect_completed(prompt, {"cd ..": "cd ../", "ls ..": "ls ../", 'ls "$place"/.h': 'ls "$place"/.hidden/'})
    prompt.press("cd ", "\t")
    prompt.until_line("cd alpha_")
    prompt.press("\t")
    prompt.until_shown("alpha_two/")
    assert ".hidden/" not in prompt.text


def test_too_many_possibilities_are_told_and_shown_when_asked_once_more(prompt: Terminal, work: Path) -> None:
    (work / "many").mkdir()
    for number in range(250):
        (work / "many" / f"f{number}").touch()
    prompt.press("cat many/", "\t")
    prompt.until_shown("cat many/f  (250 possibilities; Tab shows them)")
    assert "f100" not in prompt.text
    prompt.press("\t")
    prompt.until_shown("f100")


def test_directories_stand_out_in_the_menu(prompt: Terminal, work: Path) -> None:
    (work / "dim").mkdir()
    (work / "dig").touch()
    prompt.press("cat di", "\t")
    prompt.until_shown("dim/")
    colors = {}
    for row, line in enumerate(prompt.screen.display):
        for name in ("dim/", "dig "):
            if (column := line.find(f" {name}")) >= 0:
                colors[name] = prompt.screen.buffer[row][column + 1].fg
    assert colors["dim/"] == "blue" != colors["dig "]


def test_tab_knows_the_jobs_of_the_shell(prompt: Terminal) -> None:
    prompt.press("sleep 300 & sleep 301 &\r")
    prompt.until_line(f"{{2}}{SIGN}")
    expect_completed(prompt, {"fg %2": "fg %2 ", "kill -9 %1": "kill -9 %1 ", "wait %": "wait %"})
    prompt.press("kill %2; wait %2 2>/dev/null; cat <<<here\r")
    prompt.until_shown("\nhere\n")
    prompt.until_line(f"{{1}}{SIGN}")
    prompt.press("fg %", "\t")
    prompt.until_line(SIGN + "fg %1 ")


def test_tab_knows_the_living_shells(home: Home) -> None:
    with Daemon(home) as daemon, Terminal(home, "connect", "-q", "--name", "other", daemon.host) as other:
        other.until_line(SIGN)
        with Terminal(home, "connect", "-q", daemon.host) as prompt:
            prompt.until_line(SIGN)
            expect_completed(prompt, {":attach ot": ":attach other ", ":kill ot": ":kill other "})


def test_function_of_the_user_that_takes_its_time_completes_when_it_is_done(prompt: Terminal, work: Path) -> None:
    (work / "local").mkdir()  # a path that would do is not what was asked for
    run(prompt, f"slow() {{ until [ -e {work}/go ]; do sleep 0.1; done; COMPREPLY=(late); }}; complete -F slow slow")
    prompt.press("slow l", "\t")
    prompt.until(lambda: SILENT in prompt.text and bool(set(FRAMES) & set(prompt.text)))
    (work / "go").touch()
    prompt.until_line(SIGN + "slow late ")
    assert SILENT not in prompt.text


def test_function_of_the_user_that_never_ends_holds_nothing_up(prompt: Terminal) -> None:
    run(prompt, "never() { sleep 300; }; complete -F never never")
    prompt.press("never l", "\t")
    prompt.until_shown(SILENT)
    prompt.press(CTRL_C)  # gives the completion up, and leaves the line
    prompt.until(lambda: SILENT not in prompt.text)
    prompt.until_line(SIGN + "never l")
    prompt.press(CTRL_U, "ls /usr/shar", "\t")
    prompt.until_line("ls /usr/share/")
    prompt.press(CTRL_U)
    assert run(prompt, "echo go'es on'; jobs") == ["goes on"]


def test_function_of_the_user_that_prints_reads_and_sets_disturbs_nothing(prompt: Terminal) -> None:
    noisy = "echo out; echo err >&2; read word; x=6; cd /; stty -echo; trap 'echo trapped' EXIT; COMPREPLY=(alpha)"
    run(prompt, f"x=5; noisy() {{ {noisy}; }}; complete -F noisy noisy")
    run(prompt, "tty() { echo to the user >/dev/tty; COMPREPLY=(beta); }")
    run(prompt, "complete -F tty tty")
    first = prompt.row
    prompt.press("noisy a", "\t")
    prompt.until_line(SIGN + "noisy alpha ")
    prompt.press(CTRL_U, "tty b", "\t")
    prompt.until_shown("\nto the user\n")  # above the line, which is whole
    prompt.until_line(SIGN + "tty beta ")
    assert not re.search("out|err", "\n".join(prompt.lines_from(first)))
    prompt.press(CTRL_U)
    assert run(prompt, "echo $x ${PWD##*/}") == ["5 w"]
