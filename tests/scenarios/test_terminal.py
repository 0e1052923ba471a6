"""The user's terminal while a program over there has it, and after everything that can end that."""

from __future__ import annotations

import os
import random
import re
import select
import shlex
import signal
import termios
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rsh.client.commands.reset import sane
from tests.machines import SOON, Daemon, Home, program, state_of, wait_until_gone
from tests.proxy import Proxy
from tests.scenarios.screens import SIGN, Terminal, modes
from tests.terminals import untouched

# Alternate screen, mouse of every kind, focus, no cursor, bracketed paste, keyboard of kitty's, application keys, a
# colour, a screen that is not drawn for the moment; and a word.
LOUD = r"\033[?1049h\033[?1000;1002;1003;1006;1004h\033[?25l\033[?2004h\033[>5u\033=\033[?1h\033[?2026h\033[31mready"
BACK = (
    b"\x1b[<1u\x1b[?1049l\x1b[?2026l\x1b[m\x1b>\x1b[?1l\x1b[?25h"
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1004l\x1b[?1006l\x1b[?2004l"
)
QUIET_BACK = BACK.replace(b"\x1b[m", b"")  # while no style is on

# Has a function of the client fail at a certain call.
BUG = """import rsh.client.{module} as module
*folders, name = "{where}".split(".")
owner = getattr(module, folders[0]) if folders else module
real = getattr(owner, name)
def failing(*given, **named):
    args = given[1:] if folders else given
    if {wrong}:
        raise RuntimeError("bug")
    return real(*given, **named)
setattr(owner, name, failing)
"""

# Gives back every byte it reads, as many as it is told; a terminal that is raw.
ECHO = """import os, sys, tty
tty.setraw(0)
os.write(1, b"ready\\n")
left = int(sys.argv[1])
while left and (data := os.read(0, 65536)):
    left -= len(data)
    while data:
        data = data[os.write(1, data):]
"""


@pytest.fixture
def loud(me: Home, host: str) -> Iterator[Terminal]:
    """A terminal on which a program over there has switched much on, and waits."""
    with Terminal(me, "exec", "-t", host, "--", f"printf '{LOUD}'; read x") as terminal:
        terminal.until_shown("ready")
        yield terminal


@pytest.fixture
def plain_job(me: Home) -> Iterator[Terminal]:
    """A shell here that edits no lines, and leaves the terminal as it finds it."""
    with Terminal(me, command=["sh", "-i"], variables={"PS1": "here> "}) as terminal:
        terminal.until_line("here> ")
        yield terminal


@pytest.fixture
def job(me: Home) -> Iterator[Terminal]:
    """A shell here with job control."""
    with Terminal(me, command=["bash", "--norc", "--noprofile", "-i"], variables={"PS1": "here> "}) as terminal:
        terminal.until_line("here> ")
        yield terminal


def ours(*arguments: str) -> str:
    """Give the line that starts the client from a shell."""
    return shlex.join([*program("rsh"), *arguments])


def pid_of(terminal: Terminal) -> int:
    assert terminal.child.pid is not None
    return terminal.child.pid


def client_of(terminal: Terminal) -> int:
    """Give the process of the client that a shell on the terminal has started."""
    pid = pid_of(terminal)
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[-1])


# --- every way out ---


def test_modes_are_put_back_when_the_program_leaves_them_on(loud: Terminal) -> None:
    loud.press("\r")
    assert loud.end() == 0
    assert loud.left_on == b""
    assert loud.sent.getvalue().endswith(BACK)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_modes_are_put_back_when_the_client_is_killed(loud: Terminal, number: int) -> None:
    loud.child.kill(number)
    assert loud.end() == 128 + number
    assert loud.left_on == b""
    assert loud.sent.getvalue().endswith(BACK)


@pytest.mark.parametrize("keys", ["~.", "\r~.", "\x1c\x1c\x1c"])
def test_modes_are_put_back_when_the_user_leaves(me: Home, host: str, keys: str) -> None:
    with Terminal(me, "exec", "-t", host, "--", f"stty raw; printf '{LOUD}'; sleep 100") as terminal:
        terminal.until_shown("ready")
        terminal.press(keys)
        assert terminal.end() == (131 if "\x1c" in keys else 255)
        assert terminal.left_on == b""
        assert terminal.left_modes == untouched()


def test_modes_are_put_back_when_the_daemon_is_gone(home: Home) -> None:
    with Daemon(home) as daemon:
        words = ("exec", "-t", "--reconnect-timeout", "0", daemon.host, "--", f"printf '{LOUD}'; sleep 100")
        with Terminal(home, *words) as terminal:
            terminal.until_shown("ready")
            daemon.stop(signal.SIGKILL)
            assert terminal.end() == 255
            assert terminal.left_on == b""


@pytest.mark.parametrize(
    ("module", "where", "wrong"),
    [
        ("terminal.modes", "Modes.feed", "b'ready' in bytes(args[0])"),
        ("shell.keyboard", "Keyboard._send", "True"),
        ("shell.foreground", "Foreground._act", "args[0] == 18"),
        ("prompt.dispatch", "_run", "'ready' in args[1]"),
    ],
)
def test_modes_are_put_back_when_a_thread_of_the_client_fails(
    me: Home, host: str, tmp_path: Path, module: str, where: str, wrong: str
) -> None:
    """Have one function fail by a bug, in whatever thread it runs."""
    (tmp_path / "sitecustomize.py").write_text(BUG.format(module=module, where=where, wrong=wrong))
    path = {"PYTHONPATH": f"{tmp_path}:{me.environment['PYTHONPATH']}"}
    with Terminal(me, "connect", "-q", host, variables=path) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"printf '{LOUD}'; read x\r")
        if module == "shell.foreground":
            terminal.until(lambda: b"\x1b[31mready" in terminal.sent.getvalue())
            terminal.child.kill(signal.SIGCONT)
        assert terminal.end() == 255
        assert (terminal.left_on, terminal.left_modes) == (b"", untouched())
        assert terminal.lines[-2].endswith("rsh: connect: internal error: RuntimeError('bug')")
        assert terminal.lines[-1] == "rsh: -vv shows where"
        assert "Traceback" not in terminal.text


def test_nothing_is_sent_after_a_program_that_cleaned_up(me: Home, host: str) -> None:
    clean = r"\033[?1049h\033[?25l\033[2J\033[?25h\033[?1049l\033[31mred\033[m done"
    with Terminal(me, "exec", "-t", host, "--", f"printf '{clean}'") as terminal:
        assert terminal.end() == 0
        assert terminal.sent.getvalue() == clean.replace(r"\033", "\x1b").encode()


def test_modes_are_put_back_behind_a_line_of_the_prompt_and_looks_at_its_end(me: Home, host: str) -> None:
    with Terminal(me, "connect", "-q", host) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.sent.truncate(0)
        terminal.sent.seek(0)
        terminal.press(f"printf '{LOUD}\\033[5 q\\n'\r")
        terminal.until_shown("ready")
        terminal.until_line(f":~{SIGN}")
        assert BACK in terminal.sent.getvalue()
        assert b"\x1b[0 q" not in terminal.sent.getvalue()
        terminal.press("\x04")
        assert terminal.end() == 0
        assert b"\x1b[0 q" in terminal.sent.getvalue()


def test_terminal_is_given_back_for_a_stop_and_taken_again(job: Terminal, host: str) -> None:
    job.press(ours("exec", "-t", host, "--", f"printf '{LOUD}'; read x") + "\r")
    job.until(lambda: b"\x1b[31mready" in job.sent.getvalue())
    job.press("~\x1a")
    job.until_shown("Stopped")
    job.until_line("here> ")
    assert BACK in job.sent.getvalue()
    before = len(job.sent.getvalue())
    job.press("fg\r")
    job.until(lambda: b"\x1b[?1049h" in job.sent.getvalue()[before:] and not modes(job)[3] & termios.ICANON)
    assert b"\x1b[>5u" in job.sent.getvalue()[before:]
    os.kill(client_of(job), signal.SIGTSTP)
    job.until(lambda: b"Stopped" in job.sent.getvalue()[before:])  # before that the keys are still the program's
    assert job.sent.getvalue()[before:].count(QUIET_BACK) == 1
    job.press("fg\r")
    job.until(lambda: job.sent.getvalue()[before:].count(b"\x1b[?1049h") == 2)
    os.kill(client_of(job), signal.SIGTERM)
    job.until(lambda: job.sent.getvalue()[before:].count(QUIET_BACK) == 2)
    job.until_line("here> ")


def test_reset_mends_what_a_kill_has_left(plain_job: Terminal, host: str) -> None:
    before = modes(plain_job)
    plain_job.press(ours("exec", "-t", host, "--", f"printf '{LOUD}'; read x") + "\r")
    plain_job.until(lambda: b"\x1b[31mready" in plain_job.sent.getvalue())
    os.kill(client_of(plain_job), signal.SIGKILL)
    plain_job.until_shown("Killed")
    assert plain_job.left_on
    assert modes(plain_job)[:4] != before[:4]
    plain_job.press(ours("reset") + "; echo me''nded\n")  # Enter would send what a shell takes for no end of a line
    plain_job.until_shown("mended")
    plain_job.until_line("here> ")
    assert plain_job.left_on == b""
    assert modes(plain_job)[:4] == sane(before)[:4]


def test_reset_without_a_terminal_says_so(me: Home) -> None:
    done = me.rsh("reset")
    assert (done.returncode, done.stdout, done.stderr) == (255, b"", b"rsh: reset: no terminal here\n")


# --- what passes ---


@pytest.mark.parametrize("where", ["exec", "prompt"])
def test_every_byte_passes_in_both_directions(me: Home, host: str, tmp_path: Path, where: str) -> None:
    keys = b"\x1b[97;5u\x1b[57441;1:3u\x1b[<0;10;5M\x1b[<0;10;5m\x1b[200~pasted\x1b[201~\x1b]52;c;aGk=\x07"
    data = bytes(range(256)) + keys + b"\x1b[38;2;1;2;3m\x9b\xc3\x28" + random.Random(3).randbytes(20_000)
    (tmp_path / "echo.py").write_text(ECHO)
    command = ["python3", str(tmp_path / "echo.py"), str(len(data))]
    words = ["exec", "-t", "-e", "none", host, "--", *command]
    if where == "prompt":
        words = ["connect", "-q", "--escape=none", host]
    with Terminal(me, *words) as terminal:
        if where == "prompt":
            terminal.until_line(f":~{SIGN}")
            terminal.press(shlex.join(command) + "\r")
        terminal.until(lambda: b"ready\n" in terminal.sent.getvalue())
        start = terminal.sent.getvalue().index(b"ready\n") + 6
        for first in range(0, len(data), 1000):
            terminal.child.send(data[first : first + 1000])
            wanted = start + min(first + 1000, len(data))
            terminal.until(lambda wanted=wanted: len(terminal.sent.getvalue()) >= wanted)  # type: ignore[misc]  # mypy infers no default
        assert terminal.sent.getvalue()[start : start + len(data)] == data


def test_twenty_sizes_in_a_row_end_with_the_last(me: Home, host: str) -> None:
    for words in (("exec", "-t", host, "--", "bash", "--norc"), ("connect", "-q", host)):
        with Terminal(me, *words) as terminal:
            terminal.until(lambda: terminal.cursor_line.endswith(SIGN))
            terminal.press("sh -c 'trap \"stty size\" WINCH; echo ready; while :; do sleep 0.05; done'\r")
            terminal.until_shown("\nready")
            for number in range(20):
                terminal.child.setwinsize(40 - number, 100 - number)
            terminal.until_shown("21 81")
            terminal.press("\x03")
            terminal.until(lambda: terminal.cursor_line.endswith(SIGN))
            assert re.findall(rb"(\d+ \d+)\r\n", terminal.sent.getvalue())[-1] == b"21 81"


@pytest.mark.parametrize(("columns", "rows"), [(0, 0), (1, 1), (1, 24), (500, 2)])
def test_windows_of_any_size_will_do(me: Home, host: str, columns: int, rows: int) -> None:
    wanted = f"{rows} {columns}" if columns else "24 80"
    line = f"echo ready; read x; until stty size | grep '^{wanted}$'; do sleep 0.05; done"  # it goes beside the keys
    with Terminal(me, "exec", "-t", host, "--", line) as terminal:
        terminal.until(lambda: b"ready" in terminal.sent.getvalue())
        terminal.child.setwinsize(rows, columns)
        terminal.press("\r")
        assert terminal.end() == 0
        assert terminal.sent.getvalue().split(b"\r\n")[-2] == wanted.encode()


def test_stop_and_go_under_a_flood_does_not_hang(me: Home, host: str) -> None:
    with Terminal(me, "exec", "-t", host, "--", "exec yes") as terminal:
        terminal.until_shown("y\ny")
        for _ in range(3):
            _flow(terminal, 200_000)
            terminal.press("\x13")
            _flow_till_quiet(terminal)
            terminal.press("\x11")
            _flow(terminal, 200_000)
        terminal.press("\x03")
        _flow_till_quiet(terminal)
        assert terminal.end() == 130


def _flow(terminal: Terminal, count: int) -> None:
    """Read so many bytes, past the screen, which could not keep up."""
    while count > 0:
        ready, _, _ = select.select([terminal.child.child_fd], [], [], SOON)
        assert ready, "no more output"
        count -= len(os.read(terminal.child.child_fd, 65536))


def _flow_till_quiet(terminal: Terminal) -> None:
    """Read what is still under way."""
    deadline = time.monotonic() + SOON
    while select.select([terminal.child.child_fd], [], [], 0.5)[0]:
        assert time.monotonic() < deadline, "the output does not stop"
        try:
            os.read(terminal.child.child_fd, 65536)
        except OSError:
            return


def test_client_whose_screen_takes_nothing_can_be_left(me: Home, host: str) -> None:
    with Terminal(me, "exec", "-t", host, "--", "exec yes") as terminal:
        terminal.until_shown("y\ny")
        terminal.press("\r~.")  # and nobody reads the screen from here on
        deadline = time.monotonic() + SOON
        while terminal.child.isalive():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        assert terminal.child.exitstatus == 255


def test_terminal_that_goes_away_ends_the_client_and_the_command(me: Home, host: str, tmp_path: Path) -> None:
    ours, theirs = os.openpty()  # no controlling terminal: nobody sends a SIGHUP
    line = f"echo $$ > {tmp_path}/pid; echo ready; exec sleep 100"
    client = me.spawn(
        "exec", "-t", host, "--", line, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    seen = b""
    while b"ready" not in seen:
        seen += os.read(ours, 1000)
    os.close(ours)
    assert client.wait(SOON) == 129
    assert wait_until_gone(int((tmp_path / "pid").read_text()))


@pytest.mark.parametrize(
    "line", ["!echo ready; cat 2>&-; exit 3", "!echo ready; cat 2>&-", "echo ready; cat", "read -p ready x"]
)
def test_terminal_that_goes_away_ends_the_prompt_whatever_it_runs(
    me: Home, host: str, tmp_path: Path, line: str
) -> None:
    ours, theirs = os.openpty()
    with (tmp_path / "told").open("wb") as told:
        words = ("connect", "-q", "-X", host)
        client = me.spawn(*words, stdin=theirs, stdout=theirs, stderr=told, start_new_session=True)
    os.close(theirs)
    seen = b""
    while b"\x1b]133;B" not in seen:
        seen += os.read(ours, 1000)
    os.write(ours, line.encode() + b"\r")
    while b"ready" not in seen.rpartition(b"\x1b]133;C")[2]:
        seen += os.read(ours, 1000)
    os.close(ours)
    assert client.wait(SOON) == 129
    assert (tmp_path / "told").read_text() == ""


def test_client_in_the_background_stops_and_goes_on_in_front(job: Terminal, host: str) -> None:
    job.press("set -o notify\r")  # fg continues only what the shell knows to be stopped: all threads, and not the first
    job.press(ours("exec", "-t", host, "--", "read x; echo got $x") + " &\r")
    job.until_shown("Stopped")
    job.press("fg\r")
    job.until(lambda: not modes(job)[3] & termios.ISIG)  # bash leaves them on when it edits lines
    job.press("word\r")
    job.until_shown("got word")
    job.until_line("here> ")


def test_modes_are_put_back_as_they_were_when_the_client_came_to_the_front(plain_job: Terminal, host: str) -> None:
    plain_job.press(ours("exec", "-t", host, "--", "read x; echo got $x") + " & echo beg''un\n")
    plain_job.until_shown("begun")
    plain_job.until(lambda: state_of(client_of(plain_job)) == "T")
    plain_job.press("stty -echo\n")
    plain_job.until(lambda: not modes(plain_job)[3] & termios.ECHO)
    before = modes(plain_job)
    plain_job.press("fg\n")
    plain_job.until(lambda: not modes(plain_job)[3] & termios.ICANON)
    plain_job.press("word\r")
    plain_job.until_shown("got word")
    plain_job.until_line("here> ")
    assert modes(plain_job) == before


# --- escapes ---


def test_escapes_are_answered_and_not_sent(me: Home, host: str) -> None:
    with Terminal(me, "exec", "-t", host, "--", "echo ready; cat") as terminal:
        terminal.until_shown("ready")
        for keys, answer in (
            ("~?", "send ~"),
            ("~s", "connected for"),
            ("~#", ": exec"),
            ("~R", "connected already"),
            ("~&", "background"),
            ("~d", "detach from"),
            ("~\x1a", "cannot be suspended"),
            ("~Cstat\x7ftus\r", "rsh> status"),
            ("~Cnonsense\r", "send ~"),
        ):
            first = terminal.row
            terminal.press(keys)
            terminal.until_shown(answer, first)
        terminal.press("~~text\r")
        terminal.until_shown("~text\n~text")
        terminal.press("~C", "disconnect\r")
        assert terminal.end() == 255
        assert "rsh: exec: disconnected" in terminal.text


def test_escape_leaves_a_prompt_while_a_line_runs(home: Home) -> None:
    with Terminal(home, "connect", "-q") as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("echo ready; sleep 100\r")
        terminal.until_shown("\nready")
        terminal.press("\r~.")
        assert terminal.end() == 255
        assert "rsh: disconnected" in terminal.text


def tells_of_silence(terminal: Terminal) -> bool:
    """Ask how the connection is; it takes some seconds until somebody is missed."""
    terminal.press("~s")
    return b", last contact " in terminal.sent.getvalue()


def test_escapes_work_and_tell_of_it_when_the_link_is_dead(home: Home) -> None:
    with Daemon(home, "--grace", str(SOON)) as daemon, Proxy(daemon.host) as proxy:
        words = ("exec", "-t", f"127.0.0.1:{proxy.port}", "--", "echo ready; exec cat")
        with Terminal(home, *words, columns=160) as terminal:
            terminal.until_shown("ready")
            proxy.refuse()
            proxy.cut()
            terminal.until_shown("no connection for")
            terminal.press("\r~s")
            terminal.until(lambda: terminal.text.count("no connection for") == 2)
            proxy.refuse(False)
            terminal.press("~R")
            terminal.until_shown("connected again")
            terminal.press("word\r")
            terminal.until(lambda: terminal.text.count("word") == 2)
            proxy.hole()
            terminal.press("unheard\r")
            terminal.until(lambda: tells_of_silence(terminal))
            terminal.press("\r~.")
            assert terminal.end() == 255


# --- the login shell ---


def test_shell_is_the_login_shell_on_a_terminal(me: Home, host: str) -> None:
    with Terminal(
        me, "shell", "-E", "PS1=over$ ", "-E", "WORD=w", host, variables={"COLORTERM": "truecolor"}
    ) as terminal:
        terminal.until(lambda: terminal.cursor_line.rstrip().endswith(("$", "#", ">", "%")))
        terminal.press("shopt -q login_shell && echo $TERM $COLORTERM $WORD $0 $-\r")
        terminal.until(lambda: bool(re.search(r"\nxterm-256color truecolor w \S+ \S*im", terminal.text)))
        # Without a child: Debian's sh waits deaf in vfork(2) for one that is stopped before its exec, for ever.
        terminal.press("sh -c 'trap \"echo going on\" CONT; echo started; while :; do read x; done'\r")
        terminal.until_shown("\nstarted")
        terminal.press("\x1a")
        terminal.until_shown("Stopped")
        terminal.press("fg\r")
        terminal.until_shown("\ngoing on")  # what fg itself says comes before the terminal is the job's
        terminal.press("\x03")
        terminal.until(lambda: terminal.cursor_line.rstrip().endswith(("$", "#", ">", "%")))
        terminal.press("exit 9\r")
        assert terminal.end() == 9


def test_shell_without_a_terminal_reads_lines_from_its_input(me: Home, host: str) -> None:
    done = me.rsh("shell", host, input=b"shopt -q login_shell && echo login\ntest -t 0 || echo none\nexit 4\n")
    assert (done.returncode, done.stdout) == (4, b"login\nnone\n")


# --- encodings ---


def test_other_encoding_is_converted_in_both_directions(me: Home, host: str) -> None:
    wanted = "中文".encode("gbk").hex(" ")
    utf8 = {"LANG": "C.UTF-8"}
    with Terminal(me, "exec", "-t", "--encoding", "gbk", host, "--", "stty raw; cat", variables=utf8) as terminal:
        terminal.press("中文")
        terminal.until_shown("中文")
    with Terminal(me, "connect", "-q", "--encoding", "gbk", host, variables=utf8) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("printf 中文 | od -An -tx1; printf '\\326\\320\\316\\304\\n'\r")
        terminal.until_shown(wanted)
        terminal.until_shown("\n中文")
        terminal.press("printf 'half\\326'\r")
        terminal.until_shown("\nhalf\ufffd")
        terminal.press("echo '文'\r")
        terminal.until_shown("\n文")


@pytest.mark.parametrize("codec", ["utf-16", "no-such-codec", "hex"])
def test_encoding_that_is_none_for_terminals_is_an_error_of_usage(me: Home, host: str, codec: str) -> None:
    for words in (("exec", "-t", host, "--encoding", codec, "--", "true"), ("connect", "--encoding", codec, host)):
        done = me.rsh(*words)
        assert (done.returncode, done.stdout) == (2, b"")
        assert codec.encode() in done.stderr


def test_encoding_needs_a_terminal(me: Home, host: str) -> None:
    assert me.rsh("exec", "--encoding", "gbk", host, "--", "true").returncode == 2


# --- hostile words ---


def test_names_send_no_control_byte_whatever_command_shows_them(me: Home, host: str, tmp_path: Path) -> None:
    evil = b"a\x1b]2;pwned\x07\x9b31m\xc2\x9b32m\xe2\x80\xaetxt\r\n"
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / os.fsdecode(evil)).touch()
    gone = os.fsdecode(bytes(folder) + b"/" + evil + b"gone")
    shown = (["ls", f"{host}:{folder}"], ["ls", "-l", f"{host}:{folder}"], ["stat", f"{host}:{folder}/*"])
    told = [[command, f"{host}:{gone}"] for command in ("ls", "cat", "rm", "stat", "sum", "get")]
    others = (["exec", host, "--", gone, "x"], ["exec", "-C", gone, host, "--", "true"])
    for words in (*shown, *told, *others):
        with Terminal(me, *words, columns=400) as terminal:
            terminal.end()
            sent = terminal.sent.getvalue()
        assert b"pwned" in sent
        assert not re.search(rb"\x1b\]2|\x07|\xc2\x9b|\xe2\x80\xae|(?<![\xc2-\xf4])\x9b", sent), (words, sent)
