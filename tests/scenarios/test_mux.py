"""Commands that share a connection: exact as those that dial for themselves, and never worse off for it."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pexpect
import pytest

from rsh.client.api.remote import connect
from tests.machines import SOON, Daemon, Home, alive, program, wait_until_gone
from tests.proxy import Proxy
from tests.scenarios import test_exec
from tests.soak import sized
from tests.terminals import end_of


@pytest.fixture(scope="module")
def me(shared_daemon: Daemon) -> Iterator[Home]:
    """An account whose commands share a connection, as its configuration says."""
    home = shared_daemon.home
    (home.folder / "config" / "rsh" / "config.toml").write_text('mux = "auto"\n')
    yield home
    stop(home)


@pytest.fixture
def sharing(home: Home) -> Iterator[Home]:
    """The same, of a test's own."""
    (home.folder / "config" / "rsh").mkdir(mode=0o700)
    (home.folder / "config" / "rsh" / "config.toml").write_text('mux = "auto"\n')
    yield home
    stop(home)


def stop(home: Home) -> None:
    pids = [each["pid"] for each in status(home)]
    assert home.rsh("mux", "--stop").returncode == 0
    assert all(wait_until_gone(pid, SOON) for pid in pids)


def status(home: Home) -> list[dict[str, int]]:
    return [json.loads(line) for line in home.rsh("mux", "--status", "--json").stdout.splitlines()]


def pid_of(home: Home) -> int:
    (only,) = status(home)
    return only["pid"]


def sessions(daemon: Daemon) -> int:
    return daemon.log.count("session begins")


def wait_for_sessions(daemon: Daemon, count: int) -> None:
    deadline = time.monotonic() + SOON
    while sessions(daemon) < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def comes_through(home: Home, daemon: Daemon) -> bool:
    """Tell whether commands come through the connection: of some one, for on a busy machine it may answer too late."""
    for _ in range(20):
        before = sessions(daemon)
        assert home.rsh("exec", "--mux", "auto", daemon.host, "--", "echo in").stdout == b"in\n"
        if sessions(daemon) == before:
            return True
    return False


def begun_through_it(home: Home, daemon: Daemon, line: str, **options: int) -> subprocess.Popen[bytes]:
    """Start a command that says `begun`, through a connection that is there; as comes_through."""
    assert home.rsh("mux", daemon.host).returncode == 0
    for _ in range(20):
        before = sessions(daemon)
        running = home.spawn("exec", "-n", daemon.host, "--", line, stdout=subprocess.PIPE, **options)
        assert running.stdout is not None
        assert running.stdout.readline() == b"begun\n"
        if sessions(daemon) == before:
            return running
        running.kill()
        running.communicate()
    raise AssertionError("it has answered none in time")


# What holds for a command that dials for itself holds here: the same scenarios, through a shared connection.
test_arguments_arrive_exact_whatever_is_in_them = test_exec.test_arguments_arrive_exact_whatever_is_in_them
test_hundred_megabytes_of_all_byte_values_come_back_from_cat = (
    test_exec.test_hundred_megabytes_of_all_byte_values_come_back_from_cat
)
test_client_and_remote_command_end_when_our_reader_leaves = (
    test_exec.test_client_and_remote_command_end_when_our_reader_leaves
)
test_both_outputs_flow_when_their_reader_is_slow = test_exec.test_both_outputs_flow_when_their_reader_is_slow
test_command_that_reads_nothing_ends_though_we_have_much_to_say = (
    test_exec.test_command_that_reads_nothing_ends_though_we_have_much_to_say
)
test_output_comes_live = test_exec.test_output_comes_live
test_signals_reach_the_remote_command = test_exec.test_signals_reach_the_remote_command
test_remote_tree_ends_when_the_client_is_killed = test_exec.test_remote_tree_ends_when_the_client_is_killed
test_timeout_ends_the_command_with_124 = test_exec.test_timeout_ends_the_command_with_124
test_command_that_cannot_be_started_says_so = test_exec.test_command_that_cannot_be_started_says_so
test_fifty_at_once_do_not_mix = test_exec.test_fifty_at_once_do_not_mix


def test_second_command_goes_through_the_connection_of_the_first(sharing: Home) -> None:
    with Daemon(sharing) as daemon:
        for number in range(3):
            done = sharing.rsh("exec", daemon.host, "--", f"echo {number}; exit {number}")
            assert (done.stdout, done.stderr, done.returncode) == (f"{number}\n".encode(), b"", number)
        assert comes_through(sharing, daemon)
        before = sessions(daemon)
        assert sharing.rsh("exec", "--mux", "never", daemon.host, "--", "true").returncode == 0
        assert sessions(daemon) == before + 1


def test_connection_that_was_started_by_name_is_used_listed_and_stopped(home: Home) -> None:
    with Daemon(home) as daemon:
        assert home.rsh("mux", daemon.host).returncode == 0
        pid = pid_of(home)
        assert home.rsh("mux", daemon.host).returncode == 0
        assert comes_through(home, daemon)
        assert str(pid).encode() in home.rsh("mux", "--status", daemon.host).stdout
        stop(home)
        assert home.rsh("mux", "--status").returncode == 1
        assert list((home.folder / "run" / "rsh" / "mux").iterdir()) == []


def test_why_there_is_no_connection_is_told_when_it_was_asked_for_by_name(home: Home) -> None:
    done = home.rsh("mux", "127.0.0.1:1")
    assert (done.returncode, done.stdout) == (255, b"")
    assert done.stderr.startswith(b"rsh: mux: ")
    assert done.stderr.count(b"\n") == 1


def test_nobody_there_is_told_as_without_it(sharing: Home) -> None:
    shared = sharing.rsh("exec", "127.0.0.1:1", "--", "true")
    alone = sharing.rsh("exec", "--mux", "never", "127.0.0.1:1", "--", "true")
    assert (shared.returncode, shared.stderr) == (alone.returncode, alone.stderr) != (0, b"")


def test_files_go_through_it(me: Home, host: str, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(random.Random(1).randbytes(20_000_000))
    assert me.rsh("put", str(source), f"{host}:{tmp_path}/there").returncode == 0
    assert me.rsh("get", f"{host}:{tmp_path}/there", str(tmp_path / "back")).returncode == 0
    assert hashlib.sha256((tmp_path / "back").read_bytes()).digest() == hashlib.sha256(source.read_bytes()).digest()
    assert b"there" in me.rsh("ls", f"{host}:{tmp_path}").stdout
    assert me.rsh("cat", f"{host}:{tmp_path}/nothing").returncode == 1


# A size goes beside the keys, in no order with them.
NEXT_SIZE = "until stty size | grep '30 90'; do sleep 0.05; done"


def test_window_of_a_terminal_changes_over_there(me: Home, host: str) -> None:
    words = [*program("rsh")[1:], "exec", "-t", host, "--", f"stty size; {NEXT_SIZE}; read x; echo got $x"]
    child = pexpect.spawn(sys.executable, words, env=me.environment, timeout=SOON, dimensions=(20, 70))
    child.expect_exact("20 70")
    child.setwinsize(30, 90)
    child.expect_exact("30 90")
    child.sendline("first")
    child.expect_exact("got first")
    assert end_of(child) == 0


def test_slow_reader_does_not_hold_others_up(me: Home, host: str) -> None:
    slow = me.spawn("exec", "-n", host, "--", "head -c 100000000 /dev/zero", stdout=subprocess.PIPE)
    assert slow.stdout is not None
    slow.stdout.read(1)
    assert me.rsh("exec", host, "--", "head -c 5000000 /dev/zero").stdout == bytes(5_000_000)
    assert len(slow.stdout.read()) == 99_999_999
    slow.stdout.close()
    assert slow.wait(SOON) == 0


def test_socket_that_was_left_behind_is_replaced_without_a_word(sharing: Home) -> None:
    with Daemon(sharing) as daemon:
        assert sharing.rsh("mux", daemon.host).returncode == 0
        first = pid_of(sharing)
        os.kill(first, signal.SIGKILL)
        assert wait_until_gone(first, SOON)
        done = sharing.rsh("exec", daemon.host, "--", "echo on")
        assert (done.stdout, done.stderr, done.returncode) == (b"on\n", b"", 0)
        assert comes_through(sharing, daemon)
        assert pid_of(sharing) != first


@pytest.mark.parametrize("link", [True, False])
def test_what_is_in_the_place_of_its_socket_is_left_alone(sharing: Home, tmp_path: Path, link: bool) -> None:
    """Followed, a link would lead to another daemon: that of this machine."""
    machine = Home(tmp_path / "machine")
    with Daemon(sharing) as daemon, Daemon(machine, bind=(f"unix:{machine.folder}/other",)) as other:
        assert sharing.rsh("mux", daemon.host).returncode == 0
        (path,) = (sharing.folder / "run" / "rsh" / "mux").glob("*.sock")
        stop(sharing)
        if link:
            path.symlink_to(machine.folder / "other")
            path.with_suffix(".lock").symlink_to(tmp_path / "made")
        else:
            path.write_text("mine")
        done = sharing.rsh("exec", daemon.host, "--", "echo in")
        assert (done.stdout, done.stderr, done.returncode) == (b"in\n", b"", 0)
        done = sharing.rsh("mux", daemon.host)
        assert done.returncode == 2
        assert os.fsencode(path.with_suffix("")) in done.stderr
        assert done.stderr.count(b"\n") == 1
        assert path.is_symlink() if link else path.read_text() == "mine"
        assert not (tmp_path / "made").exists()
        assert sessions(other) == 0
        for each in path.parent.iterdir():
            each.unlink()


def test_command_fails_in_one_line_when_the_process_is_killed_and_the_next_works(sharing: Home) -> None:
    with Daemon(sharing) as daemon:
        running = begun_through_it(sharing, daemon, "echo begun; exec sleep 100", stderr=subprocess.PIPE)
        os.kill(pid_of(sharing), signal.SIGKILL)
        _, errors = running.communicate(timeout=SOON)
        assert running.returncode == 255
        assert errors.count(b"\n") == 1
        assert sharing.rsh("exec", daemon.host, "--", "echo on").stdout == b"on\n"


def test_command_dials_for_itself_when_the_process_is_stopped_and_runs_once(sharing: Home, tmp_path: Path) -> None:
    with Daemon(sharing) as daemon:
        assert sharing.rsh("mux", daemon.host).returncode == 0
        pid = pid_of(sharing)
        os.kill(pid, signal.SIGSTOP)
        try:
            done = sharing.rsh("exec", daemon.host, "--", f"echo once | tee -a {tmp_path}/count")
        finally:
            os.kill(pid, signal.SIGCONT)
        assert (done.stdout, done.stderr, done.returncode) == (b"once\n", b"", 0)
        assert sharing.rsh("exec", daemon.host, "--", "true").returncode == 0
        assert (tmp_path / "count").read_text() == "once\n"
        assert pid_of(sharing) == pid


def test_daemon_that_was_restarted_is_found_again(sharing: Home) -> None:
    with Daemon(sharing) as first:
        sharing.rsh("exec", first.host, "--", "true")
        first.stop(signal.SIGKILL)
    with Daemon(sharing, bind=(first.host,)):
        done = sharing.rsh("exec", first.host, "--", "echo on")
        assert (done.stdout, done.stderr, done.returncode) == (b"on\n", b"", 0)


# Done twice, each of these would fail, or be seen; $n counts.
EXEC = "$rsh exec -n $HOST -- 'echo x >> mark'"
CHANGES = "$rsh mkdir $HOST:new$n && $rsh mv $HOST:new$n $HOST:old$n && $rsh rm -r $HOST:old$n && echo x >> $HOME/mark"


@pytest.mark.soak
@pytest.mark.parametrize("work", [EXEC, CHANGES])
def test_commands_one_after_the_other_notice_no_drain(sharing: Home, work: str) -> None:
    """Each daemon is told to end while they come through the connection, and another is there; none runs twice."""
    end = sharing.folder / "end"
    loop = f"n=0; while ! test -e {end}; do n=$((n + 1)); {work} || exit 1; echo; done"
    patient = ("--drain", str(SOON))  # however slow the machine is
    daemons = [Daemon(sharing, *patient)]
    with Proxy(daemons[0].host) as network:
        environment = sharing.environment | {"HOST": network.host, "rsh": " ".join(program("rsh"))}
        client = subprocess.Popen(["sh", "-c", loop], env=environment, stdout=-1, stderr=subprocess.STDOUT)
        try:
            assert client.stdout is not None
            for _ in range(sized(2, 40)):
                assert client.stdout.readline() == b"\n"
                daemons.append(Daemon(sharing, *patient))
                network.lead_to(daemons[-1].host)
                assert daemons[-2].stop() == 0
            end.touch()
            said = client.stdout.read()  # what was read ahead as well
            assert (client.wait(SOON), said.strip()) == (0, b"")
        finally:
            client.kill()
            client.communicate()
            for each in daemons:
                each.__exit__()
    home = sharing.folder / "home"
    assert [path.name for path in home.iterdir()] == ["mark"]
    assert (home / "mark").read_text() == "x\n" * (len(daemons) + said.count(b"\n") - 1)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_connection_goes_on_with_the_next_daemon(home: Home, how: int) -> None:
    with Daemon(home) as first:
        assert home.rsh("mux", first.host).returncode == 0
        pid = pid_of(home)
        running = home.spawn(
            "exec", "--mux", "auto", first.host, "--", "echo up; exec sleep 60", stdout=-1, stderr=subprocess.STDOUT
        )
        assert running.stdout is not None
        assert running.stdout.readline() == b"up\n"
        first.stop(how)
    before = sessions(first)
    with Daemon(home, bind=(first.host,)) as daemon:
        said, _ = running.communicate(timeout=SOON)
        assert (running.returncode, said.count(b"\n")) == (255, 1), said
        wait_for_sessions(daemon, before + 1)
        assert home.rsh("exec", "--mux", "auto", daemon.host, "--", "echo on").stdout == b"on\n"
        assert pid_of(home) == pid
        stop(home)


def test_process_ends_when_nobody_uses_it(sharing: Home) -> None:
    with Daemon(sharing) as daemon:
        assert sharing.rsh("mux", "--persist", "0.2", daemon.host).returncode == 0
        daemon.wait_for_log("session ended")
        deadline = time.monotonic() + SOON
        while status(sharing):
            assert time.monotonic() < deadline


def test_stop_lets_running_commands_finish(sharing: Home, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "gate")
    with Daemon(sharing) as daemon:
        running = begun_through_it(sharing, daemon, f"echo begun; cat {tmp_path}/gate")
        pid = pid_of(sharing)
        assert sharing.rsh("mux", "--stop", daemon.host).returncode == 0
        assert status(sharing) == []
        assert alive(pid)
        (tmp_path / "gate").write_text("end")
        assert running.communicate(timeout=SOON)[0] == b"end"
        assert running.returncode == 0
        assert wait_until_gone(pid, SOON)


def test_another_trust_is_another_connection(sharing: Home) -> None:
    with Daemon(sharing) as daemon:
        assert sharing.rsh("mux", daemon.host).returncode == 0
        url = sharing.server_command("url", daemon.host).stdout.decode().strip()
        assert sharing.rsh("trust", url).returncode == 0
        assert sharing.rsh("mux", daemon.host).returncode == 0
        assert len(status(sharing)) == 2


def test_files_are_private_and_loose_folders_are_not_used(sharing: Home) -> None:
    with Daemon(sharing) as daemon:
        assert sharing.rsh("mux", daemon.host).returncode == 0
        folder = sharing.folder / "run" / "rsh" / "mux"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
        folder.chmod(0o777)
        before = sessions(daemon)
        assert sharing.rsh("exec", daemon.host, "--", "echo in").stdout == b"in\n"
        assert sessions(daemon) == before + 1
        folder.chmod(0o700)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_other_users_are_turned_away_on_either_side(
    sharing: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Daemon(sharing) as daemon:
        assert sharing.rsh("mux", daemon.host).returncode == 0
        (path,) = (sharing.folder / "run" / "rsh" / "mux").glob("*.sock")
        for each in (path, *path.parents):
            each.chmod(0o777 if each.is_relative_to(tmp_path) else each.stat().st_mode)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
            monkeypatch.chdir(path.parent)
            os.seteuid(65534)
            try:
                sock.connect(path.name)
            finally:
                os.seteuid(0)
            sock.settimeout(SOON)
            assert sock.recv(1) == b""
        for each in (path, *path.parents):
            if each.is_relative_to(tmp_path):
                each.chmod(0o700 if each.is_dir() else 0o600)


def test_connection_that_is_cut_goes_on_beneath_those_who_share_it(sharing: Home) -> None:
    with Daemon(sharing, "--grace", str(SOON)) as daemon, Proxy(daemon.host) as proxy:
        host = f"127.0.0.1:{proxy.port}"
        assert sharing.rsh("mux", host).returncode == 0
        line = "for i in 1 2 3 4 5 6 7 8; do read x; seq $i 20000; done; echo end >&2; exit 5"
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        clients = [sharing.spawn("exec", host, "--", f"echo here; {line}", bufsize=0, **pipes) for _ in range(2)]
        assert all(client.stdout and client.stdout.readline() == b"here\n" for client in clients)
        before = sessions(daemon)
        cuts = 0
        for _ in range(8):
            for client in clients:
                assert client.stdin is not None
                client.stdin.write(b"go\n")
            cuts += proxy.cut()
        expected = b"".join(b"%d\n" % number for start in range(1, 9) for number in range(start, 20001))
        for client in clients:
            out, errors = client.communicate(timeout=SOON)
            assert (out, errors, client.returncode) == (expected, b"end\n", 5)
        assert cuts > 0
        assert sessions(daemon) == before


def test_program_shares_a_connection_when_it_asks_for_that(
    sharing: Home, daemon: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in sharing.environment.items():
        monkeypatch.setenv(name, value)
    with connect(daemon.host) as remote:
        assert remote.run(["echo", "alone"]).stdout == b"alone\n"
    assert status(sharing) == []
    for _ in range(20):
        before = sessions(daemon)
        with connect(daemon.host, shared=True) as remote:
            assert remote.run(["echo", "shared"]).stdout == b"shared\n"
        if sessions(daemon) == before:
            break
    assert sessions(daemon) == before
    assert len(status(sharing)) == 1
