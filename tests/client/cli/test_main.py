from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from rsh import __version__
from rsh.client.cli.main import load, main
from rsh.client.cli.table import COMMANDS, Command
from tests.machines import SOON, Daemon, Home, program

# Each costs some of the 80 ms that a whole `rsh exec HOST -- true` may take.
UNWANTED = ["argparse", "ast", "asyncio", "cryptography", "dataclasses", "inspect", "json", "logging", "pathlib"]
UNWANTED += ["prompt_toolkit", "shutil", "subprocess", "tempfile", "typing_extensions", "xxhash"]


def said(capfd: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    output = capfd.readouterr()
    return status, output.out, output.err


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_of_the_table_is_there(command: Command) -> None:
    assert callable(load(command))


def test_version_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    assert said(capfd, "--version") == (0, f"rsh {__version__}\n", "")


@pytest.mark.parametrize(
    "words", [("--help",), ("-h",), ("help",), ("ls", "--help"), ("help", "put"), ("--help", "get")]
)
def test_help_goes_to_stdout_with_status_0(capfd: pytest.CaptureFixture[str], words: tuple[str, ...]) -> None:
    status, out, err = said(capfd, *words)
    assert status == 0
    assert out.startswith("usage: rsh")
    assert err == ""


@pytest.mark.parametrize("words", [("--version",), ("help",), ("help", "put"), ("put", "--help")])
def test_help_that_a_full_disk_does_not_take_is_an_error(words: tuple[str, ...]) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run([*program("rsh"), *words], stdout=full, stderr=subprocess.PIPE, timeout=SOON, check=False)
    verb = b"put: " if words[0] == "put" else b""
    assert (done.returncode, done.stderr) == (1, b"rsh: %swrite error: No space left on device\n" % verb)


@pytest.mark.parametrize("failure", [MemoryError(), RuntimeError("can't start new thread")])
def test_want_of_memory_is_told_for_what_it_is(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def fail(*_: object) -> int:
        raise failure

    monkeypatch.setattr("rsh.client.commands.trust.run_key", fail)
    assert said(capfd, "key") == (255, "", "rsh: key: not enough memory here, or too many processes\n")


def test_no_command_shows_the_overview_on_stderr_with_status_2(capfd: pytest.CaptureFixture[str]) -> None:
    status, out, err = said(capfd)
    assert (status, out) == (2, "")
    assert err.startswith("usage: rsh")


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("pt", "a"), "rsh: no command 'pt'\nrsh: did you mean 'put'?\n"),
        (("lcd",), "rsh: no command 'lcd'\n"),
        (("ls", "-z"), "rsh: ls: invalid option -- 'z'\nrsh: try 'rsh ls --help'\n"),
        (("exec", "h"), "rsh: exec: missing COMMAND\nrsh: try 'rsh exec --help'\n"),
        (("put", "a", "b"), "rsh: put: 'b' names no host\n"),
        (("rm", "-r", "x"), "rsh: rm: 'x' names no host\nrsh: write HOST:x\n"),
        (("exec", "a b", "x"), "rsh: exec: "),
        (("--nope",), "rsh: unrecognized option '--nope'\nrsh: all commands: rsh --help\n"),
        (("-q", "--color", "never"), "rsh: missing COMMAND\n"),
        (("--color", "sometimes", "ls", "h"), "rsh: ls: --color: 'sometimes' is none of always, auto, never\n"),
    ],
)
def test_wrong_usage_is_status_2_with_one_line_and_advice(
    capfd: pytest.CaptureFixture[str], words: tuple[str, ...], error: str
) -> None:
    status, out, err = said(capfd, *words)
    assert (status, out) == (2, "")
    assert err.startswith(error)
    assert err.count("\n") <= 2


def test_a_host_that_starts_with_a_dash_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    assert said(capfd, "ls", "--", "-oProxyCommand=x:")[0] == 2


def test_nobody_listening_is_255_with_one_line(home: Home) -> None:
    done = home.rsh("exec", f"unix:{home.folder}/nobody", "--", "true")
    assert done.returncode == 255
    assert re.fullmatch(rb"rsh: exec: [^\n]+\n", done.stderr)


def test_debug_shows_the_traceback(home: Home) -> None:
    for words in (("--debug", "exec"), ("exec", "--debug"), ("-vv", "exec"), ("-v", "exec", "--verbose")):
        done = home.rsh(*words, f"unix:{home.folder}/nobody", "--", "true")
        assert done.stderr.startswith(b"Traceback")
        assert done.stderr.splitlines()[-1].startswith(b"rsh: exec: ")
        assert done.returncode == 255


def test_debug_may_come_from_the_environment(home: Home) -> None:
    for value, shown in (("1", True), ("0", False), ("", False)):
        environment = home.environment | {"RSH_DEBUG": value}
        done = home.rsh("exec", f"unix:{home.folder}/nobody", "--", "true", env=environment)
        assert (b"Traceback" in done.stderr) == shown


def test_verbose_says_whom_we_are_connected_with(shared_daemon: Daemon) -> None:
    done = shared_daemon.home.rsh("ls", "-v", "-d", f"{shared_daemon.host}:/")
    assert done.stdout == b"/\n"
    assert re.fullmatch(rb"rsh: ls: connected with \w+@\S+ \(127\..*, SHA256:.*, TLS 1.3\) after .* m?s\n", done.stderr)


def test_an_option_of_the_remote_command_is_not_ours(home: Home) -> None:
    done = home.rsh("exec", f"unix:{home.folder}/nobody", "--", "x", "--debug")
    assert b"Traceback" not in done.stderr


def test_an_interrupted_ping_tells_what_it_has(shared_daemon: Daemon) -> None:
    words = ("ping", "-c", "1000", "-i", "60", shared_daemon.host)
    with shared_daemon.home.spawn(*words, stdout=subprocess.PIPE) as client:
        assert client.stdout is not None
        client.stdout.readline()
        client.send_signal(signal.SIGINT)
        assert b"1 round trips" in client.stdout.read()
        assert client.wait(SOON) == 0


def test_an_interrupt_is_died_of(shared_daemon: Daemon, tmp_path: Path) -> None:
    words = ("put", "-", f"{shared_daemon.host}:{tmp_path}/file")
    with shared_daemon.home.spawn(*words, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        assert client.stdin is not None
        assert client.stderr is not None
        client.stdin.write(bytes(1000))
        client.stdin.flush()
        while not [name for name in os.listdir(tmp_path) if name.endswith(".part")]:
            assert client.poll() is None
        client.send_signal(signal.SIGINT)
        assert client.wait(SOON) == -signal.SIGINT
        assert client.stderr.read() == b""


def test_a_reader_who_leaves_early_ends_us_by_sigpipe(shared_daemon: Daemon, tmp_path: Path) -> None:
    (tmp_path / "big").write_bytes(bytes(10_000_000))
    words = ("cat", f"{shared_daemon.host}:{tmp_path}/big")
    with shared_daemon.home.spawn(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        assert client.stdout is not None
        assert client.stderr is not None
        client.stdout.read(1)
        client.stdout.close()
        assert client.wait(SOON) == -signal.SIGPIPE
        assert client.stderr.read() == b""


def test_closed_descriptors_are_no_place_for_a_socket(shared_daemon: Daemon, tmp_path: Path) -> None:
    rsh = " ".join(program("rsh"))
    line = f"{rsh} exec {shared_daemon.host} -- 'echo out; echo err >&2; exit 7' <&- >&- 2>&-"
    script = f"{line}; echo $? > {tmp_path}/status"
    subprocess.run(["sh", "-c", script], env=shared_daemon.home.environment, check=True, timeout=SOON)
    assert (tmp_path / "status").read_text() == "7\n"


def test_the_start_of_exec_imports_nothing_it_does_not_need(shared_daemon: Daemon) -> None:
    code = (
        "import sys; from rsh.client.cli.main import main\n"
        "main(sys.argv[1:])\n"
        f"print(sorted(set(sys.modules) & set({UNWANTED!r})))"
    )
    words = [sys.executable, "-c", code, "exec", "-n", shared_daemon.host, "--", "true"]
    assert subprocess.check_output(words, env=shared_daemon.home.environment, text=True) == "[]\n"
