"""The daemon's own life: sockets, limits, signals, shortages."""

from __future__ import annotations

import os
import resource
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.machines import NEEDS_IPV6, SOON, Daemon, Home, descriptors, program, status_of, wait_until_gone
from tests.soak import sized


@NEEDS_IPV6
def test_each_address_is_announced_and_nothing_else(home: Home) -> None:
    path = home.folder / "run" / "mine.sock"
    with Daemon(home, bind=("127.0.0.1:0", "[::1]:0", f"unix:{path}")) as daemon:
        assert [address.rpartition(":")[0] for address in daemon.addresses[:2]] == ["127.0.0.1", "[::1]"]
        assert daemon.addresses[2] == f"unix:{path}"
        for address in daemon.addresses:
            assert home.rsh("exec", address, "--", "echo hi").stdout == b"hi\n", address
        assert daemon.process.stdout is not None
        daemon.process.terminate()
        assert daemon.process.stdout.read() == b""
        assert daemon.process.wait(SOON) == 0


@NEEDS_IPV6
def test_all_families_are_served_on_one_port(home: Home) -> None:
    with Daemon(home, bind=(":0",)) as daemon:
        for host in ("127.0.0.1", "[::1]"):
            assert home.rsh("exec", f"{host}:{daemon.port}", "--", "echo hi").stdout == b"hi\n"


def test_own_unix_socket_is_private(daemon: Daemon) -> None:
    path = Path(daemon.addresses[-1].removeprefix("unix:"))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_socket_of_a_killed_daemon_is_replaced(home: Home) -> None:
    with Daemon(home) as first:
        first.stop(signal.SIGKILL)
        with Daemon(home, bind=(first.host,)) as second:
            assert second.addresses[-1] == first.addresses[-1]
            assert home.rsh("exec", second.addresses[-1], "--", "echo hi").stdout == b"hi\n"


def test_inherited_socket_is_served(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        number = sock.fileno()
        with Daemon(home, bind=(f"fd:{number}",), pass_fds=(number,)) as daemon:
            assert daemon.port == sock.getsockname()[1]
            assert home.rsh("exec", daemon.host, "--", "echo hi").stdout == b"hi\n"


def test_sockets_of_systemd_are_served(home: Home) -> None:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        environment = home.environment | {"LISTEN_FDS": "1"}
        as_systemd = (
            f"import os, sys; os.dup2({sock.fileno()}, 3); os.environ['LISTEN_PID'] = str(os.getpid());"
            "os.execv(sys.argv[1], sys.argv[1:])"
        )
        process = subprocess.Popen(
            [sys.executable, "-c", as_systemd, *program("rsh-server")],
            env=environment,
            pass_fds=(sock.fileno(),),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stdout.readline().decode() == f"listening on 127.0.0.1:{sock.getsockname()[1]}\n"
        port = sock.getsockname()[1]
        done = home.rsh("exec", f"127.0.0.1:{port}", "--", "echo [$LISTEN_FDS]")
        assert done.stdout == b"[]\n"
        process.terminate()
        process.communicate(timeout=SOON)
        # It is systemd's: it listens on, for the next daemon.
        socket.create_connection(("127.0.0.1", port), SOON).close()


def test_inherited_unix_socket_stays_in_place_when_the_daemon_ends(home: Home) -> None:
    path = home.folder / "run" / "given.sock"
    with socket.socket(socket.AF_UNIX) as sock:
        sock.bind(str(path))
        sock.listen()
        with Daemon(home, bind=(f"fd:{sock.fileno()}",), pass_fds=(sock.fileno(),)) as daemon:
            assert home.rsh("exec", f"unix:{path}", "--", "echo hi").stdout == b"hi\n"
            assert daemon.stop() == 0
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


def test_daemon_lives_on_when_its_key_is_unreadable_at_a_reload(home: Home) -> None:
    with Daemon(home) as daemon:
        folder = home.folder / "config" / "rsh"
        assert home.rsh("exec", daemon.host, "--", "true").returncode == 0
        line = home.rsh("key").stdout
        (folder / "host.pem").write_bytes(b"junk")
        (folder / "authorized").write_bytes(line)
        (folder / "authorized").chmod(0o600)
        (folder / "id.pem").unlink()
        daemon.process.send_signal(signal.SIGHUP)
        daemon.wait_for_log("not reloaded")
        assert home.rsh("exec", daemon.addresses[-1], "--", "echo hi").stdout == b"hi\n"
        assert "Traceback" not in daemon.log


@pytest.mark.parametrize("address", ["-x", "host:port", "127.0.0.1:70000", "[::1", ""])
def test_address_that_is_none_is_one_clear_line(home: Home, address: str) -> None:
    done = home.server_command(f"--bind={address}")
    assert done.returncode == 2
    assert done.stdout == b""
    assert b"Traceback" not in done.stderr


def test_address_in_use_is_one_clear_line(daemon: Daemon) -> None:
    done = daemon.home.server_command("--bind", daemon.host)
    assert done.returncode == 2
    assert b"Address already in use" in done.stderr


@pytest.fixture
def patient(home: Home) -> Iterator[Daemon]:
    """A daemon that gives what is at work the time it needs, however slow the machine is."""
    with Daemon(home, "--drain", str(SOON)) as running:
        yield running


def test_requests_at_work_finish_when_the_daemon_is_told_to_stop(patient: Daemon) -> None:
    client = patient.home.spawn("exec", patient.host, "--", "echo on; read go; echo done", stdin=-1, stdout=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"on\n"
    patient.process.terminate()
    patient.wait_for_log("stopped listening")
    assert client.communicate(b"go\n", timeout=SOON)[0] == b"done\n"
    assert client.returncode == 0
    assert patient.process.wait(SOON) == 0


def test_port_is_free_as_soon_as_the_daemon_is_told_to_stop(patient: Daemon) -> None:
    client = patient.home.spawn("exec", patient.host, "--", "echo on; read end", stdin=-1, stdout=-1)
    assert client.stdout is not None
    assert client.stdout.readline() == b"on\n"
    patient.process.terminate()
    patient.wait_for_log("stopped listening")
    with Daemon(patient.home, bind=(patient.host,)) as successor:
        assert successor.home.rsh("exec", successor.host, "--", "echo hi").stdout == b"hi\n"
    client.communicate(b"end\n", timeout=SOON)
    assert client.returncode == 0


def test_requests_that_do_not_finish_are_ended_with_words(home: Home) -> None:
    with Daemon(home, "--drain", "0.2") as daemon:
        client = home.spawn(
            "exec",
            daemon.host,
            "--",
            "echo on; sleep 100",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert client.stdout is not None
        assert client.stdout.readline() == b"on\n"
        assert daemon.stop() == 0
        _, err = client.communicate(timeout=SOON)
        assert client.returncode == 255
        assert b"shutting down" in err


def test_second_signal_ends_the_drain(home: Home) -> None:
    with Daemon(home, "--drain", "600") as daemon:
        client = home.spawn(
            "exec", daemon.host, "--", "echo on; sleep 100", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
        )
        assert client.stdout is not None
        assert client.stdout.readline() == b"on\n"
        daemon.process.terminate()
        daemon.wait_for_log("stopped listening")
        assert daemon.stop() == 0
        client.communicate(timeout=SOON)
        assert client.returncode == 255


def test_burst_of_fifty_logins_passes(daemon: Daemon) -> None:
    with ThreadPoolExecutor(50) as pool:
        done = list(pool.map(lambda _: daemon.home.rsh("exec", daemon.host, "--", "true", timeout=90), range(50)))
    assert [each.returncode for each in done] == [0] * 50


def test_more_connections_than_allowed_are_refused_with_words(home: Home) -> None:
    with Daemon(home, "--max-per-address", "2") as daemon:
        clients = [
            home.spawn(
                "exec", daemon.host, "--", "echo on; sleep 100", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE
            )
            for _ in range(2)
        ]
        for client in clients:
            assert client.stdout is not None
            assert client.stdout.readline() == b"on\n"
        done = home.rsh("exec", daemon.host, "--", "true")
        assert done.returncode == 255
        assert b"too many connections" in done.stderr
        for client in clients:
            client.kill()
            client.communicate()
        deadline = time.monotonic() + SOON
        while home.rsh("exec", daemon.host, "--", "true").returncode != 0:  # the daemon learns of their end by itself
            assert time.monotonic() < deadline


def test_silent_visitors_are_shown_out_and_keep_nobody_out(home: Home) -> None:
    with Daemon(home, "--max-unauthenticated-per-address", "4") as daemon:
        begun = time.monotonic()
        idle = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(3)]
        assert home.rsh("exec", daemon.host, "--", "true").returncode == 0
        for sock in idle:
            sock.settimeout(SOON)
            assert sock.recv(10) == b""
            sock.close()
        assert time.monotonic() - begun > 8, "they had time to say something"


def test_silent_visitors_keep_nobody_out(home: Home) -> None:
    with Daemon(home, "--max-unauthenticated-per-address", "2") as daemon:
        idle = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(2)]
        done = home.rsh("exec", daemon.host, "--", "true")
        for sock in idle:
            sock.close()
        assert (done.returncode, done.stderr) == (0, b"")


def test_daemon_survives_a_shortage_of_descriptors(home: Home) -> None:
    def few() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (60, 60))

    with Daemon(home, preexec_fn=few) as daemon:
        crowd = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(80)]
        daemon.wait_for_log("Too many open files")
        for sock in crowd:
            sock.close()
        assert home.rsh("exec", daemon.host, "--", "echo on").stdout == b"on\n"
        assert _cpu_seconds(daemon.process.pid) < 5


def test_log_carries_no_control_byte_of_a_peer(daemon: Daemon) -> None:
    with socket.create_connection(("127.0.0.1", daemon.port)) as sock:
        sock.sendall(b"\x1b]0;owned\x07" * 10)
        while sock.recv(100):
            pass
    daemon.home.rsh("exec", daemon.host, "-E", "BAD\x1b[2J=1", "--", "true")
    assert "\x1b" not in daemon.log


def test_log_is_json_when_asked(home: Home) -> None:
    import json

    with Daemon(home, "--log-json") as daemon:
        home.rsh("exec", daemon.host, "--", "true")
        daemon.wait_for_log("session begins")
        for line in daemon.log.splitlines():
            assert set(json.loads(line)) >= {"time", "level", "message"}


def test_reload_says_so_and_goes_on(daemon: Daemon) -> None:
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for_log("reloaded")
    assert daemon.home.rsh("exec", daemon.host, "--", "true").returncode == 0


@pytest.mark.slow
def test_many_commands_leave_nothing_behind(daemon: Daemon) -> None:
    pid = daemon.process.pid
    script = (
        "import rsh, sys\n"
        "for _ in range(int(sys.argv[2])):\n"
        "    with rsh.connect(sys.argv[1]) as remote:\n"
        "        assert remote.run(['true']).returncode == 0\n"
    )

    def run(count: int) -> None:
        command = [program("rsh")[0], "-c", script, daemon.host, str(count)]
        subprocess.run(command, check=True, env=daemon.home.environment, timeout=110)

    run(100)
    before = _at_rest(pid)
    run(sized(300, 1000))
    after = _at_rest(pid, before)
    assert after[0] <= before[0] and after[1] <= before[1]
    assert after[2] - before[2] < 4096, "KiB"
    assert not _zombies(pid)


def _at_rest(pid: int, most: tuple[int, int, int] | None = None) -> tuple[int, int, int]:
    """Give descriptors, threads and memory once the last session has ended, and there are as few as were before."""
    deadline = time.monotonic() + SOON
    last = now = (0, 0)
    while time.monotonic() < deadline:
        last, now = now, (descriptors(pid), status_of(pid, "Threads"))
        if now == last and (most is None or (now[0] <= most[0] and now[1] <= most[1])):
            break
        time.sleep(0.3)
    return (*now, status_of(pid, "VmRSS"))


def _zombies(pid: int) -> list[str]:
    listed = subprocess.run(["ps", "--ppid", str(pid), "-o", "stat="], capture_output=True, text=True).stdout
    return [line for line in listed.split() if line.startswith("Z")]


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_command_that_ignores_signals_ends_with_the_daemon(home: Home) -> None:
    with Daemon(home, "--drain", "0") as daemon:
        line = "trap '' HUP TERM; echo $$; while :; do sleep 1; done"
        with home.spawn("exec", daemon.host, "--", line, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
            assert client.stdout is not None
            pid = int(client.stdout.readline())
            assert daemon.stop() == 0
            client.wait(SOON)
        assert wait_until_gone(pid)
