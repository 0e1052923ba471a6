"""The daemon is restarted, or killed, under a client: what may be repeated goes on, what may not says so."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import rsh.expect
from rsh.errors import LinkError
from tests.machines import SOON, Daemon, Home, descriptors
from tests.proxy import Direction, Proxy
from tests.scenarios.screens import SIGN, Terminal, until_ran
from tests.soak import SOAKING, sized

pytestmark = pytest.mark.soak

MIB = 1024 * 1024
SIZE = sized(24, 512) * MIB
LONG = sized(SOON, 600.0)

PATIENT = ("--drain", str(SOON))

HOW = pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])


@pytest.fixture
def network(daemon: Daemon) -> Iterator[Proxy]:
    """A slow network before the daemon, so that a transfer takes its time."""
    with Proxy(daemon.host, rate=SIZE / 2) as proxy:
        yield proxy


@pytest.fixture
def patient(home: Home) -> Iterator[Daemon]:
    """A daemon that gives what is at work the time it needs, however slow the machine is."""
    with Daemon(home, *PATIENT) as running:
        yield running


def successor(old: Daemon, how: int, *options: str) -> Daemon:
    """Replace a daemon: one that drains lets the new one in before it has ended."""
    if how == signal.SIGKILL:
        old.stop(how)
    else:
        before = old.log.count("stopped listening")  # by those before it, which have written to the same file
        old.process.send_signal(how)
        deadline = time.monotonic() + SOON
        while old.log.count("stopped listening") == before:
            assert time.monotonic() < deadline
            time.sleep(0.01)
    return Daemon(old.home, *options, bind=(old.host,))


def wait_for_bytes(network: Proxy, direction: Direction, count: int) -> None:
    deadline = time.monotonic() + LONG
    while network.passed[direction] < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


@HOW
@pytest.mark.parametrize("verb", ["put", "get"])
def test_transfer_goes_on_with_the_next_daemon(
    home: Home, daemon: Daemon, network: Proxy, tmp_path: Path, verb: str, how: int
) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(SIZE))
    there, here = (copy, source) if verb == "put" else (source, copy)
    words = (str(here), f"{network.host}:{there}") if verb == "put" else (f"{network.host}:{there}", str(here))
    client = home.spawn(verb, "-q", *words, stderr=subprocess.PIPE)
    wait_for_bytes(network, Direction.UP if verb == "put" else Direction.DOWN, SIZE // 4)
    with successor(daemon, how):
        _, errors = client.communicate(timeout=LONG)
    assert (client.returncode, errors) == (0, b"")
    assert copy.read_bytes() == source.read_bytes()


@HOW
def test_transfer_in_the_background_goes_on_with_the_next_daemon(
    home: Home, daemon: Daemon, network: Proxy, tmp_path: Path, how: int
) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(SIZE))
    lines = (f"put {source} {copy} &", "echo on", ":wait")
    client = home.spawn(
        "connect", network.host, *(word for line in lines for word in ("-c", line)), stdout=-1, stderr=-1, stdin=-3
    )
    wait_for_bytes(network, Direction.UP, SIZE // 4)
    with successor(daemon, how):
        shown, errors = client.communicate(timeout=LONG)
        assert client.returncode == 0, errors
        assert shown.startswith(b"on\n[1] done: put"), shown
        assert copy.read_bytes() == source.read_bytes()


@HOW
def test_command_is_not_run_again_and_says_so(home: Home, daemon: Daemon, tmp_path: Path, how: int) -> None:
    mark = tmp_path / "mark"
    client = home.spawn("exec", daemon.host, "--", f"echo x >> {mark}; echo up; sleep 60", stdout=-1, stderr=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    with successor(daemon, how):
        _, errors = client.communicate(timeout=SOON)
    assert client.returncode == 255
    assert errors in (
        b"rsh: exec: the session is gone: the daemon was restarted, or has waited for long enough\n",
        b"rsh: exec: the daemon is shutting down\n",
    )
    assert mark.read_text() == "x\n"


def test_command_that_meets_a_daemon_on_its_way_out_runs_in_the_next(home: Home, patient: Daemon) -> None:
    """Its connection was there before the daemon was told to end, and its words come after."""
    busy = home.spawn("exec", patient.host, "--", "echo up; read line", stdin=-1, stdout=-1)
    assert busy.stdout is not None
    assert busy.stdout.readline() == b"up\n"
    with Proxy(patient.host) as network:
        network.delay = 0.3
        before = descriptors(patient.process.pid)
        late = home.spawn("exec", network.host, "--", "read line; echo $line; echo x >> mark", stdin=-1, stdout=-1)
        while descriptors(patient.process.pid) == before:
            time.sleep(0.01)
        with successor(patient, signal.SIGTERM):
            patient.wait_for_log("! the daemon is shutting down")
            network.delay = 0.0
            assert late.communicate(b"heard\n", timeout=SOON)[0] == b"heard\n"
            assert late.returncode == 0
            busy.communicate(b"done\n", timeout=SOON)
    assert (home.folder / "home" / "mark").read_text() == "x\n"


def test_new_daemon_listens_while_the_old_one_drains(home: Home, patient: Daemon) -> None:
    client = home.spawn("exec", patient.host, "--", "echo up; read line", stdin=-1, stdout=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    with successor(patient, signal.SIGTERM) as young:
        assert home.rsh("exec", young.host, "--", "echo new").stdout == b"new\n"
        assert patient.process.poll() is None
        client.communicate(b"done\n", timeout=SOON)
        assert client.returncode == 0
        assert patient.process.wait(SOON) == 0


# A Python program that does one thing after the other, and says when each is done, until there is a file named "end".
STEPS = """
import os, sys, rsh
with rsh.connect(sys.argv[1]) as remote:
    number = 0
    while not os.path.exists(sys.argv[2]):
        number += 1
        remote.run(["sh", "-c", f"echo {number} >> lines"], check=True)
        assert remote.stat("lines")[0].size
        assert remote.detach("true").id
        print(number, flush=True)
"""

# One that copies a file.
COPY = """
import sys, rsh
with rsh.connect(sys.argv[1]) as remote:
    report = getattr(remote, sys.argv[2])(sys.argv[3], to=sys.argv[4])
    print(report.files, report.failed)
"""


def python(home: Home, program: str, *words: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", program, *words], env=home.environment, stdout=-1, stderr=-1)


@HOW
def test_command_of_the_prompt_goes_on_with_the_next_daemon(home: Home, daemon: Daemon, how: int) -> None:
    sparse = home.folder / "home" / "sparse"
    sparse.touch()
    os.truncate(sparse, SIZE * 40)
    with Terminal(home, "connect", "-q", daemon.host) as prompt:
        prompt.until_line(f":~{SIGN}")
        first = prompt.row
        prompt.press(":sum sparse\r")
        daemon.wait_for_log("< Sum")
        with successor(daemon, how):
            told = until_ran(prompt, ":sum sparse", first, f":~{SIGN}")
            assert any(line.endswith("  sparse") for line in told)
            prompt.press("exit\r")
            assert prompt.end() == 0


def test_file_that_was_edited_while_there_was_no_daemon_is_put_back_by_the_next(
    home: Home, daemon: Daemon, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("old\n")
    editor = f"sh -c 'touch {tmp_path}/open; until [ -e {tmp_path}/go ]; do sleep .02; done; echo new >> $1' x"
    variables = home.environment | {"EDITOR": editor}
    client = home.spawn("edit", "-q", f"{daemon.host}:{tmp_path}/file", env=variables, stderr=subprocess.PIPE)
    while not (tmp_path / "open").exists():
        time.sleep(0.02)
    daemon.stop(signal.SIGKILL)
    (tmp_path / "go").touch()
    time.sleep(1.0)  # in which it is asked for what nobody can hear
    with Daemon(home, bind=(daemon.host,)):
        _, errors = client.communicate(timeout=LONG)
    assert (client.returncode, errors) == (0, b"")
    assert (tmp_path / "file").read_text() == "old\nnew\n"


def test_python_program_goes_on_through_restarts_and_does_nothing_twice(
    home: Home, patient: Daemon, tmp_path: Path
) -> None:
    """Each daemon is told to end while something is asked of it."""
    end = tmp_path / "end"
    client = python(home, STEPS, patient.host, str(end))
    assert client.stdout is not None
    daemons = [patient]
    try:
        for _ in range(sized(4, 40)):
            for _ in range(5):
                assert client.stdout.readline(), client.communicate()
            daemons.append(successor(daemons[-1], signal.SIGTERM, *PATIENT))
            assert daemons[-2].process.wait(SOON) == 0
        end.touch()
        with client:
            assert client.stderr is not None
            shown, errors = client.stdout.read(), client.stderr.read()  # what was read ahead as well
        assert (client.returncode, errors) == (0, b"")
    finally:
        for each in daemons[1:]:
            each.__exit__()
    count = int(shown.split()[-1])
    assert (home.folder / "home" / "lines").read_text() == "".join(f"{number}\n" for number in range(1, count + 1))


def test_python_program_that_did_nothing_meanwhile_meets_the_next_daemon(home: Home, daemon: Daemon) -> None:
    program = "import sys, rsh\nremote = rsh.connect(sys.argv[1])\n" + (
        "print('up', flush=True)\nsys.stdin.readline()\nprint(remote.run('echo on').stdout)"
    )
    client = subprocess.Popen(
        [sys.executable, "-c", program, daemon.host], env=home.environment, stdin=-1, stdout=-1, stderr=-1
    )
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    with successor(daemon, signal.SIGKILL):
        assert client.communicate(b"\n", timeout=SOON) == (b"b'on\\n'\n", b"")


@HOW
@pytest.mark.parametrize("verb", ["put", "get"])
def test_transfer_of_a_python_program_goes_on_with_the_next_daemon(
    home: Home, daemon: Daemon, network: Proxy, tmp_path: Path, verb: str, how: int
) -> None:
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.write_bytes(os.urandom(SIZE))
    client = python(home, COPY, network.host, verb, str(source), str(copy))
    wait_for_bytes(network, Direction.UP if verb == "put" else Direction.DOWN, SIZE // 4)
    with successor(daemon, how):
        assert client.communicate(timeout=LONG) == (b"1 0\n", b"")
    assert copy.read_bytes() == source.read_bytes()


@pytest.fixture
def shell(home: Home, daemon: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[rsh.expect.Shell]:
    """A shell of this program's; x is 5 in it."""
    for name, value in home.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)
    with rsh.expect.connect(daemon.host, timeout=SOON) as shell:
        shell.run("cd /usr; x=5")
        yield shell


@HOW
def test_shell_of_a_python_program_goes_on_with_the_next_daemon(
    daemon: Daemon, shell: rsh.expect.Shell, tmp_path: Path, how: int
) -> None:
    """It is idle at first, then prints while there is no daemon, and what is typed meanwhile arrives."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    with successor(daemon, how) as second:
        assert shell.run("pwd; echo $x") == ("/usr\n5\n", 0)
        shell.sendline(f"stty -echo; echo up; seq $(cat {gate}); read line; (exit $line)")
        shell.expect_exact("up\r\n")
        second.stop(how)
        gate.write_text("50000")
        shell.sendline("3")
        with Daemon(daemon.home, bind=(daemon.host,)):
            assert shell.wait() == 3
            assert shell.before == "".join(f"{number}\r\n" for number in range(1, 50_001))
            assert shell.run("pwd; echo $x") == ("/usr\n5\n", 0)


@pytest.mark.skipif(not SOAKING, reason="output is held back for half a minute")
def test_program_is_told_of_output_that_was_lost_while_there_was_no_daemon(
    daemon: Daemon, shell: rsh.expect.Shell, tmp_path: Path
) -> None:
    done = tmp_path / "done"
    os.mkfifo(done)
    shell.sendline(f"echo up; read go < {done}; seq 1000000; echo > {done}; (exit 3)")
    shell.expect_exact("up\r\n")
    daemon.stop(signal.SIGKILL)
    done.write_text("go\n")
    assert done.read_text() == "\n"
    with Daemon(daemon.home, bind=(daemon.host,)):
        with pytest.raises(LinkError, match="bytes of output are lost"):
            shell.wait()
        assert shell.wait() == 3
        assert str(shell.before).endswith("\r\n999999\r\n1000000\r\n")
        assert shell.run("pwd; echo $x") == ("/usr\n5\n", 0)


def test_shell_of_a_python_program_is_over_when_no_daemon_comes_in_time(
    daemon: Daemon, shell: rsh.expect.Shell
) -> None:
    with rsh.connect(daemon.host, reconnect_timeout=0.5) as remote, rsh.expect.Shell(remote) as mortal:
        daemon.stop(signal.SIGKILL)
        with pytest.raises(LinkError, match="no connection"):
            mortal.run("true")
        assert not mortal.isalive()
