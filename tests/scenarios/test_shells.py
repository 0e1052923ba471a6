"""Living shells that outlive clients, connections and daemons, and are shared; everything real, driven by pexpect."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.machines import SOON, Daemon, Home, program, wait_until_gone
from tests.scenarios.screens import SIGN, Terminal
from tests.terminals import end_of, hang_up

CTRL_C, CTRL_D = "\x03", "\x04"


class Prompt:
    """A client with a plain prompt.

    Attributes:
        child: pexpect's.
    """

    def __init__(self, home: Home, *words: str) -> None:
        command = [*program("rsh"), *words, "--plain"]
        self.child: pexpect.spawn[str] = pexpect.spawn(
            command[0], command[1:], env=home.environment, encoding="utf-8", timeout=SOON
        )
        self.child.delaybeforesend = None

    def ready(self) -> str:
        """Wait for the prompt; give what came before it."""
        self.child.expect_exact("rsh> ")
        assert self.child.before is not None
        return self.child.before

    def run(self, line: str) -> str:
        """Run a line to its end; give its output."""
        self.begin(line)
        return self.ready()

    def begin(self, line: str) -> None:
        """Give a line."""
        self.child.sendline(line)
        self.child.expect_exact(line + "\r\n")

    def expect(self, words: str) -> None:
        """Wait for words of its output."""
        self.child.expect_exact(words)

    def end(self) -> int:
        """Wait for its end; give its status."""
        return end_of(self.child)

    def kill(self) -> None:
        """Kill it, with no chance to say anything."""
        self.child.kill(signal.SIGKILL)
        hang_up(self.child)


@pytest.fixture
def prompts(daemon: Daemon) -> Iterator[Prompts]:
    opened = Prompts(daemon)
    yield opened
    opened.close()


class Prompts:
    """Clients of one daemon; the shells are ended with the daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.home = daemon.home
        self._opened: list[Prompt] = []

    def connect(self, *words: str) -> Prompt:
        """Open a prompt with a shell of its own."""
        return self.open(self.home, "connect", *words, self.daemon.host)

    def attach(self, *words: str, home: Home | None = None) -> Prompt:
        """Open the prompt of a shell that is there."""
        options = [word for word in words if word.startswith("-")]
        names = [word for word in words if not word.startswith("-")]
        return self.open(home or self.home, "attach", *options, self.daemon.host, *names)

    def open(self, home: Home, *words: str) -> Prompt:
        """Start a client."""
        prompt = Prompt(home, *words)
        self._opened.append(prompt)
        return prompt

    def sessions(self) -> list[dict[str, Any]]:
        """Give what `rsh sessions --json` tells."""
        done = self.home.rsh("sessions", "--json", self.daemon.host)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    def close(self) -> None:
        """End the clients."""
        for prompt in self._opened:
            hang_up(prompt.child)


def restarted(daemon: Daemon, how: int = signal.SIGKILL) -> Daemon:
    """End a daemon and start another one at its port."""
    daemon.stop(how)
    return Daemon(daemon.home, bind=[daemon.host])


def other_home(tmp_path: Path, daemon: Daemon) -> Home:
    """Make an account on another machine, whose key is enrolled here."""
    home = Home(tmp_path / "elsewhere")
    key = home.rsh("key").stdout
    assert daemon.home.server_command("authorize", input=key).returncode == 0
    url = daemon.home.server_command("url", daemon.host).stdout.decode().strip()
    assert home.rsh("trust", url).returncode == 0
    return home


def test_shell_of_a_killed_client_goes_on_from_another_machine(prompts: Prompts, tmp_path: Path) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    first.run("cd /usr; word=kept")
    first.begin("stty -echo; echo on; read answer; echo got=$answer")
    first.expect("on")
    first.kill()
    home = other_home(tmp_path, prompts.daemon)
    again = prompts.attach("work", home=home)
    again.expect("on")
    again.child.sendline("yes")
    assert "got=yes" in again.ready()
    assert again.run("pwd; echo $word") == "/usr\r\nkept\r\n"


def test_vi_of_a_killed_client_is_drawn_anew(prompts: Prompts, tmp_path: Path) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    first.run(f"cd {tmp_path}")
    first.begin("TERM=xterm vim -u NONE text")
    first.expect("~")
    first.child.send("ihello from before")
    first.expect("hello from before")
    first.kill()
    again = prompts.attach("--scrollback=1", "work")
    again.expect("hello from before")
    again.child.send(" and after\x1b:wq\r")
    again.ready()
    assert (tmp_path / "text").read_text() == "hello from before and after\n"


def test_two_clients_see_and_type(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    second = prompts.attach("work")
    second.ready()
    second.begin("echo from-second; read answer; echo got=$answer")
    second.expect("from-second")
    first.expect("from-second")
    second.child.sendline("typed")
    second.expect("got=typed")
    first.expect("got=typed")
    second.ready()
    assert "two" in first.run("echo two")
    second.expect("two")


def test_shell_whose_holder_is_stopped_is_told_and_not_waited_for(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    holder = int(first.run("echo $PPID"))
    first.kill()
    os.kill(holder, signal.SIGSTOP)
    try:
        second = prompts.attach("work")
        second.expect("the shell does not answer")
        assert second.end() == 255
    finally:
        os.kill(holder, signal.SIGCONT)


def test_prompt_does_not_wait_for_the_offer_of_a_shell_that_is_stopped(prompts: Prompts) -> None:
    holders = []
    for name in ("stopped", "work"):
        prompt = prompts.connect("--name", name)
        prompt.ready()
        holders.append(int(prompt.run("echo $PPID")))
        prompt.kill()
    os.kill(holders[0], signal.SIGSTOP)
    try:
        with Terminal(prompts.home, "connect", prompts.daemon.host, columns=120) as terminal:
            terminal.until_line(f":~{SIGN}")
            terminal.press("echo typed")
            terminal.until_shown(f"rsh attach {prompts.daemon.host} work")
            terminal.until_line("echo typed")
    finally:
        os.kill(holders[0], signal.SIGCONT)


def test_read_only_client_cannot_write(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    watcher = prompts.attach("--read-only", "work")
    watcher.ready()
    first.begin("read answer; echo got=$answer")
    (entry,) = prompts.sessions()
    assert len(entry["attached"]) == 2
    watcher.child.sendline("no")
    first.child.sendline("yes")
    first.expect("got=yes")
    watcher.expect("got=yes")


def test_who_steals_has_the_other_leave(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    first.begin("echo on; sleep 600")
    first.expect("on")
    thief = prompts.attach("--steal", "work")
    first.expect("taken over by this account from 127.0.0.1")
    assert first.end() == 255
    thief.expect("on")
    thief.child.send(CTRL_C)
    thief.ready()


def test_detached_shell_lives_on_and_a_left_one_does_not(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    first.run("word=kept")
    first.begin("detach")
    first.expect(f"rsh attach {prompts.daemon.host} work")
    assert first.end() == 0
    (entry,) = prompts.sessions()
    assert (entry["name"], entry["attached"], entry["running"]) == ("work", [], "")
    again = prompts.attach()
    again.ready()
    assert again.run("echo $word") == "kept\r\n"
    again.child.send(CTRL_D)
    assert again.end() == 0
    assert prompts.sessions() == []


def test_killed_shell_ends_with_its_jobs(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    first.begin("echo $$; sleep 600")
    first.child.expect(r"\d+\r\n")
    pid = int(str(first.child.after))
    assert prompts.home.rsh("kill", prompts.daemon.host, "work").returncode == 0
    assert wait_until_gone(pid, SOON)
    first.expect("rsh: the shell was ended by SIGHUP\r\n")
    assert first.end() == 128 + signal.SIGHUP
    gone = prompts.home.rsh("kill", prompts.daemon.host, "work")
    assert gone.returncode == 255
    assert b"there is no shell work" in gone.stderr


def test_prompt_ends_when_its_shell_is_killed_at_an_idle_prompt(prompts: Prompts, tmp_path: Path) -> None:
    host = prompts.daemon.host
    plain = prompts.connect("--name", "work")
    plain.ready()
    assert prompts.home.rsh("kill", host, "work").returncode == 0
    plain.begin(f"touch {tmp_path}/ran")
    plain.expect("rsh: the shell was ended by SIGHUP\r\n")
    assert plain.end() == 128 + signal.SIGHUP
    with Terminal(prompts.home, "connect", "-q", "--name", "work", host) as screen:
        screen.until_line(f":~{SIGN}")
        screen.press("half a line")
        screen.until_line("half a line")
        assert prompts.home.rsh("kill", host, "work").returncode == 0
        screen.until_shown("rsh: the shell was ended by SIGHUP")
        screen.child.expect(pexpect.EOF)
    assert not (tmp_path / "ran").exists()


def test_next_line_begins_a_new_shell_when_the_holder_was_killed(prompts: Prompts, tmp_path: Path) -> None:
    died = "rsh: the shell's holder has died\r\nrsh: the next line begins a new shell\r\n"
    first = prompts.connect()
    first.ready()
    holder = int(first.run(f"cd {tmp_path}; echo $PPID"))
    first.begin("echo on; sleep 600")
    first.expect("on\r\n")
    os.kill(holder, signal.SIGKILL)
    assert first.ready() == died
    holder = int(first.run("echo $PPID"))
    os.kill(holder, signal.SIGKILL)
    assert wait_until_gone(holder, SOON)
    assert first.run("touch ran") == died
    assert first.run("pwd; echo ran*") == f"{tmp_path}\r\nran*\r\n"


def test_new_shell_in_a_directory_that_has_gone_begins_at_home_and_not_with_a_line(
    prompts: Prompts, tmp_path: Path
) -> None:
    first = prompts.connect()
    first.ready()
    (tmp_path / "gone").mkdir()
    holder = int(first.run(f"cd {tmp_path}/gone; echo $PPID"))
    (tmp_path / "gone").rmdir()
    os.kill(holder, signal.SIGKILL)
    assert wait_until_gone(holder, SOON)
    first.run("touch ran")
    told = first.run("touch ran")
    assert f"rsh: {tmp_path}/gone: No such file or directory\r\n" in told
    assert first.run("pwd; echo ran*") == f"{prompts.home.folder}/home\r\nran*\r\n"


def test_screen_tells_at_once_that_the_holder_was_killed(prompts: Prompts) -> None:
    with Terminal(prompts.home, "connect", "-q", prompts.daemon.host) as screen:
        screen.until_line(f":~{SIGN}")
        screen.press("echo holder=$PPID\r")
        screen.until_shown("\nholder=")
        screen.press("echo ha")
        screen.until_line("echo ha")
        (holder,) = re.findall(r"^holder=(\d+)", screen.text, re.M)
        os.kill(int(holder), signal.SIGKILL)
        screen.until_shown("rsh: the shell's holder has died")
        screen.until_line("echo ha")
        screen.press("lf\r")
        screen.until_shown("\nhalf")


def test_name_that_is_taken_is_refused(prompts: Prompts) -> None:
    prompts.connect("--name", "work").ready()
    second = prompts.connect("--name", "work")
    second.expect("there is a shell named work already")


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_prompt_goes_on_when_the_daemon_is_replaced_at_an_idle_prompt(prompts: Prompts, how: int) -> None:
    first = prompts.connect()
    first.ready()
    first.run("cd /usr; word=kept; sh -c 'exit 3'")
    prompts.daemon = restarted(prompts.daemon, how)
    with prompts.daemon:
        assert first.run("echo $word in $PWD after $?") == "kept in /usr after 3\r\n"
        first.child.send(CTRL_D)
        assert first.end() == 0
        assert prompts.sessions() == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_command_goes_on_when_the_daemon_is_replaced_under_it(prompts: Prompts, tmp_path: Path, how: int) -> None:
    first = prompts.connect()
    first.ready()
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    first.begin(f"seq 1 30000; cat {fifo}; seq 30001 60000; read answer; echo got=$answer; (exit 7)")
    first.child.expect(r"\r\n100\r\n")
    output = f"{first.child.before}\r\n100\r\n"
    prompts.daemon = restarted(prompts.daemon, how)
    with prompts.daemon:
        with fifo.open("w") as file:
            file.write("0\n")
        first.child.expect(r"60000\r\n")
        output += f"{first.child.before}60000"
        # On a machine that is so busy that the outage lasts, the user is told, perhaps within a line.
        output = re.sub(r"\r\n\[rsh: [^]]*\]\r\n", "", output)
        assert output.split() == [*map(str, range(1, 30001)), "0", *map(str, range(30001, 60001))]
        first.child.sendline("once")
        first.expect("got=once")
        first.ready()
        assert first.run(":status") == "7\r\n"


def test_abandoned_shell_ends_at_its_time(home: Home) -> None:
    with Daemon(home, "--session-ttl", "0.5") as daemon:
        prompts = Prompts(daemon)
        first = prompts.connect()
        first.ready()
        pid = int(first.run("echo $$"))
        first.kill()
        daemon.stop()
        assert wait_until_gone(pid, SOON)


def test_key_that_may_have_no_shell_sees_none(prompts: Prompts, tmp_path: Path) -> None:
    prompts.connect("--name", "work").ready()
    home = other_home(tmp_path, prompts.daemon)
    authorized = prompts.home.folder / "config" / "rsh" / "authorized"
    lines = authorized.read_text().splitlines()
    lines[-1] = f"no-shell {lines[-1]}"
    authorized.write_text("\n".join(lines) + "\n")
    for words in (("sessions",), ("kill", "work")):
        done = home.rsh(words[0], prompts.daemon.host, *words[1:])
        assert (done.returncode, b"may not run commands" in done.stderr) == (255, True), done.stderr


def test_table_of_shells_names_what_runs_and_who_is_there(prompts: Prompts) -> None:
    first = prompts.connect("--name", "work")
    first.ready()
    first.begin("echo on; sleep 600")
    first.expect("on")
    table = prompts.home.rsh("sessions", prompts.daemon.host).stdout.decode()
    assert re.search(r"^NAME +USER +SINCE +LAST SEEN +RUNNING +ATTACHED$", table, re.M)
    assert re.search(r"^work .* echo on; sleep 600 +this account from 127", table, re.M), table


def test_more_shells_than_a_key_may_have_are_refused(home: Home) -> None:
    with Daemon(home, "--max-shells", "1") as daemon:
        prompts = Prompts(daemon)
        prompts.connect().ready()
        second = prompts.connect()
        second.expect("this key has 1 shells already")
        second.begin("detach")
        second.expect("there is no shell to leave")
        prompts.close()


def test_shell_that_a_script_has_left_ends_for_a_new_one(home: Home) -> None:
    with Daemon(home, "--max-shells", "3") as daemon:
        prompts = Prompts(daemon)
        kept = prompts.connect("--name", "kept")
        kept.ready()
        busy = prompts.connect()
        busy.ready()
        busy.run("sleep 600 &")
        left = prompts.connect()
        left.ready()
        pid = int(left.run("echo $$"))
        for prompt in (kept, busy, left):
            prompt.kill()
        prompts.connect().ready()
        assert wait_until_gone(pid, SOON)
        assert "kept" in [entry["name"] for entry in prompts.sessions()]
        assert len(prompts.sessions()) == 3
        assert "nobody is in this one" in daemon.log
        refused = prompts.connect()
        refused.expect("this key has 3 shells already")
        prompts.close()


def test_prompt_gives_way_to_another_clients_line_and_keeps_its_own(prompts: Prompts) -> None:
    host = prompts.daemon.host
    with Terminal(prompts.home, "connect", "-q", "--name", "work", host) as screen:
        screen.until_line(f":~{SIGN}")
        other = prompts.attach("work")
        other.ready()
        screen.press("echo half")
        screen.until_line("echo half")
        other.begin("echo from-other; read answer; echo got=$answer")
        screen.until_shown("runs: echo from-other; read answer")
        screen.until_shown("\nfrom-other")
        screen.press("typed\r")
        other.expect("got=typed")
        screen.until_shown("got=typed")
        screen.until_line("echo half")
        screen.press("-line\r")
        other.expect("half-line")
        screen.until_shown("\nhalf-line")


def test_escape_detaches_and_the_next_prompt_offers_what_is_there(prompts: Prompts) -> None:
    host = prompts.daemon.host
    with Terminal(prompts.home, "connect", "-q", "--name", "work", host) as screen:
        screen.until_line(f":~{SIGN}")
        screen.press("echo on; sleep 600\r")
        screen.until_shown("\non")
        screen.press("\r~d")
        screen.until_shown(f"rsh attach {host} work")
    with Terminal(prompts.home, "connect", host) as screen:
        screen.until_shown("running echo on; sleep 600: rsh attach")
        screen.until_line(f":~{SIGN}")
        screen.press(":attach work\r")
        screen.until_shown("\non")
        screen.press(CTRL_C)
        screen.until_line(f":~ 130{SIGN}")
        screen.press(":sessions\r")
        screen.until_shown("LAST SEEN")
        screen.until_line(f":~{SIGN}")
        screen.press(CTRL_D)
        screen.child.expect(pexpect.EOF)


def test_prompt_goes_to_another_shell_while_its_own_still_begins(prompts: Prompts) -> None:
    host, gate = prompts.daemon.host, prompts.home.folder / "home" / "gate"
    with Terminal(prompts.home, "connect", "-q", "--name", "work", host) as screen:
        screen.until_line(f":~{SIGN}")
        screen.press("echo on; sleep 600\r")
        screen.until_shown("\non")
        screen.press("\r~d")
        screen.until_shown(f"rsh attach {host} work")
    os.mkfifo(gate)
    (prompts.home.folder / "home" / ".bashrc").write_text('echo begun; read x < "$HOME/gate"')
    with Terminal(prompts.home, "connect", host) as screen:
        screen.until_shown("begun")
        screen.until_line(f":~{SIGN}")
        screen.press(":attach work\r")
        screen.until_shown("\non")
        screen.press(CTRL_C)
        screen.until_line(f":~ 130{SIGN}")
        assert "closed" not in screen.text
    os.close(os.open(gate, os.O_WRONLY | os.O_NONBLOCK))


def test_plain_shell_of_this_machine_ends_with_its_prompt(home: Home) -> None:
    prompt = Prompt(home, "connect")
    prompt.ready()
    assert "ends with its prompt" in prompt.run("detach")
    pid = int(prompt.run("echo $$"))
    prompt.kill()
    assert wait_until_gone(pid, SOON)
