"""What is told of a copy while it runs: to programs as events, to people as bars; never more than --limit allows."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import signal
import subprocess
import termios
import time
from pathlib import Path
from typing import Any

import pexpect
import pytest

from rsh.client.transfer.events import EVENTS
from tests.machines import SOON, Home, program
from tests.proxy import Proxy
from tests.terminals import end_of, untouched

SMALL, SIZE = 3, 10_000_000
LIMIT = 2 * 1024 * 1024  # bytes a second: some seconds for it all, however late an event comes
WAYS = pytest.mark.parametrize("way", ["put", "get", "sync up", "sync down"])


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tree with a large file that comes last."""
    top = tmp_path_factory.mktemp("progress") / "tree"
    top.mkdir()
    for number in range(SMALL):
        (top / str(number)).write_text("small")
    (top / "large").write_bytes(os.urandom(SIZE))
    return top


def words(way: str, source: Path, target: Path, host: str, limit: str = "2M") -> list[str]:
    verb, _, up = way.partition(" ")
    upward = verb == "put" or up == "up"
    ends = [str(source), f"{host}:{target}"] if upward else [f"{host}:{source}", str(target)]
    return [verb, "--limit", limit, *ends]


def events_of(told: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in told.splitlines()]


@WAYS
def test_programs_are_told_all_that_was_promised(me: Home, host: str, source: Path, tmp_path: Path, way: str) -> None:
    done = me.rsh(*words(way, source, tmp_path / "copy", host), "--json")
    assert (done.returncode, done.stderr) == (0, b"")
    events = events_of(done.stdout)
    for event in events:
        assert set(event) == {"event", *EVENTS[event["event"]]}
    kinds = [event["event"] for event in events]
    assert set(kinds) == {"file", "progress", "summary"}
    assert kinds.index("summary") == len(kinds) - 1
    progress = [event for event in events if event["event"] == "progress"]
    assert (progress[-1]["total_bytes"], progress[-1]["total_items"]) == (SIZE + SMALL * 5, SMALL + 2)
    for before, after in itertools.pairwise(progress):
        assert before["bytes"] <= after["bytes"] <= SIZE + SMALL * 5
    for event in progress:
        assert event["rate"] < LIMIT * 1.3, "never faster than was allowed"
        assert event["bytes"] < LIMIT * (event["elapsed"] + 1)
        if event["seconds_left"] is not None:
            left = (event["total_bytes"] - event["bytes"]) / event["rate"]
            assert event["seconds_left"] == pytest.approx(left, rel=0.2, abs=0.3)
    assert (events[-1]["files"], events[-1]["bytes"]) == (SMALL + 1, SIZE + SMALL * 5)


@WAYS
def test_what_is_still_under_way_on_a_slow_link_is_not_done(
    me: Home, host: str, source: Path, tmp_path: Path, way: str
) -> None:
    rate = 2_500_000
    with Proxy(host, rate=rate, queue=64 * 1024) as network:
        line = words(way, source, tmp_path / "copy", network.host, limit="1G")
        events = events_of(me.rsh(*line, "--json").stdout)
    progress = [event for event in events if event["event"] == "progress"]
    assert progress[-1]["bytes"] > SIZE // 4
    for event in progress:
        assert event["bytes"] < rate * (event["elapsed"] + 0.5)
    assert events[-1]["bytes"] == SIZE + SMALL * 5


@pytest.mark.parametrize("way", ["sync up", "sync down"])
def test_what_was_there_already_counts_as_done_but_not_for_the_rate(
    me: Home, host: str, source: Path, tmp_path: Path, way: str
) -> None:
    target = tmp_path / "copy"
    shutil.copytree(source, target)
    (target / "large").write_bytes(os.urandom(SIZE))
    (target / "0").unlink()
    events = events_of(me.rsh(*words(way, source, target, host), "--json").stdout)
    progress = [event for event in events if event["event"] == "progress"]
    assert progress[-1]["items"] >= SMALL, "those that are alike are done"
    assert all(event["rate"] < LIMIT * 1.3 for event in progress)
    assert progress[-1]["total_bytes"] == SIZE + SMALL * 5


@pytest.mark.parametrize("way", ["get", "sync up"])
def test_people_see_a_total_with_files_rate_and_time_that_is_left(
    me: Home, host: str, source: Path, tmp_path: Path, way: str
) -> None:
    command = [*program("rsh"), *words(way, source, tmp_path / "copy", host)]
    child = pexpect.spawn(command[0], command[1:], env=me.environment, timeout=SOON, dimensions=(24, 100))
    child.expect_exact("large")
    child.expect_exact("MiB of 9.6 MiB")
    child.expect(r"\d+:\d\d +\S+ [KM]iB/s +4/5 files")
    assert end_of(child) == 0


def test_people_see_that_there_is_no_connection_and_that_it_goes_on(
    me: Home, host: str, source: Path, tmp_path: Path
) -> None:
    with Proxy(host) as network:
        command = [*program("rsh"), *words("get", source, tmp_path / "copy", network.host)]
        child = pexpect.spawn(command[0], command[1:], env=me.environment, timeout=SOON, dimensions=(24, 100))
        child.expect_exact("MiB of 9.6 MiB")
        network.hole()
        network.cut()
        child.expect(r"no connection for \d+ s")
        network.mend()
        assert end_of(child) == 0
    assert (tmp_path / "copy" / "large").read_bytes() == (source / "large").read_bytes()


def test_ctrl_t_has_a_line_printed_and_leaves_what_is_typed_ahead(
    me: Home, host: str, source: Path, tmp_path: Path
) -> None:
    line = " ".join([*program("rsh"), *words("put", source, tmp_path / "copy", host)])
    child = pexpect.spawn("sh", ["-c", f"{line}; read word; echo got $word"], env=me.environment, timeout=SOON)
    child.setwinsize(24, 100)
    child.expect_exact("MiB of 9.6 MiB")
    child.send("\x14")
    child.expect(r"rsh: put: \d+%, \S+ MiB of 9.6 MiB, \S+ [KM]iB/s, \d of 5 files, .* left")
    child.sendline("ahead")
    child.expect_exact("got ahead")
    assert termios.tcgetattr(child.child_fd) == untouched()
    assert end_of(child) == 0


def test_signal_has_a_line_printed(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    line = words("put", source, tmp_path / "copy", host)
    client = me.spawn(*line, stderr=subprocess.PIPE)
    deadline = time.monotonic() + SOON
    while not any(part.stat().st_size > 1_000_000 for part in tmp_path.glob("copy/.large.*.part")):
        assert client.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)  # another process makes it
    client.send_signal(signal.SIGUSR1)
    assert client.stderr is not None
    told = re.compile(rb"rsh: put: .* [KM]iB.*, \d+ (of \d+ )?files.*")
    assert told.fullmatch(client.stderr.readline().rstrip())
    # One that takes ten seconds, on a busy machine, says so by itself.
    assert all(told.fullmatch(line) for line in client.communicate(timeout=SOON)[1].splitlines())
    assert client.returncode == 0


def test_ending_signal_leaves_the_terminal_as_it_was(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    command = [*program("rsh"), *words("put", source, tmp_path / "copy", host, limit="1M")]
    child = pexpect.spawn(command[0], command[1:], env=me.environment, timeout=SOON, dimensions=(24, 100))
    child.expect_exact("MiB of 9.6 MiB")
    assert termios.tcgetattr(child.child_fd) != untouched()
    child.kill(signal.SIGTERM)
    child.expect(pexpect.EOF)
    assert termios.tcgetattr(child.child_fd) == untouched()
    assert end_of(child) == 128 + signal.SIGTERM


def test_connections_that_were_made_again_are_counted(me: Home, host: str, source: Path, tmp_path: Path) -> None:
    with Proxy(host) as network:
        line = words("get", source, tmp_path / "copy", network.host)
        client = me.spawn(*line, "--json", stdout=subprocess.PIPE)
        assert client.stdout is not None
        while b'"progress"' not in client.stdout.readline():
            pass
        network.cut()
        events = events_of(client.communicate(timeout=SOON)[0])
    assert max(event["retries"] for event in events if event["event"] == "progress") >= 1
