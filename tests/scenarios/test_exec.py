"""`rsh exec` over a real daemon: the local run is the oracle."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.machines import SOON, Daemon, Home, alive, wait_until_gone


def test_exit_status_is_the_remote_one(me: Home, host: str) -> None:
    assert me.rsh("exec", host, "--", "sh", "-c", "exit 44").returncode == 44


def test_exit_status_is_128_and_the_signal_when_killed(me: Home, host: str) -> None:
    assert me.rsh("exec", host, "--", "sh", "-c", "kill -TERM $$").returncode == 143


def test_arguments_arrive_exact_whatever_is_in_them(me: Home, host: str) -> None:
    arguments = [b"two words", b"'", b'"', b"a\nb", b"$x", b"", b"*", b"\xff\xfe", b"-n", b"\\"]
    script = b"import sys,os; sys.stdout.buffer.write(b'|'.join(map(os.fsencode, sys.argv[1:])))"
    done = me.rsh("exec", host, "--", "python3", "-c", script, *arguments)
    assert done.stdout == b"|".join(arguments), done.stderr


def test_one_word_is_a_line_for_the_shell(me: Home, host: str) -> None:
    assert me.rsh("exec", host, "--", "echo $((6 * 7)) | tr 4 x").stdout == b"x2\n"


def test_hundred_megabytes_of_all_byte_values_come_back_from_cat(me: Home, host: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    block = bytes(range(256)) * 4096
    source.write_bytes(b"".join(random.Random(n).randbytes(256) + block for n in range(100)))
    with source.open("rb") as stdin, (tmp_path / "back").open("wb") as stdout:
        done = me.rsh("exec", host, "--", "cat", stdin=stdin, stdout=stdout, timeout=100)
    assert done.returncode == 0, done.stderr
    assert _digest(tmp_path / "back") == _digest(source)


def test_lines_are_counted_right_when_a_remote_pipe_is_cut(me: Home, host: str) -> None:
    assert me.rsh("exec", host, "--", "yes | head -2000").stdout == b"y\n" * 2000


def test_client_and_remote_command_end_when_our_reader_leaves(me: Home, host: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    line = f"echo $$ > {pid_file}; exec yes"
    client = me.spawn("exec", host, "--", line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    head = subprocess.run(["head", "-1"], stdin=client.stdout, capture_output=True, timeout=SOON)
    assert client.stdout is not None
    client.stdout.close()
    assert head.stdout == b"y\n"
    assert client.wait(SOON) == -signal.SIGPIPE
    assert wait_until_gone(int(pid_file.read_text()))


def test_stderr_arrives_whole_and_apart_when_stdout_was_closed_long_before(me: Home, host: str) -> None:
    line = "echo out; exec >&-; sleep 2; head -c 1000000 /dev/zero >&2"
    done = me.rsh("exec", host, "--", line)
    assert done.stdout == b"out\n"
    assert done.stderr == bytes(1_000_000)


def test_both_outputs_flow_when_their_reader_is_slow(me: Home, host: str) -> None:
    line = "head -c 20000000 /dev/zero & head -c 20000000 /dev/zero >&2; wait"
    client = me.spawn(
        "exec", host, "--", line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
    )
    assert client.stdout is not None
    assert client.stderr is not None
    first = os.read(client.stderr.fileno(), 1000)
    out, err = client.communicate(timeout=SOON)
    assert (len(out), len(first) + len(err), client.returncode) == (20_000_000, 20_000_000, 0)


def test_stdin_reaches_the_command_with_its_end(me: Home, host: str) -> None:
    assert me.rsh("exec", host, "--", "wc", "-c", input=b"x" * 100_000).stdout.strip() == b"100000"


def test_command_that_reads_nothing_ends_though_we_have_much_to_say(me: Home, host: str) -> None:
    assert me.rsh("exec", host, "--", "true", input=bytes(10_000_000)).returncode == 0


def test_stdin_is_left_alone_with_n(me: Home, host: str) -> None:
    assert me.rsh("exec", "-n", host, "--", "cat", input=b"not read").stdout == b""


def test_output_comes_live(me: Home, host: str) -> None:
    client = me.spawn(
        "exec", host, "--", "echo first; read x; echo then $x", stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert client.stdin is not None
    assert client.stdout is not None
    assert client.stdout.readline() == b"first\n"
    client.stdin.write(b"typed\n")
    client.stdin.close()
    assert client.stdout.read() == b"then typed\n"
    client.stdout.close()
    assert client.wait(SOON) == 0


def test_background_child_does_not_keep_the_client(me: Home, host: str) -> None:
    done = me.rsh("exec", host, "--", "sleep 100 & echo $!")
    assert alive(int(done.stdout))
    os.kill(int(done.stdout), signal.SIGKILL)


@pytest.mark.parametrize("name", ["INT", "TERM", "HUP"])
def test_signals_reach_the_remote_command(me: Home, host: str, name: str) -> None:
    line = f"trap 'echo got {name}; exit 9' {name}; echo ready; while :; do sleep 0.05; done"
    client = me.spawn("exec", host, "--", line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert client.stdout is not None
    assert client.stdout.readline() == b"ready\n"
    client.send_signal(getattr(signal, f"SIG{name}"))
    assert client.stdout.read() == f"got {name}\n".encode()
    client.stdout.close()
    assert client.wait(SOON) == 9


def test_remote_tree_ends_when_the_client_is_killed(me: Home, host: str, tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    report = f"echo $$ $! > {pids}.new; pgrep -P $$ >> {pids}.new; mv {pids}.new {pids}"
    line = f"trap '' HUP TERM; setsid sleep 300 & sleep 301 & {report}; wait"
    client = me.spawn("exec", host, "--", line, stdin=subprocess.DEVNULL)
    deadline = time.monotonic() + SOON
    while not pids.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    client.kill()
    client.wait()
    for pid in map(int, pids.read_text().split()):
        assert wait_until_gone(pid), f"{pid} lives on"  # the grace, and what ends those that ignore TERM


def test_directory_and_variables_are_as_asked(me: Home, host: str, tmp_path: Path) -> None:
    done = me.rsh("exec", "-C", str(tmp_path), "-E", "ONE=a b", "-E", "TWO=", host, "--", 'pwd; echo "[$ONE][$TWO]"')
    assert done.stdout == f"{tmp_path}\n[a b][]\n".encode()


@pytest.mark.parametrize("name", ["LD_PRELOAD", "BASH_ENV", "LD_LIBRARY_PATH", "BASH_FUNC_ls%%", "ENV"])
def test_dangerous_variables_are_refused(me: Home, host: str, name: str) -> None:
    done = me.rsh("exec", "-E", f"{name}=/tmp/x", host, "--", "true")
    assert done.returncode == 255
    assert name.encode() in done.stderr


def test_language_and_terminal_type_come_along_and_nothing_else(me: Home, host: str) -> None:
    environment = me.environment | {"LC_TIME": "C", "COLORTERM": "truecolor", "SECRET": "x", "BASH_ENV": "/tmp/x"}
    done = me.rsh("exec", host, "--", "env", env=environment)
    lines = done.stdout.splitlines()
    assert b"LC_TIME=C" in lines
    assert b"COLORTERM=truecolor" in lines
    assert not [line for line in lines if line.startswith((b"SECRET", b"BASH_ENV", b"PYTHONPATH"))]


def test_timeout_ends_the_command_with_124(me: Home, host: str, tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"
    line = f"echo $$ > {pid_file}.new; mv {pid_file}.new {pid_file}; exec sleep 100"
    for seconds in ("1", "8", "64"):  # A busy machine may take longer to begin.
        done = me.rsh("exec", "--timeout", seconds, host, "--", line)
        assert done.returncode == 124
        assert done.stderr.count(b"\n") == 1
        if pid_file.exists():
            break
    assert wait_until_gone(int(pid_file.read_text()))


def test_terminal_is_given_with_t(me: Home, host: str) -> None:
    done = me.rsh("exec", "-t", host, "--", "test -t 0 && test -t 1 && test -t 2 && tty")
    assert done.stdout.startswith(b"/dev/pts/")


def test_json_tells_status_duration_and_output(me: Home, host: str) -> None:
    done = me.rsh("exec", "--json", host, "--", "echo out; echo err >&2; exit 3")
    told = json.loads(done.stdout)
    assert (told["status"], told["stdout"], told["stderr"]) == (3, "out\n", "err\n")
    assert 0 < told["duration"] < SOON
    assert done.returncode == 3


@pytest.mark.parametrize(("word", "status"), [("/nonexistent/program", 127), ("/etc/passwd", 126)])
def test_command_that_cannot_be_started_says_so(me: Home, host: str, word: str, status: int) -> None:
    done = me.rsh("exec", host, "--", word, "argument")
    assert done.returncode == status
    assert done.stderr.count(b"\n") == 1
    assert word.encode() in done.stderr


def test_directory_that_is_not_there_is_named(me: Home, host: str) -> None:
    done = me.rsh("exec", "-C", "/nonexistent", host, "--", "true")
    assert done.returncode != 0
    assert b"/nonexistent: No such file or directory" in done.stderr


def test_account_whose_home_has_gone_still_has_its_commands_and_its_shell(home: Home) -> None:
    with Daemon(home) as daemon:
        shutil.rmtree(home.folder / "home")
        assert home.rsh("exec", daemon.host, "--", "pwd").stdout == b"/\n"
        assert home.rsh("connect", daemon.host, "-c", "pwd").stdout == b"/\n"
        assert home.rsh("exec", "-t", daemon.host, "--", "pwd").stdout == b"/\r\n"


def test_fifty_at_once_do_not_mix(me: Home, host: str) -> None:
    line = "for i in 1 2 3 4 5; do echo {0} {0} {0}; done"
    clients = [
        me.spawn("exec", host, "--", line.format(number), stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        for number in range(50)
    ]
    for number, client in enumerate(clients):
        out, _ = client.communicate(timeout=SOON)
        assert out == f"{number} {number} {number}\n".encode() * 5
        assert client.returncode == 0


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
