"""`rsh connect` on a terminal, as its user sees it."""

from __future__ import annotations

import getpass
import json
import os
import re
import shlex
import signal
import stat
from pathlib import Path

from tests.machines import Daemon, Home, program
from tests.scenarios.screens import SIGN, Terminal, modes, run
from tests.terminals import untouched

CTRL_C, CTRL_D, CTRL_Z = "\x03", "\x04", "\x1a"


def test_first_prompt_greets_at_length_and_the_next_in_a_line(home: Home) -> None:
    for lines in (9, 2):
        with Terminal(home, "connect") as terminal:
            terminal.until_line(f":~{SIGN}")
            assert (len(terminal.lines) == lines) if lines == 2 else (len(terminal.lines) >= 8)
            assert f"→ {getpass.getuser()}@" in terminal.text
            terminal.press(CTRL_D)
            assert terminal.end() == 0


def test_quiet_prompt_says_nothing(home: Home) -> None:
    with Terminal(home, "connect", "-q") as terminal:
        terminal.until_line(f":~{SIGN}")
        assert len(terminal.lines) == 1


def test_banner_names_the_key_of_a_daemon(daemon: Daemon) -> None:
    with Terminal(daemon.home, "connect", daemon.host, columns=120) as terminal:
        terminal.until_line(f":~{SIGN}")
        # The round trip is told if it is known by then: nobody waits for it.
        found = re.search(r"\(ed25519 SHA256:\S{12}…, TLS 1.3(?:, [\d.]+ ms)?\) session (\w+) ·", terminal.text)
        assert found and found[1].encode() in daemon.home.rsh("sessions", daemon.host).stdout


def test_message_of_the_day_and_what_was_moved_are_told(home: Home, work: Path) -> None:
    (work / "motd").write_text("Maintenance \x1b[31mtonight\n")
    with Daemon(home, "--motd", str(work / "motd")) as daemon, Terminal(home, "connect", daemon.host) as terminal:
        terminal.until_line(f":~{SIGN}")
        assert "Maintenance tonight\n" in terminal.text
        terminal.press(f"put {work}/motd {work}/copy\r")
        terminal.until_shown("copy\n")
        terminal.until_line(f":~{SIGN}")
        terminal.press(CTRL_D)
        assert terminal.end() == 0
        assert "rsh: sent 1 file, 25 B" in terminal.text


def test_lines_run_over_there_and_the_directory_is_kept(prompt: Terminal, work: Path) -> None:
    assert run(prompt, "mkdir -p a/b; echo $((6 * 7)) >&2") == ["42"]
    assert run(prompt, "cd a/b", f"/a/b{SIGN}") == []
    assert run(prompt, "tty | tr -d 0-9", f"/a/b{SIGN}") == ["/dev/pts/"]


def test_advice_is_dim_and_told_also_behind_what_went_well(prompt: Terminal) -> None:
    prompt.press("put x; true")
    prompt.until(lambda: b";31mput" in prompt.sent.getvalue())  # Nobody knows it over there.
    told = run(prompt, "")
    assert told[-1] == "rsh: put is a command of the prompt, not of the shell over there: give it a line of its own"
    assert f"\x1b[2m{told[-1]}\x1b[0m".encode() in prompt.sent.getvalue()
    assert run(prompt, ":nosuch", f"/w 2{SIGN}") == ["rsh: no command ':nosuch'", "rsh: all commands: help"]
    assert b"\x1b[2mrsh: all commands: help\x1b[0m" in prompt.sent.getvalue()


def test_status_is_in_the_prompt_when_it_is_not_zero(prompt: Terminal) -> None:
    assert run(prompt, "sh -c 'exit 44'", f"/w 44{SIGN}") == ["[exit 44]"]
    assert run(prompt, "true") == []


def test_ctrl_c_drops_the_line_and_ctrl_d_leaves(prompt: Terminal) -> None:
    prompt.press("echo not this", CTRL_C)
    prompt.until_line(f"/w 130{SIGN}")
    assert "not this\n" in prompt.text
    prompt.press(CTRL_D)
    assert prompt.end() == 0


def test_exit_leaves_with_its_status(prompt: Terminal) -> None:
    prompt.press("exit 7\r")
    assert prompt.end() == 7


def test_keys_are_those_of_the_prompt_and_the_shell_lives_on(prompt: Terminal) -> None:
    assert run(prompt, "x=kept") == []
    assert run(prompt, "set -o vi") == []
    assert run(prompt, ":set keys emacs") == []
    assert run(prompt, "echo $x") == ["kept"]


def test_who_leaves_stopped_jobs_is_warned_once(prompt: Terminal) -> None:
    prompt.press("echo ready; cat\r")
    prompt.until_shown("\nready")  # Keys that come before are not echoed, as at any terminal that an editor has.
    prompt.press("read\r")
    prompt.until_shown("read\nread")
    prompt.press(CTRL_Z)
    prompt.until_line(f"/w 148 {{1}}{SIGN}")
    prompt.press(CTRL_D)
    prompt.until_shown("this would end 1 stopped job; leave again to do so")
    prompt.until_line(f"/w 148 {{1}}{SIGN}")
    prompt.press(CTRL_D)
    assert prompt.end() == 0


def test_ctrl_c_ends_what_runs_and_not_the_prompt(prompt: Terminal) -> None:
    prompt.press("echo ready; sleep 100\r")
    prompt.until_shown("\nready")
    prompt.press(CTRL_C)
    prompt.until_line(f"/w 130{SIGN}")
    assert "^C\n" in prompt.text


def test_programs_have_the_keyboard_while_they_run(prompt: Terminal) -> None:
    prompt.press("echo ready; read x; echo got $x; cat\r")
    prompt.until_shown("\nready")
    prompt.press("typed\r")
    prompt.until_shown("got typed")
    prompt.press("more\r", CTRL_D)
    prompt.until_line(f"/w{SIGN}")
    assert prompt.lines[-3:-1] == ["more", "more"]


def test_full_screen_program_gets_the_screen_and_gives_it_back(prompt: Terminal, work: Path) -> None:
    prompt.press("vi -u NONE f\r")
    prompt.until_shown("~\n~\n~")
    prompt.press("ihello\x1b:wq\r")
    prompt.until(lambda: (work / "f").exists() and prompt.cursor_line.endswith(f"/w{SIGN}"))
    assert (work / "f").read_text() == "hello\n"


def test_line_of_a_job_that_comes_in_pieces_stays_one(prompt: Terminal, work: Path) -> None:
    wait = "until test -e $n; do sleep 0.05; done"
    (work / "job").write_text(f"for n in one two three four; do {wait}; printf $n-; test $n != three || echo; done\n")
    prompt.press("sh job &\r")
    prompt.until_shown("\n[1] ")
    prompt.until_line(f"/w {{1}}{SIGN}")
    prompt.press("typed")
    for name, text in (
        ("one", "\none-\n"),
        ("two", "\none-two-\n"),
        ("three", "\none-two-three-\n"),
        ("four", "-\nfour-"),
    ):
        (work / name).touch()
        prompt.until_shown(text)
        prompt.until_line(f"{SIGN}typed")
    prompt.until_line(f"/w{SIGN}typed")  # It has ended, and is not counted any more.


def test_jobs_of_the_shell_are_counted(prompt: Terminal) -> None:
    prompt.press("sleep 300 & sleep 301 | cat &\r")
    prompt.until_line(f"/w {{2}}{SIGN}")
    prompt.press("kill %1\r")
    prompt.until_line(f"/w {{1}}{SIGN}")
    prompt.press("kill %2; wait -f %2 2>/dev/null; (exit 7)\r")
    prompt.until_line(f"/w 7{SIGN}")


def test_window_change_reaches_the_program(prompt: Terminal) -> None:
    prompt.press("sh -c 'trap \"stty size; exit\" WINCH; echo ready; while :; do sleep 0.1; done'\r")
    prompt.until_shown("\nready")
    prompt.child.setwinsize(30, 100)
    prompt.until_shown("30 100")


def test_output_without_a_newline_keeps_its_line(prompt: Terminal) -> None:
    assert run(prompt, "printf abc") == ["abc%"]


def test_prompt_behind_a_raw_terminal_begins_at_the_beginning_of_a_line(prompt: Terminal) -> None:
    assert run(prompt, "stty raw; echo abc") == ["abc", "   %"]
    assert run(prompt, "echo def") == ["def"]


def test_terminal_is_as_before_on_every_way_out(home: Home) -> None:
    for number in (None, signal.SIGTERM, signal.SIGHUP):
        with Terminal(home, "connect", "-q") as terminal:
            terminal.until_line(f":~{SIGN}")
            assert modes(terminal) != untouched()
            if number is None:
                terminal.press(CTRL_D)
            else:
                terminal.child.kill(number)
            assert terminal.end() == (0 if number is None else 128 + number)
            assert terminal.left_modes == untouched()
            assert b"\x1b[?2004l" in terminal.sent.getvalue()


def test_put_and_get_and_ls_start_where_both_sides_stand(prompt: Terminal, work: Path, tmp_path: Path) -> None:
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "it's a file").write_text("text")
    assert run(prompt, f"lcd {tmp_path}/here") == []
    assert run(prompt, "put it*") == []
    assert (work / "it's a file").read_text() == "text"
    assert run(prompt, "ls") == ['"it\'s a file"']
    assert run(prompt, 'get "it\'s a file" copy') == []
    assert (tmp_path / "here" / "copy").read_text() == "text"
    assert run(prompt, "lls | cat") == ["copy", "it's a file"]
    assert run(prompt, "!pwd; exit 3", f"/w 3{SIGN}") == [f"{tmp_path}/here", "[exit 3]"]
    assert run(prompt, "lpwd") == [f"{tmp_path}/here"]


def test_names_of_any_bytes_send_no_control_character_to_the_screen(prompt: Terminal, work: Path) -> None:
    (work / "a\x1b[31mred\x07").touch()
    (work / os.fsdecode(b"a\xff")).touch()
    prompt.sent.truncate(0)
    prompt.press("get a\t\t")
    prompt.until_shown("a\\xff")
    prompt.press("\x1b", CTRL_C)
    run(prompt, "ls")
    run(prompt, ":rm $'a\\x1b[31mx'", f"1{SIGN}")
    assert b"\x1b[31mred" not in prompt.sent.getvalue()
    assert b"\x07" not in prompt.sent.getvalue()


def test_history_is_kept_for_the_account_and_host(home: Home, prompt: Terminal, work: Path) -> None:
    run(prompt, "echo first")
    run(prompt, " echo secret")
    run(prompt, "sh -c 'exit 3'", f"3{SIGN}")
    prompt.press(CTRL_D)
    prompt.end()
    [file] = (home.folder / "state" / "rsh" / "history").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    records = [json.loads(line) for line in file.read_text().splitlines()]
    assert [record["line"] for record in records if "line" in record] == [f"cd {work}", "echo first", "sh -c 'exit 3'"]
    assert records[-1]["status"] == 3
    with Terminal(home, "connect", "-q") as again:
        again.until_line(f":~{SIGN}")
        again.press("ec")
        again.until_shown("echo first")
        again.press("\x1b[A")
        again.until_line("echo first")


def test_suspended_prompt_comes_back_with_its_line(home: Home) -> None:
    shell = ["bash", "--norc", "--noprofile", "-i"]  # a stop needs somebody who could continue us
    with Terminal(home, command=shell, variables={"PS1": "here> "}) as terminal:
        terminal.until_line("here> ")
        terminal.press(shlex.join([*program("rsh"), "connect", "-q"]) + "\r")
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo a")
        terminal.until_line("echo a")
        before = len(terminal.sent.getvalue())
        terminal.press(CTRL_Z)
        terminal.until_shown("Stopped")
        terminal.until_line("here> ")
        assert b"\x1b[?2004l" in terminal.sent.getvalue()[before:]
        terminal.press("fg\r")
        terminal.until_line("echo a")
        terminal.press("b\r")
        terminal.until_shown("\nab")


def test_no_colour_where_none_is_wanted(home: Home) -> None:
    for colour, variables in ((False, {"NO_COLOR": "1"}), (True, {"CLICOLOR": "1"})):
        with Terminal(home, "connect", variables=variables) as terminal:
            terminal.until_line(f":~{SIGN}")
            terminal.press("ls /\r")
            terminal.until(lambda: "bin" in terminal.text and terminal.cursor_line.endswith(f":~{SIGN}"))
            codes = re.findall(
                rb"\x1b\[(?:[0-9]*;)*(3[0-7]|9[0-7]|4[0-7]|38|48)(?:;[0-9]*)*m", terminal.sent.getvalue()
            )
            assert bool(codes) == colour


def test_search_is_seen_whole_in_a_window_that_has_become_wide_enough(prompt: Terminal) -> None:
    run(prompt, "echo searched for")
    prompt.resize(20, 8)
    prompt.press("\x12echo")
    prompt.until_shown("arch backward: echo")
    assert "I-search" not in prompt.text
    prompt.resize(80, 24)
    prompt.until_shown("I-search backward: echo")


def test_line_waits_for_a_daemon_that_is_dead_and_the_shell_lives_on(home: Home) -> None:
    with Daemon(home) as first, Terminal(home, "connect", "-q", first.host) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("word=kept; false\r")
        terminal.until_line(f":~ 1{SIGN}")
        first.stop(signal.SIGKILL)
        terminal.press("echo $word$((1 + 1))\r")
        with Daemon(home, bind=(first.host,)):
            terminal.until_shown("\nkept2\n")
            terminal.until_line(f":~{SIGN}")


def test_terminal_is_told_where_the_shell_stands(home: Home, work: Path) -> None:
    for variables in ({}, {"RSH_MARKS": "0"}):
        with Terminal(home, "connect", "-q", variables=variables) as terminal:
            terminal.until_line(f":~{SIGN}")
            terminal.press(f"cd {work}; false\r")
            terminal.until_line(f"/w 1{SIGN}")
            sent = terminal.sent.getvalue()
        assert (b"\x1b]133;A\x1b\\" in sent) == (b"\x1b]133;D;1\x1b\\" in sent) == (not variables)
        assert terminal.screen.title.endswith(f": {work}") == (not variables)


def test_what_is_typed_ahead_is_in_the_next_lines(prompt: Terminal) -> None:
    prompt.press("echo be'gun'; read x; echo got $x; sleep 0.5\r")
    prompt.until_shown("begun")
    prompt.press("for the program\r", "echo fi'rst'\r", "echo sec")
    prompt.until_shown("got for the program")
    prompt.until(lambda: "first" in prompt.lines)
    prompt.until_line("echo sec")
    prompt.press("'ond'\r")
    prompt.until(lambda: "second" in prompt.lines)


def test_what_is_typed_while_rc_files_are_read_runs_once_and_in_order(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    (home.folder / "home" / ".bashrc").write_text(f"echo reading; cat {tmp_path}/gate; echo done\n")
    with Terminal(home, "connect", "-q", columns=120) as terminal:
        terminal.until_shown("reading\n")
        terminal.press("echo fi'rst'\r")
        terminal.until_shown("echo fi'rst'")
        terminal.press("echo sec'ond'; sleep 0.3\r", "echo th'ird'\r", "echo half")
        (tmp_path / "gate").write_text("released\n")
        terminal.until_line(f"{SIGN}echo half")
        # Behind what the terminal has echoed there is no new line, as everywhere.
        printed = re.findall(r"(done|first|second|third)$", terminal.text, re.MULTILINE)
        assert printed == ["done", "first", "second", "third"]
        assert terminal.text.count("released") == 1
        assert terminal.lines[-1].endswith(f"{SIGN}echo half")
