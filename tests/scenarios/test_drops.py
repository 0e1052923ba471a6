"""The network drops: whatever was under way goes on, exactly once and in order, and nobody has to notice."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pexpect
import pytest

from tests.machines import SOON, Daemon, Home, program
from tests.proxy import Direction, Fault, Kind, Plan, Proxy
from tests.soak import SOAKING, sized
from tests.terminals import end_of, hang_up

pytestmark = pytest.mark.soak

# A client that was cut off is waited for as long as a busy machine takes.
DAEMON = ("--grace", str(SOON))

MIB = 1024 * 1024
SIZE = sized(64 * MIB, 1024 * MIB)
CUTS = sized(40, 200)
LONG = sized(SOON, 600.0)

# seq 100000, but in small pieces, between which there is time for a cut.
COUNTING = "i=0; while [ $i -lt 100 ]; do seq $((i * 1000 + 1)) $((i * 1000 + 1000)); sleep 0.03; i=$((i + 1)); done"
PIECE = 20_000  # bytes that get through before a cut, at least; the whole is thirty times that
OFTEN = 15  # cuts


@pytest.fixture
def network(shared_daemon: Daemon) -> Iterator[Proxy]:
    """A network before the daemon that can be made to misbehave."""
    with Proxy(shared_daemon.host) as proxy:
        yield proxy


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of random bytes."""
    path = tmp_path_factory.mktemp("source") / "file"
    with path.open("wb") as file:
        for _ in range(SIZE // MIB):
            file.write(os.urandom(MIB))
    return path


def digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def cut_often(direction: Direction, count: int, every: int) -> Plan:
    """Cut each of the first `count` connections after about `every` bytes, in every way in turn."""
    kinds = (Kind.RST, Kind.FIN)

    def plan(number: int) -> Sequence[Fault]:
        return [Fault(kinds[number % 2], direction, every + 1009 * number)] if number < count else []

    return plan


@pytest.mark.parametrize("run", range(sized(1, 10)))
def test_put_arrives_whole_when_it_is_cut_all_the_time(
    me: Home, network: Proxy, source: Path, tmp_path: Path, run: int
) -> None:
    network.plan = cut_often(Direction.UP, CUTS, SIZE // CUTS - 300_000)
    done = me.rsh("put", "-q", str(source), f"{network.host}:{tmp_path}/copy", timeout=LONG)
    assert (done.returncode, done.stderr) == (0, b"")
    assert network.accepted > CUTS
    assert digest(tmp_path / "copy") == digest(source)


@pytest.mark.parametrize("run", range(sized(1, 10)))
def test_get_arrives_whole_when_it_is_cut_all_the_time(
    me: Home, network: Proxy, source: Path, tmp_path: Path, run: int
) -> None:
    network.plan = cut_often(Direction.DOWN, CUTS, SIZE // CUTS - 500_000)
    done = me.rsh("get", "-q", f"{network.host}:{source}", str(tmp_path / "copy"), timeout=LONG)
    assert (done.returncode, done.stderr) == (0, b"")
    assert network.accepted > CUTS
    assert digest(tmp_path / "copy") == digest(source)


def test_input_and_output_go_on_through_cuts_in_both_directions(me: Home, network: Proxy) -> None:
    data = os.urandom(sized(8, 256) * MIB)
    each = len(data) // 20

    def plan(number: int) -> Sequence[Fault]:
        return [Fault(Kind.RST, list(Direction)[number % 2], each + 777 * number)] if number < 20 else []

    network.plan = plan
    done = me.rsh("exec", network.host, "--", "cat", input=data, timeout=LONG)
    assert done.returncode == 0
    assert done.stdout == data


def test_no_line_of_a_long_output_is_lost_doubled_or_reordered(me: Home, network: Proxy, tmp_path: Path) -> None:
    network.plan = cut_often(Direction.DOWN, OFTEN, PIECE)
    with (tmp_path / "out").open("wb") as out:
        done = me.rsh("exec", network.host, "--", COUNTING, stdout=out, timeout=LONG)
    assert done.returncode == 0
    assert network.accepted > OFTEN
    assert (tmp_path / "out").read_bytes() == b"".join(b"%d\n" % number for number in range(1, 100_001))


def test_command_runs_exactly_once_however_often_it_is_cut(me: Home, network: Proxy, tmp_path: Path) -> None:
    """A cut anywhere in the conversation: in the handshake, in the greeting, in the request, before the answer."""
    runs = sized(25, 100)
    places = cycle(
        [(Direction.UP, at) for at in range(200, 3000, 173)] + [(Direction.DOWN, 90), (Direction.DOWN, 2500)]
    )
    mark = tmp_path / "lines"
    for number in range(runs):
        direction, at = next(places)
        base = network.accepted

        def plan(connection: int, base: int = base, direction: Direction = direction, at: int = at) -> Sequence[Fault]:
            return [Fault(Kind.RST, direction, at)] if connection == base else []

        network.plan = plan
        done = me.rsh("exec", network.host, "--", f"echo x >> {mark}")
        assert (done.returncode, done.stderr) == (0, b""), f"run {number}: {direction} {at}"
    assert mark.read_text() == "x\n" * runs


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("places", sized([range(0, 4000, 331)], [range(at, at + 400) for at in range(0, 4000, 400)]))
def test_cut_at_any_of_the_first_bytes_is_survived_or_told(
    me: Home, shared_daemon: Daemon, network: Proxy, direction: Direction, places: range
) -> None:
    words = os.urandom(6000)  # so that there are as many bytes in each direction
    for at in places:
        base = network.accepted

        def plan(connection: int, base: int = base, at: int = at) -> Sequence[Fault]:
            return [Fault((Kind.RST, Kind.FIN)[at % 2], direction, at)] if connection == base else []

        network.plan = plan
        done = me.rsh("exec", network.host, "--", "cat", input=words)
        assert (done.returncode, done.stderr, done.stdout == words) == (0, b"", True), at
        assert network.accepted >= base + 2, at
    assert "Traceback" not in shared_daemon.log


@pytest.mark.parametrize("direction", list(Direction))
def test_flipped_bit_costs_a_redial_at_most(
    me: Home, shared_daemon: Daemon, network: Proxy, source: Path, tmp_path: Path, direction: Direction
) -> None:
    flips = sized(8, 50)
    length = 4 * MIB
    small = tmp_path / "small"
    with source.open("rb") as file:
        small.write_bytes(file.read(length))
    for number in range(flips):
        base, at = network.accepted, 5 + number * length // flips if number % 2 else 41 * number

        def plan(connection: int, base: int = base, at: int = at) -> Sequence[Fault]:
            return [Fault(Kind.FLIP, direction, at)] if connection == base else []

        network.plan = plan
        where = f"{network.host}:{tmp_path}/copy"
        words = (
            ("put", "-q", str(small), where) if direction is Direction.UP else ("get", "-q", f"{network.host}:{small}")
        )
        done = me.rsh(*words, *([] if direction is Direction.UP else [str(tmp_path / "copy")]))
        assert (done.returncode, done.stderr) == (0, b""), at
        assert digest(tmp_path / "copy") == digest(small)
        (tmp_path / "copy").unlink()
    assert "Traceback" not in shared_daemon.log


@pytest.mark.parametrize("seconds", sized([1.5], [1.0, 10.0, 60.0]))
def test_running_command_goes_on_after_a_hole(me: Home, network: Proxy, seconds: float) -> None:
    client = me.spawn("exec", network.host, "--", "while read line; do echo $line; done", stdin=-1, stdout=-1)
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(b"before\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"before\n"
    network.hole()
    client.stdin.write(b"into the hole\n")
    client.stdin.flush()
    time.sleep(seconds)
    network.mend()
    back = time.monotonic()
    assert client.stdout.readline() == b"into the hole\n"
    assert time.monotonic() - back < SOON
    client.communicate(b"after\n", timeout=SOON)
    assert client.returncode == 0


@pytest.mark.parametrize("seconds", sized([1.5], [1.0, 10.0, 60.0]))
def test_put_goes_on_after_a_hole(me: Home, network: Proxy, source: Path, tmp_path: Path, seconds: float) -> None:
    client = me.spawn("put", "-q", str(source), f"{network.host}:{tmp_path}/copy")
    while network.passed[Direction.UP] < SIZE // 4:
        time.sleep(0.01)
    network.hole()
    time.sleep(seconds)
    network.mend()
    assert client.wait(LONG) == 0
    assert digest(tmp_path / "copy") == digest(source)


def test_connection_that_a_router_forgot_is_replaced(me: Home, network: Proxy) -> None:
    """Nobody is told that it is dead: both ends find out by themselves."""
    client = me.spawn("exec", network.host, "--", "cat", stdin=-1, stdout=-1)
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(b"one\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"one\n"
    network.forget()
    client.stdin.write(b"two\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"two\n"
    assert network.accepted >= 2
    client.communicate(timeout=SOON)


def test_client_says_so_when_nobody_is_there_for_too_long(me: Home, network: Proxy) -> None:
    client = me.spawn("exec", "--reconnect-timeout", "1", network.host, "--", "echo up; sleep 60", stdout=-1, stderr=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    network.refuse()
    network.cut()
    _, errors = client.communicate(timeout=SOON)
    assert client.returncode == 255
    assert errors.startswith(b"rsh: exec: no connection for 1 s: ")
    assert errors.count(b"\n") == 1


def test_lost_connection_is_the_end_when_that_is_asked_for(me: Home, network: Proxy) -> None:
    client = me.spawn("exec", "--reconnect-timeout=0", network.host, "--", "echo up; sleep 60", stdout=-1, stderr=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    network.cut()
    _, errors = client.communicate(timeout=SOON)
    assert (client.returncode, errors.count(b"\n")) == (255, 1)


def test_client_is_back_soon_after_the_network(me: Home, network: Proxy) -> None:
    client = me.spawn("exec", network.host, "--", "cat", stdin=-1, stdout=-1)
    assert client.stdin is not None and client.stdout is not None
    client.stdin.write(b"one\n")
    client.stdin.flush()
    assert client.stdout.readline() == b"one\n"
    network.refuse()
    if SOAKING:
        network.forget()  # a daemon that saw it cut would wait for some seconds only
    else:
        network.cut()
    client.stdin.write(b"two\n")
    client.stdin.flush()
    time.sleep(sized(1.0, 40.0))
    network.refuse(False)
    assert client.stdout.readline() == b"two\n"
    client.communicate(timeout=SOON)
    assert client.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signal_ends_the_waiting_when_nobody_over_there_can_hear_it(me: Home, network: Proxy, number: int) -> None:
    client = me.spawn("exec", network.host, "--", "echo up; sleep 60", stdout=-1, stderr=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    network.refuse()
    network.cut()
    deadline = time.monotonic() + SOON
    while client.poll() is None and time.monotonic() < deadline:
        client.send_signal(number)  # the first may come before the loss was noticed, and goes over there then
        time.sleep(0.1)
    assert client.wait() in (-number, 128 + number)  # by the signal itself, if the next one came on the way out
    client.communicate()


def test_user_at_a_terminal_is_told_of_a_long_outage_and_of_its_end(me: Home, network: Proxy) -> None:
    words = " ".join([*program("rsh"), "exec", network.host, "--", "cat", "</dev/stdin", "|", "cat"])
    screen = pexpect.spawn("sh", ["-c", words], env=me.environment, timeout=SOON, encoding=None)
    screen.setecho(False)
    screen.sendline("one")
    screen.expect_exact(b"one")
    network.refuse()
    network.cut()
    screen.expect(rb"rsh: no connection for \d+ s: .*Ctrl-C leaves")
    network.refuse(False)
    screen.expect(rb"rsh: connected again after \d+ s")
    screen.sendline("two")
    screen.expect_exact(b"two")
    screen.sendeof()
    end_of(screen)


def test_command_of_ours_says_in_a_line_that_it_waits_for_the_network(me: Home, network: Proxy, tmp_path: Path) -> None:
    line = f"echo up; until [ -e {tmp_path}/go ]; do sleep 0.1; done; echo down"
    number = me.rsh("exec", "--detach", network.host, "--", line).stdout.decode().strip()
    client = me.spawn("logs", "-f", network.host, number, stdout=-1, stderr=-1)
    assert client.stdout is not None and client.stderr is not None
    assert client.stdout.readline() == b"up\n"
    network.refuse()
    network.cut()
    assert re.match(rb"rsh: logs: no connection for \d+ s: .*; attempts: \d+; .*\n", client.stderr.readline())
    network.refuse(False)
    assert re.match(rb"rsh: logs: connected again after \d+ s\n", client.stderr.readline())
    (tmp_path / "go").touch()
    assert client.communicate(timeout=SOON) == (b"down\n", b"")


def test_command_of_ours_that_is_told_to_be_quiet_waits_in_silence(me: Home, network: Proxy) -> None:
    number = me.rsh("exec", "--detach", network.host, "--", "echo up; sleep 60").stdout.decode().strip()
    client = me.spawn("-q", "--reconnect-timeout", "3", "logs", "-f", network.host, number, stdout=-1, stderr=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"up\n"
    network.refuse()
    network.cut()
    _, errors = client.communicate(timeout=SOON)
    assert errors.startswith(b"rsh: logs: no connection for 3 s")
    assert errors.count(b"\n") == 1


def test_no_line_on_a_terminal_is_lost_doubled_or_reordered(me: Home, network: Proxy) -> None:
    network.plan = cut_often(Direction.DOWN, OFTEN, PIECE)
    command = [*program("rsh"), "exec", "-t", network.host, "--", COUNTING]
    screen = pexpect.spawn(command[0], command[1:], env=me.environment, timeout=LONG)
    screen.expect(pexpect.EOF)
    hang_up(screen)
    assert network.accepted > OFTEN
    shown: Any = screen.before
    # On a machine that is so busy that an outage lasts, the user is told between two lines.
    shown = re.sub(rb"(\r\n)?\[rsh: [^]]*\](\r\n)?", b"", shown)
    assert shown == b"".join(b"%d\r\n" % number for number in range(1, 100_001))
