"""Commands that go on without us: whoever dies, what they wrote and how they ended is known, and nothing runs twice."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import rsh
from rsh.errors import Refused
from tests.machines import SOON, Daemon, Home, alive, wait_until_gone


@pytest.fixture
def own_account(me: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Be a client of that account in this process."""
    for name, value in me.environment.items():
        if name.startswith("XDG_"):
            monkeypatch.setenv(name, value)


def detach(home: Home, host: str, *words: str) -> str:
    done = home.rsh("exec", "--detach", host, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


def state_of(home: Home, host: str, name: str) -> dict[str, object]:
    found: dict[str, object] = json.loads(home.rsh("jobs", "--json", host, name).stdout)
    return found


def folder_of(home: Home, name: str) -> Path:
    return home.folder / "state" / "rsh" / "jobs" / os.uname().nodename / name


def holder_of(home: Home, name: str) -> int:
    """Find the process that has the lock of a job, by proc(5) locks."""
    inode = folder_of(home, name).joinpath("lock").stat().st_ino
    for line in Path("/proc/locks").read_text().splitlines():
        words = line.split()
        if words[-3].rpartition(":")[2] == str(inode) and int(words[-4]) > 0:
            return next(pid for pid in map(int, filter(str.isdigit, os.listdir("/proc"))) if _has_open(pid, inode))
    raise AssertionError("nobody has the lock")


def _has_open(pid: int, inode: int) -> bool:
    try:
        names = os.listdir(f"/proc/{pid}/fd")
        return any(os.stat(f"/proc/{pid}/fd/{name}").st_ino == inode for name in names)
    except OSError:
        return False


def wait_for(what: Callable[[], bool]) -> None:
    """Wait for something that another process does to files."""
    deadline = time.monotonic() + SOON
    while not what():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_id_is_printed_while_the_command_runs(me: Home, host: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    name = detach(me, host, "--", f"cat {tmp_path}/gate; exit 7")
    assert state_of(me, host, name)["state"] == "running"
    (tmp_path / "gate").write_text("through")
    assert me.rsh("wait", host, name).returncode == 7
    assert me.rsh("logs", host, name).stdout == b"through"
    assert state_of(me, host, name)["state"] == "finished"


def test_streams_come_out_apart_and_whole(me: Home, host: str) -> None:
    name = detach(me, host, "--", "head -c 3000000 /dev/zero; head -c 2000000 /dev/zero | tr '\\0' e >&2")
    done = me.rsh("logs", "-f", host, name)
    assert done.stdout == bytes(3_000_000)
    assert done.stderr == b"e" * 2_000_000


def test_words_directory_and_variables_are_those_of_exec(me: Home, host: str, tmp_path: Path) -> None:
    words = ("-C", str(tmp_path), "-E", "ONE=a b", "--", "sh", "-c", 'pwd; printf "%s|" "$ONE" "$@"', "sh", "x y", "")
    name = detach(me, host, *words)
    assert me.rsh("logs", "-f", host, name).stdout == f"{tmp_path}\na b|x y||".encode()


@pytest.mark.parametrize(("line", "status"), [("exit 44", 44), ("kill -TERM $$", 143), ("kill -9 $$", 137)])
def test_wait_exits_as_exec_would(me: Home, host: str, line: str, status: int) -> None:
    assert me.rsh("wait", host, detach(me, host, "--", line)).returncode == status


@pytest.mark.parametrize(("word", "status"), [("/nonexistent/program", 127), ("/etc/passwd", 126)])
def test_command_that_cannot_be_started_is_no_job(me: Home, host: str, word: str, status: int) -> None:
    done = me.rsh("exec", "--detach", "--id", "never", host, "--", word, "argument")
    assert (done.returncode, done.stderr.count(b"\n")) == (status, 1)
    assert me.rsh("jobs", host, "never").returncode == 255
    assert not folder_of(me, "never").exists()


def test_files_of_a_job_are_private(me: Home, host: str) -> None:
    name = detach(me, host, "--", "echo secret")
    me.rsh("wait", host, name)
    folder = folder_of(me, name)
    assert folder.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}


def test_job_goes_on_when_daemon_and_client_are_killed(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    line = f"echo before; cat {tmp_path}/gate >/dev/null; echo after; echo error >&2; exit 5"
    with Daemon(home) as first:
        name = detach(home, first.host, "--", line)
        waiter = home.spawn("wait", first.host, name)
        first.wait_for_log("Wait")
        waiter.kill()
        waiter.wait()
        first.stop(signal.SIGKILL)
    (tmp_path / "gate").write_text("x")
    with Daemon(home) as second:
        assert home.rsh("wait", second.host, name).returncode == 5
        done = home.rsh("logs", second.host, name)
        assert (done.stdout, done.stderr) == (b"before\nafter\n", b"error\n")


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_followers_and_waiters_go_on_when_the_daemon_is_started_again(home: Home, tmp_path: Path, number: int) -> None:
    os.mkfifo(tmp_path / "gate")
    line = f"echo before; cat {tmp_path}/gate >/dev/null; echo after; exit 6"
    with Daemon(home) as first:
        name = detach(home, first.host, "--", line)
        logs = home.spawn("-q", "logs", "-f", first.host, name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        waiter = home.spawn("-q", "wait", first.host, name, stderr=subprocess.PIPE)
        assert logs.stdout is not None
        assert logs.stdout.readline() == b"before\n"
        first.wait_for_log("Wait")
        first.stop(number)
        assert "still at work" not in first.log
    with Daemon(home, bind=(first.host,)):
        (tmp_path / "gate").write_text("x")
        out, err = logs.communicate(timeout=SOON)
        assert (out, err, logs.returncode) == (b"after\n", b"", 0)
        assert (waiter.communicate(timeout=SOON)[1], waiter.returncode) == (b"", 6)


def test_follower_says_that_it_waits_for_the_next_daemon_and_when_it_has_it(home: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    with Daemon(home) as first:
        name = detach(home, first.host, "--", f"echo before; cat {tmp_path}/gate >/dev/null; echo after")
        logs = home.spawn("logs", "-f", first.host, name, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert logs.stdout is not None and logs.stderr is not None
        assert logs.stdout.readline() == b"before\n"
        first.stop()
        told = b"rsh: logs: the session is over: the daemon is shutting down; waiting for the next daemon\n"
        assert logs.stderr.readline() == told
    with Daemon(home, bind=(first.host,)):
        (tmp_path / "gate").write_text("x")
        out, err = logs.communicate(timeout=SOON)
    assert out == b"after\n"
    assert re.fullmatch(rb"rsh: logs: connected again after \d+ s\n", err)


@pytest.mark.usefixtures("own_account")
def test_hundred_that_ask_at_once_for_one_id_start_it_once(me: Home, host: str, tmp_path: Path) -> None:
    line = f"echo started >> {tmp_path}/count; sleep 0.1"
    together = threading.Barrier(90)

    def ask(number: int) -> str:
        with rsh.connect(host) as remote:
            together.wait(SOON)
            return remote.detach(line, id="once").id

    clients = [
        me.spawn("exec", "--detach", "--id", "once", host, "--", line, stdout=subprocess.PIPE) for _ in range(10)
    ]
    with ThreadPoolExecutor(90) as pool:
        assert set(pool.map(ask, range(90))) == {"once"}
    assert {client.communicate(timeout=SOON)[0] for client in clients} == {b"once\n"}
    assert me.rsh("wait", host, "once").returncode == 0
    assert (tmp_path / "count").read_text() == "started\n"


def test_id_holds_across_a_restart_of_the_daemon(home: Home, tmp_path: Path) -> None:
    line = f"echo started >> {tmp_path}/count"
    for _ in range(2):
        with Daemon(home) as daemon:
            assert home.rsh("exec", "--detach", "--id", "a-b.c_1", daemon.host, "--", line).stdout == b"a-b.c_1\n"
            assert home.rsh("wait", daemon.host, "a-b.c_1").returncode == 0
            daemon.stop(signal.SIGKILL)
    assert (tmp_path / "count").read_text() == "started\n"


def test_id_of_another_command_is_refused(me: Home, host: str, tmp_path: Path) -> None:
    assert me.rsh("exec", "--detach", "--id", "taken", host, "--", "true").returncode == 0
    for words in (
        ("--", "false"),
        ("-C", str(tmp_path), "--", "true"),
        ("-E", "A=1", "--", "true"),
        ("--", "true", ""),
    ):
        done = me.rsh("exec", "--detach", "--id", "taken", host, *words)
        assert (done.returncode, done.stdout) == (255, b"")
        assert done.stderr == b"rsh: exec: job taken is another command\n"


@pytest.mark.parametrize("name", ["../x", "", "-x", "a b", "x" * 65, "a/b", ".hidden"])
def test_ids_that_are_no_names_are_refused(me: Home, host: str, name: str) -> None:
    done = me.rsh("exec", "--detach", f"--id={name}", host, "--", "true")
    assert done.returncode == 2
    assert me.rsh("exec", "--id", "x", host, "--", "true").returncode == 2


def test_cancel_ends_a_whole_tree_that_ignores_term(me: Home, host: str, tmp_path: Path) -> None:
    daemonised = f"(setsid sh -c 'trap \"\" TERM HUP; echo $$ >> {tmp_path}/pids; while :; do sleep 0.2; done' &)"
    line = f"trap '' TERM HUP; {daemonised}; echo $$ >> {tmp_path}/pids; while :; do sleep 0.2; done"
    name = detach(me, host, "--", line)
    wait_for(lambda: (tmp_path / "pids").exists() and len((tmp_path / "pids").read_text().split()) == 2)
    done = me.rsh("cancel", "--grace", "0.2", host, name)
    assert done.returncode == 0, done.stderr
    assert b"cancelled" in done.stdout
    assert not [pid for pid in (tmp_path / "pids").read_text().split() if alive(int(pid))]
    assert me.rsh("wait", host, name).returncode == 137


def test_cancelled_command_may_clean_up(me: Home, host: str) -> None:
    name = detach(me, host, "--", "trap 'echo cleaned; exit 9' TERM; echo ready; while :; do sleep 0.05; done")
    logs = me.spawn("logs", "-f", host, name, stdout=subprocess.PIPE)
    assert logs.stdout is not None
    assert logs.stdout.readline() == b"ready\n"
    assert me.rsh("cancel", host, name).returncode == 0
    assert logs.communicate(timeout=SOON)[0] == b"cleaned\n"
    found = state_of(me, host, name)
    assert (found["state"], found["status"]) == ("cancelled", 9)


def test_time_that_runs_out_ends_the_command_with_124(me: Home, host: str) -> None:
    for seconds in ("1", "8", "64"):  # A busy machine may take longer to begin.
        name = detach(me, host, "--timeout", seconds, "--", "echo begun; exec sleep 100")
        assert me.rsh("wait", host, name).returncode == 124
        assert state_of(me, host, name)["state"] == "timeout"
        if said := me.rsh("logs", host, name).stdout:
            break
    assert said == b"begun\n"


def test_job_is_lost_when_its_holder_is_killed_and_cancel_ends_what_is_left(
    me: Home, host: str, tmp_path: Path
) -> None:
    name = detach(me, host, "--", f"echo $$ > {tmp_path}/pid.new; mv {tmp_path}/pid.new {tmp_path}/pid; sleep 100")
    wait_for((tmp_path / "pid").exists)
    pid = int((tmp_path / "pid").read_text())
    os.kill(holder_of(me, name), signal.SIGKILL)
    done = me.rsh("wait", host, name)
    assert done.returncode == 255
    assert b"is lost" in done.stderr
    assert state_of(me, host, name)["status"] is None
    assert alive(pid)
    assert me.rsh("cancel", host, name).returncode == 0
    assert wait_until_gone(pid, SOON)
    assert state_of(me, host, name)["state"] == "lost"


def test_job_of_another_boot_is_lost(me: Home, host: str) -> None:
    name = detach(me, host, "--", "exec sleep 1000")
    path = folder_of(me, name) / "job.json"
    asked = json.loads(path.read_text())
    path.write_text(json.dumps(asked | {"boot": "another"}))
    assert state_of(me, host, name)["state"] == "lost"
    me.rsh("cancel", host, name)


def test_id_that_was_claimed_and_never_begun_is_started(me: Home, host: str) -> None:
    assert me.rsh("exec", "--detach", "--id", "claimed", host, "--", "echo once").returncode == 0
    me.rsh("wait", host, "claimed")
    for path in folder_of(me, "claimed").iterdir():
        if path.name not in ("job.json", "lock"):
            path.unlink()
    assert state_of(me, host, "claimed")["state"] == "lost"
    assert me.rsh("exec", "--detach", "--id", "claimed", host, "--", "echo once").returncode == 0
    assert me.rsh("logs", "-f", host, "claimed").stdout == b"once\n"


@pytest.mark.usefixtures("own_account")
def test_python_starts_follows_and_cancels(host: str) -> None:
    with rsh.connect(host) as remote:
        job = remote.detach(["sh", "-c", "echo out; echo err >&2; exit 4"])
        log = remote.job_log(job.id, follow=True)
        found = b"".join(bytes(piece) for _, piece in log)
        assert sorted(found.split()) == [b"err", b"out"]
        assert log.job is not None
        assert (log.job.state, log.job.returncode, log.position) == ("finished", 4, 8)
        assert remote.wait_job(job.id).returncode == 4
        running = remote.detach("sleep 1000")
        assert remote.cancel_job(running.id).returncode == -signal.SIGTERM
        assert {each.id for each in remote.jobs()} >= {job.id, running.id}
        with pytest.raises(Refused, match="no job"):
            remote.jobs("nobody-has-this")
