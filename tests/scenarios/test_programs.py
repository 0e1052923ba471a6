"""Full-screen programs over there, screen against screen with the same program run here."""

from __future__ import annotations

import functools
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machines import Daemon, Home, program, reserve_port
from tests.scenarios.screens import SIGN, Terminal, run, until_same


@contextmanager
def both(daemon: Daemon, *command: str, columns: int = 80, rows: int = 24) -> Iterator[tuple[Terminal, Terminal]]:
    """Run a program here and over there, in windows of the same size; give both screens, that of here first."""
    with (
        Terminal(daemon.home, command=command, columns=columns, rows=rows) as here,
        Terminal(daemon.home, "exec", "-t", daemon.host, "--", *command, columns=columns, rows=rows) as there,
    ):
        yield here, there


def press(keys: str, here: Terminal, there: Terminal, shown: str) -> None:
    """Type into both, see it answered here, and the same over there."""
    here.press(keys)
    there.press(keys)
    until_same(here, there, shown)


def leave(keys: str, here: Terminal, there: Terminal, status: int = 0) -> None:
    """Type what ends both; both end in the same way, on the same screen, with nothing left switched on."""
    for terminal in (here, there):
        terminal.press(keys)
        assert terminal.end() == status
    assert there.text == here.text
    assert there.left_on == b""


def until_prompt_of_less(terminal: Terminal) -> None:
    terminal.until(lambda: len(terminal.lines) == terminal.screen.lines and terminal.lines[-1] in (":", "(END)"))


def shows_processes(terminal: Terminal) -> bool:
    return len(terminal.lines) > 8


def is_undivided(terminal: Terminal) -> bool:
    return "│" not in terminal.text


def test_vim_edits_and_leaves_a_clean_screen(shared_daemon: Daemon, tmp_path: Path) -> None:
    start = f"cd $(mktemp -d {tmp_path}/XXXX) && exec vim -u NONE -N -i NONE -n f"
    with both(shared_daemon, "sh", "-c", start) as (here, there):
        until_same(here, there, '"f" [New]')
        press("ihello\r中文 e\u0301 🙂\x1b", here, there, "中文")
        press(":set number\r", here, there, "  2 中文")
        press(":vsplit\r", here, there, "|  1 hello")
        leave(":wqa\r", here, there)
    first, second = (path.read_bytes() for path in tmp_path.glob("*/f"))
    assert first == second == "hello\n中文 e\u0301 🙂\n".encode()


def test_less_follows_its_window(shared_daemon: Daemon, tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("".join(f"line {number} 中文 \x1b[31mred\x1b[m\n" for number in range(1, 500)))
    with both(shared_daemon, "less", "-R", str(text)) as (here, there):
        until_same(here, there, "line 23")
        press(" ", here, there, "line 46")
        for columns, rows in ((60, 10), (100, 40), (20, 5)):
            for terminal in (here, there):
                until_prompt_of_less(terminal)  # Nothing is under way any more that belongs to this screen.
                terminal.screen.reset()
                terminal.resize(columns, rows)
                until_prompt_of_less(terminal)
            press("g", here, there, "line 1 ")
            press("G", here, there, "line 499")
        leave("q", here, there)


def test_top_draws_its_screen_and_leaves_it(shared_daemon: Daemon) -> None:
    with both(shared_daemon, "top", "-d", "100") as (here, there):
        for terminal in (here, there):
            terminal.until_shown("PID USER")
            terminal.until(functools.partial(shows_processes, terminal))
        heads = [next(line for line in each.lines if "PID USER" in line) for each in (here, there)]
        assert heads[0] == heads[1]
        for terminal in (here, there):
            terminal.press("q")
            assert terminal.end() == 0
            assert terminal.left_on == b""


def test_python_edits_its_lines(shared_daemon: Daemon) -> None:
    with both(shared_daemon, "python3", "-q", "-I") as (here, there):
        until_same(here, there, ">>>")
        press("len('中文' * 2)\r", here, there, "\n4")
        press("import time; print('on'); time.sleep(100)\r", here, there, "\non")
        press("\x03", here, there, "KeyboardInterrupt")
        leave("exit(3)\r", here, there, 3)


def test_tmux_runs_inside(shared_daemon: Daemon, tmp_path: Path) -> None:
    def command(name: str) -> list[str]:
        options = ["set", "-g", "status", "off", ";", "set", "-g", "default-command", "env -i PS1='% ' sh", ";"]
        return ["tmux", "-S", str(tmp_path / name), "-f", "/dev/null", *options, "new"]

    with (
        Terminal(shared_daemon.home, command=command("here")) as here,
        Terminal(shared_daemon.home, "exec", "-t", shared_daemon.host, "--", *command("there")) as there,
    ):
        until_same(here, there, "%")
        press("echo $((6 * 7))\r", here, there, "\n42")
        press("\x02%", here, there, "│")
        press("echo right\r", here, there, "│right")
        for terminal in (here, there):
            terminal.press("exit\r")
            terminal.until(functools.partial(is_undivided, terminal))
        leave("exit\r", here, there)


@pytest.fixture
def nested_ssh(tmp_path: Path) -> Iterator[list[str]]:
    """A command that logs in here by ssh: the daemon and its keys are there for this test only."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    reserved = reserve_port()
    port = str(reserved.getsockname()[1])
    settings = {
        "HostKey": tmp_path / "host",
        "AuthorizedKeysFile": tmp_path / "user.pub",
        "ListenAddress": f"127.0.0.1:{port}",
        "PidFile": "none",
        "StrictModes": "no",
        "UsePAM": "no",
        "PermitRootLogin": "yes",
    }
    words = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    daemon = f"exec {shutil.which('sshd', path='/usr/sbin:/usr/bin')} -D -e -f none {shlex.join(words)}"
    # It wants a folder in /run, which is one of its own.
    daemon = f"exec unshare -m sh -c {shlex.quote('mount -t tmpfs none /run; mkdir /run/sshd; ' + daemon)}"
    with reserved, subprocess.Popen(["sh", "-c", daemon], stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        said = b""
        while b"Server listening" not in said:
            line = process.stderr.readline()
            assert line, said
            said += line
        checks = [
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            f"UserKnownHostsFile={tmp_path}/known",
            "-o",
            "LogLevel=ERROR",
        ]
        yield ["ssh", "-F", "none", "-tt", "-i", str(tmp_path / "user"), "-p", port, *checks, "127.0.0.1"]
        process.terminate()


@pytest.mark.skipif(os.geteuid() != 0, reason="nobody else's sshd can give a terminal")
def test_ssh_to_a_third_machine_follows_its_window(shared_daemon: Daemon, nested_ssh: list[str]) -> None:
    with both(shared_daemon, *nested_ssh, "env -i PATH=$PATH PS1='% ' sh") as (here, there):
        until_same(here, there, "%")
        press("stty size; tty >/dev/null && echo terminal\r", here, there, "terminal\n")
        for terminal in (here, there):
            terminal.resize(100, 30)
        press("until stty size | grep '30 100'; do sleep 0.1; done\r", here, there, "\n30 100")
        press("sleep 100\r", here, there, "sleep 100")
        press("\x03", here, there, "^C")
        leave("exit 7\r", here, there, 7)


def test_a_password_is_asked_for_and_not_shown(shared_daemon: Daemon) -> None:
    code = "import getpass; word = getpass.getpass('Word: '); print(len(word), 'letters')"
    with both(shared_daemon, "python3", "-c", code) as (here, there):
        until_same(here, there, "Word:")
        leave("sesame\r", here, there)
        assert "6 letters" in there.text
        assert b"sesame" not in there.sent.getvalue()


def test_sudo_asks_through_the_terminal_of_the_prompt(home: Home) -> None:
    """As `sudo -k; sudo true` does for who is not root: a program of its own asks /dev/tty, with ECHO off."""
    ask = "exec 3<>/dev/tty; stty -echo <&3; printf Password: >&3; read word <&3; stty echo <&3; echo >&3; echo [$word]"
    with Terminal(home, "connect", "-q") as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"sh -c {shlex.quote(ask)} </dev/null\r")
        terminal.until_line("Password:")
        terminal.press("sesame\r")
        terminal.until_shown("[sesame]")
        terminal.until_line(f":~{SIGN}")
        assert terminal.sent.getvalue().count(b"sesame") == 1
        terminal.press("\x04")
        assert terminal.end() == 0
    kept = b"".join(path.read_bytes() for path in (home.folder / "state").rglob("*") if path.is_file())
    assert b"sesame" not in kept


GUEST = "setpriv --reuid=54321 --regid=54321 --clear-groups"


@pytest.fixture
def with_sudo(home: Home, tmp_path: Path) -> Iterator[Terminal]:
    """A prompt where an account named guest may use sudo; the account is there for this prompt only."""
    script = str(Path(__file__).with_name("with_account.sh"))
    if os.geteuid() != 0 or subprocess.run(["unshare", "-m", "true"], check=False).returncode:
        pytest.skip("only root may make an account in a mount namespace of its own")
    client = [*program("rsh"), "connect", "-q"]
    with Terminal(home, command=["unshare", "-m", script, str(tmp_path), *client], columns=120) as terminal:
        terminal.until_line(f":~{SIGN}")
        yield terminal


def test_sudo_itself_asks_and_the_password_is_nowhere(with_sudo: Terminal, home: Home) -> None:
    terminal = with_sudo
    terminal.press(f"{GUEST} sh -c 'sudo -k; sudo -v && sudo -n id -un'\r")
    terminal.until_line("password for guest: ")
    terminal.press("wrong one\r")
    terminal.until_shown("try again")
    terminal.until_line("password for guest: ")
    terminal.press("sesame\r")
    terminal.until_shown("\nroot\n")
    terminal.until_line(f":~{SIGN}")
    terminal.press("echo sane; stty | grep -c -- -echo\r")
    terminal.until_shown("\nsane\n0\n")
    terminal.until_line(f":~ 1{SIGN}")
    terminal.press("\x04")
    assert terminal.end() == 0
    kept = b"".join(path.read_bytes() for path in (home.folder / "state").rglob("*") if path.is_file())
    for word in (b"sesame", b"wrong one"):
        assert word not in terminal.sent.getvalue()
        assert word not in kept
    assert b"sudo -v" in kept


def test_ctrl_c_at_the_password_of_sudo_leaves_the_echo_on(with_sudo: Terminal) -> None:
    terminal = with_sudo
    terminal.press(f"{GUEST} sh -c 'sudo -k; sudo true'\r")
    terminal.until_line("password for guest: ")
    terminal.press("ses\x03")
    terminal.until_line(f"{SIGN}")
    terminal.press("echo on; read word; echo got=$word\r")
    terminal.until_shown("\non")
    terminal.press("shown\r")
    terminal.until_shown("\nshown\n")
    terminal.until_shown("\ngot=shown")


def test_password_that_comes_with_the_line_is_no_line(home: Home) -> None:
    """As a script sends it, or who pastes both: what asks for it drops it or reads it, and nothing ever runs it."""
    ask = "import getpass, select; select.select([0], [], []); print('got', len(getpass.getpass('Password:')))"
    with Terminal(home, "connect", "-q", columns=120) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"python3 -c {shlex.quote(ask)}\rsesame\r")
        terminal.until_line("Password:")  # Python drops what was typed before it asks
        terminal.press("other\r")
        terminal.until_shown("\ngot 5")
        terminal.press("read -s word; echo ${#word}\rsesame\r")
        terminal.until_shown("\n6\n")
        terminal.press("!head -c 6 | tr e 3\rsesame\r")
        terminal.until_shown("\ns3sam3")
        # The Enter that head has left is an empty line of its own, and between two lines Ctrl-D is no key of ours.
        terminal.until(lambda: [line.endswith(f":~{SIGN.strip()}") for line in terminal.lines[-2:]] == [True, True])
        terminal.until_line(f":~{SIGN}")
        terminal.press("\x04")
        assert terminal.end() == 0
    kept = b"".join(path.read_bytes() for path in (home.folder / "state").rglob("*") if path.is_file())
    assert b"sesame" not in kept
    assert b"other" not in kept


def test_what_is_typed_behind_a_line_goes_to_its_program_and_then_to_the_next_lines(home: Home) -> None:
    with Terminal(home, "connect", "-q", columns=120) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press("read word; echo got=$word; sleep 0.2\rfor it\recho fi'rst'\recho half")
        terminal.until_line(f":~{SIGN}echo half")
        # What is typed ahead is shown when it is typed, which may be in front of what the program says.
        assert any(line.endswith("got=for it") for line in terminal.lines)
        assert any(line.endswith("first") for line in terminal.lines)
        terminal.press("\x15sleep 0.2\r\x1b[200~touch mine\ntouch mine\n\x1b[201~")
        terminal.until_shown("… touch mine")
        terminal.press("\x03\x04")
        assert terminal.end() == 0
    assert not (home.folder / "home" / "mine").exists()


@pytest.mark.parametrize(
    "text", ["中文字 ｆｕｌｌ", "e\u0301 a\u0308\u0323 \u1112\u1161\u11ab", "🙂👩\u200d👧 ⚡", "é ß ﬀ € ×"]
)
def test_characters_that_come_byte_by_byte_are_whole(shared_daemon: Daemon, text: str) -> None:
    code = f"import os\nfor byte in {(text + chr(10)).encode()!r}: os.write(1, bytes([byte])); os.sched_yield()"
    with both(shared_daemon, "python3", "-c", code) as (here, there):
        assert (here.end(), there.end()) == (0, 0)
        assert there.sent.getvalue() == here.sent.getvalue() == text.encode() + b"\r\n"


def test_vim_that_was_killed_leaves_the_prompt_usable(home: Home, tmp_path: Path) -> None:
    with Terminal(home, "connect", "-q", columns=120) as terminal:
        terminal.until_line(f":~{SIGN}")
        terminal.press(f"cd {tmp_path}; sh -c 'echo $$ > pid; exec vim -u NONE -N -n --cmd \"set mouse=a\"'\r")
        terminal.until_shown("type  :q<Enter>")
        os.kill(int((tmp_path / "pid").read_text()), 9)
        terminal.until_line(f" 137{SIGN}")
        mark = len(terminal.sent.getvalue())
        run(terminal, "echo $((6 * 7))", SIGN)
        assert b"\x1b[?1049l" not in terminal.sent.getvalue()[mark:]
        terminal.press("\x04")
        terminal.end()
        assert terminal.left_on == b""
