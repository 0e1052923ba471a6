"""Many sessions: they are cut and come back at once, they come and go, and nothing of them is left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.machines import SOON, Daemon, Home, descriptors, status_of
from tests.proxy import Proxy
from tests.soak import SOAKING, sized

pytestmark = pytest.mark.soak

CROWDS, EACH = sized((2, 25), (10, 100))
LONG = sized(SOON, 600.0)
MANY = ("--max-per-address", "2500", "--max-connections", "2500", "--max-unauthenticated-per-address", "100")


@pytest.fixture
def daemon(home: Home) -> Iterator[Daemon]:
    """A daemon that lets them all in, and has had a client before."""
    with Daemon(home, *MANY, "--drain", "1") as running:
        assert home.rsh("exec", running.host, "--", "true").returncode == 0
        yield running


@contextmanager
def crowd(home: Home, host: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Have them all here, each with a command at work; a line on stdin has them do the rest."""
    command = [sys.executable, "-m", "tests.scenarios.crowd", host, str(EACH)]
    processes = [subprocess.Popen(command, stdin=-1, stdout=-1, env=home.environment) for _ in range(CROWDS)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def finish(processes: list[subprocess.Popen[bytes]]) -> None:
    """Have them end in order; each must have heard what it said."""
    for process in processes:
        assert process.communicate(b"go\n", timeout=LONG)[0] == b"done\n"
        assert process.returncode == 0


def weight(daemon: Daemon) -> tuple[int, int, int]:
    """Count a daemon's descriptors, threads and children."""
    pid = daemon.process.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return descriptors(pid), status_of(pid, "Threads"), len(children)


def memory(daemon: Daemon) -> int:
    """Give the KiB of memory that a daemon has."""
    return status_of(daemon.process.pid, "VmRSS")


def wait_for_weight(daemon: Daemon, before: tuple[int, int, int]) -> None:
    deadline = time.monotonic() + LONG
    while any(now > then for now, then in zip(weight(daemon), before, strict=True)):
        assert time.monotonic() < deadline, (weight(daemon), before)
        time.sleep(0.05)


def wait_for_memory(daemon: Daemon, most: int) -> None:
    deadline = time.monotonic() + SOON
    while memory(daemon) > most:
        assert time.monotonic() < deadline, (memory(daemon), most)
        time.sleep(0.05)


def test_many_sessions_are_cut_and_resumed_at_once(home: Home) -> None:
    with Daemon(home, *MANY, "--grace", str(SOON)) as daemon, Proxy(daemon.host) as network:
        assert home.rsh("exec", daemon.host, "--", "true").returncode == 0
        before = weight(daemon)
        with crowd(home, network.host) as processes:
            assert network.cut() >= CROWDS * EACH
            finish(processes)
            wait_for_weight(daemon, before)


def test_many_sessions_that_have_been_leave_nothing_behind(home: Home, daemon: Daemon) -> None:
    """They find the memory that those before them have left; and once they have gone it is given back.

    Where that takes its time, it is waited for: what those before have left and nobody has needed since would count.
    """
    before, light = weight(daemon), memory(daemon)
    most = []
    for _ in range(3):
        with crowd(home, daemon.host) as processes:
            most.append(memory(daemon) - light)
            finish(processes)
        wait_for_weight(daemon, before)
        if SOAKING:
            wait_for_memory(daemon, light + most[0] // 2)
    # The first time they need less: a few things are made once. Each leaves ten KiB at most of the 150 that it has:
    # its id, and what the C library has cut up.
    bound = most[1] * 1.25 if SOAKING else most[1] + CROWDS * EACH * 40
    assert most[2] < bound, most


def test_commands_of_many_clients_that_were_killed_end_all_at_once(home: Home, daemon: Daemon) -> None:
    before = weight(daemon)
    with crowd(home, daemon.host) as processes:
        for process in processes:
            process.kill()
    wait_for_weight(daemon, before)


def test_daemon_with_many_sessions_ends_when_it_is_told_to(home: Home, daemon: Daemon) -> None:
    with crowd(home, daemon.host):
        assert daemon.stop(signal.SIGTERM) == 0


@pytest.mark.parametrize(
    "option, words",
    [
        ("--max-sessions", "too many sessions of this key"),
        ("--max-connections", "too many connections"),
    ],
)
def test_one_more_than_there_may_be_is_told_so(home: Home, option: str, words: str) -> None:
    with Daemon(home, option, "2") as daemon:
        clients = [home.spawn("exec", daemon.host, "--", "echo on; exec cat", stdin=-1, stdout=-1) for _ in range(2)]
        for client in clients:
            assert client.stdout is not None
            assert client.stdout.readline() == b"on\n"
        done = home.rsh("exec", daemon.host, "--", "true")
        assert done.returncode == 255
        assert done.stderr.decode() == f"rsh: exec: {words}\nrsh: try again in a moment\n"
        for client in clients:
            assert client.communicate(b"still\n", timeout=SOON)[0] == b"still\n"
